package lower

import (
	"go/constant"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/transform/ir"
)

// This file decides which loops poll, and where: on the back edge, so that a loop that runs long can be suspended.

// polled reports whether the jump from blk to succ is a back edge that polls.
func (b *fn) polled(blk, succ *ssa.BasicBlock) bool {
	return b.coloured && succ.Dominates(blk) && !b.headerSuspends(succ) && !brief(succ)
}

// poll polls before a jump to the loop header succ. The resume goes to the header itself: a label in the middle of the loop would be a
// second entry, and the Go compiler optimises loops with one.
func (b *fn) poll(succ *ssa.BasicBlock) {
	b.emit(&ir.Stmt{Kind: ir.Poll, Point: b.point("running", b.pos), Then: b.blocks[succ.Index]})
}

// edge is the block to branch to for succ: an edge block that polls first, if the edge is to poll.
func (b *fn) edge(blk, succ *ssa.BasicBlock) *ir.Block {
	to := b.blocks[succ.Index]
	if !b.polled(blk, succ) {
		return to
	}
	from := b.cur
	b.cur = &ir.Block{Index: len(b.blocks) + len(b.edges), Comment: "again"}
	b.edges = append(b.edges, b.cur)
	b.poll(succ)
	b.add(&ir.Stmt{Kind: ir.Goto, Then: to})
	e := b.cur
	b.cur = from
	return e
}

// isLoopHeader reports whether some back edge leads to blk.
func isLoopHeader(blk *ssa.BasicBlock) bool {
	for _, p := range blk.Preds {
		if blk.Dominates(p) {
			return true
		}
	}
	return false
}

// brief reports whether the loop of header blk cannot run long: it ranges over something in memory or a small number, and
// its body has neither calls nor loops.
func brief(blk *ssa.BasicBlock) bool {
	if !strings.HasPrefix(blk.Comment, "rangeindex") && !strings.HasPrefix(blk.Comment, "rangeiter") && !smallRangeInt(blk) {
		return false
	}
	for _, m := range loopBody(blk) {
		if m != blk && isLoopHeader(m) {
			return false
		}
		for _, i := range m.Instrs {
			if c, ok := i.(ssa.CallInstruction); ok {
				if _, builtin := c.Common().Value.(*ssa.Builtin); !builtin {
					return false
				}
			}
		}
	}
	return true
}

// smallRangeInt reports whether blk heads a range over a constant integer of at most a few million.
func smallRangeInt(blk *ssa.BasicBlock) bool {
	if !strings.HasPrefix(blk.Comment, "rangeint") {
		return false
	}
	for _, m := range loopBody(blk) {
		for _, s := range m.Succs {
			if s != blk {
				continue
			}
			br, ok := m.Instrs[len(m.Instrs)-1].(*ssa.If)
			if !ok {
				continue
			}
			if cmp, ok := br.Cond.(*ssa.BinOp); ok {
				if n, ok := cmp.Y.(*ssa.Const); ok && n.Value != nil {
					v, exact := constant.Int64Val(constant.ToInt(n.Value))
					return exact && v <= 1<<22
				}
			}
		}
	}
	return false
}

// loopBody lists the blocks of the natural loop of header blk.
func loopBody(blk *ssa.BasicBlock) []*ssa.BasicBlock {
	in := map[*ssa.BasicBlock]bool{blk: true}
	out := []*ssa.BasicBlock{blk}
	var work []*ssa.BasicBlock
	for _, p := range blk.Preds {
		if blk.Dominates(p) {
			work = append(work, p)
		}
	}
	for len(work) > 0 {
		m := work[len(work)-1]
		work = work[:len(work)-1]
		if in[m] {
			continue
		}
		in[m] = true
		out = append(out, m)
		work = append(work, m.Preds...)
	}
	return out
}

func (b *fn) headerSuspends(blk *ssa.BasicBlock) bool {
	for _, i := range blk.Instrs {
		if b.suspends(i) {
			return true
		}
	}
	return false
}
