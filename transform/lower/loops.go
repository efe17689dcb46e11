package lower

import (
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/transform/ir"
)

// This file decides which loops poll, and where: on the back edge, so that a loop that runs long can be suspended.

// pollOf returns the poll for the jump from blk to succ, nil if it is not a back edge that polls.
func (b *fn) pollOf(blk, succ *ssa.BasicBlock) *ir.Stmt {
	if r := b.rotated[succ]; r != nil && r.header == succ {
		return nil // polls where it steps
	}
	if !succ.Dominates(blk) {
		return nil
	}
	return b.pollAt(succ, b.blocks[succ.Index])
}

// pollAt returns the poll of the loop with header blk, nil if it has none. The resume goes to the header itself, which is to: a label in the
// middle of the loop would be a second entry.
func (b *fn) pollAt(blk *ssa.BasicBlock, to *ir.Block) *ir.Stmt {
	if !b.coloured || b.headerSuspends(blk) || brief(blk) {
		return nil
	}
	s := &ir.Stmt{Kind: ir.Poll, Then: to}
	if flat(blk) {
		step := bounded(blk)
		if _, ok := step.(*ssa.Const); ok {
			return nil
		}
		if step != nil {
			s.R = []*ir.Expr{b.isZero(step)}
		}
	}
	s.Point = b.point("running", b.pos)
	return s
}

// isZero compares an integer with zero that is a variable's value, or has one of its own.
func (b *fn) isZero(v ssa.Value) *ir.Expr {
	x := b.vals[v]
	if a := loaded(v); a != nil {
		x = ir.V(b.direct[a])
	}
	zero := &ir.Expr{Op: ir.OpConst, Type: v.Type(), Const: constant.MakeInt64(0)}
	return &ir.Expr{Op: ir.OpBinary, Tok: token.EQL, Args: []*ir.Expr{x, zero}, Type: types.Typ[types.Bool]}
}

// edge is the block to branch to for succ: an edge block that polls first, if the edge is to poll.
func (b *fn) edge(blk, succ *ssa.BasicBlock) *ir.Block {
	to := b.blocks[succ.Index]
	poll := b.pollOf(blk, succ)
	if poll == nil {
		return to
	}
	from := b.cur
	b.cur = b.newBlock("again")
	b.edges = append(b.edges, b.cur)
	b.emit(poll)
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
	return flat(blk)
}

// flat reports whether the loop of header blk has neither calls nor loops in it.
func flat(blk *ssa.BasicBlock) bool {
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
