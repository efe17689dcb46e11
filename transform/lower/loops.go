package lower

import (
	"go/constant"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/transform/ir"
)

// This file decides which loops poll, and where, so that a function that computes for long can be suspended.
//
// A loop polls on its back edge. A quiet loop does not: it cannot have many rounds, and what takes long inside polls or suspends itself. A
// quiet loop directly in another is polled where it is entered, else their rounds would multiply.

// pollOf returns the poll for the jump from blk to succ, nil if there is none.
func (b *fn) pollOf(blk, succ *ssa.BasicBlock) *ir.Stmt {
	if r := b.rotated[succ]; r != nil && r.header == succ {
		return nil // polls where it steps
	}
	switch {
	case !flow.Header(succ):
		return nil
	case succ.Dominates(blk):
		return b.pollAt(succ, b.blocks[succ.Index])
	}
	return b.pollEntry(blk, succ, b.blocks[succ.Index])
}

// pollAt returns the poll on the back edge of the loop with header blk, nil if it has none. The resume goes to the header itself, which is to: a
// label in the middle of the loop would be a second entry.
func (b *fn) pollAt(blk *ssa.BasicBlock, to *ir.Block) *ir.Stmt {
	if !b.coloured || b.headerSuspends(blk) {
		return nil
	}
	q := b.quiet(blk)
	if q.quiet && q.step == nil {
		return nil
	}
	s := &ir.Stmt{Kind: ir.Poll, Then: to}
	if q.quiet {
		s.R = []*ir.Expr{b.isZero(q.step)}
	}
	s.Point = b.point("running", b.pos)
	return s
}

// pollEntry returns the poll where blk enters the loop with the given header, nil if there is none.
func (b *fn) pollEntry(blk, header *ssa.BasicBlock, to *ir.Block) *ir.Stmt {
	if !b.coloured || b.headerSuspends(header) || !b.quiet(header).quiet {
		return nil
	}
	around := b.loopOf(blk)
	if around == nil || b.headerSuspends(around) || !b.quiet(around).quiet {
		return nil
	}
	return &ir.Stmt{Kind: ir.Poll, Then: to, Point: b.point("running", b.pos)}
}

// loopOf returns the header of the innermost loop that blk is in.
func (b *fn) loopOf(blk *ssa.BasicBlock) *ssa.BasicBlock {
	if b.loops == nil {
		b.loops = map[*ssa.BasicBlock]*ssa.BasicBlock{}
		size := map[*ssa.BasicBlock]int{}
		for _, h := range b.ssa.Blocks {
			if !flow.Header(h) {
				continue
			}
			body := flow.Loop(h)
			for _, m := range body {
				if b.loops[m] == nil || len(body) < size[m] {
					b.loops[m], size[m] = h, len(body)
				}
			}
		}
	}
	return b.loops[blk]
}

// A quietness says whether a loop is quiet: with step, unless that is zero.
type quietness struct {
	quiet bool
	step  ssa.Value
}

// quiet reports whether the loop of header blk ranges over something in memory or a small number, or steps through what it indexes,
// and calls nothing that may take long without being suspended.
func (b *fn) quiet(blk *ssa.BasicBlock) quietness {
	if q, ok := b.quietLoops[blk]; ok {
		return q
	}
	var q quietness
	if b.callsBriefly(blk) {
		q.quiet = strings.HasPrefix(blk.Comment, "rangeindex") || strings.HasPrefix(blk.Comment, "rangeiter") || smallRangeInt(blk)
		if !q.quiet {
			q.step = bounded(blk)
			q.quiet = q.step != nil
			if _, ok := q.step.(*ssa.Const); ok {
				q.step = nil
			}
		}
	}
	if b.quietLoops == nil {
		b.quietLoops = map[*ssa.BasicBlock]quietness{}
	}
	b.quietLoops[blk] = q
	return q
}

// callsBriefly reports whether every call in the loop of header blk is a builtin's or may suspend.
func (b *fn) callsBriefly(blk *ssa.BasicBlock) bool {
	for _, m := range flow.Loop(blk) {
		for _, i := range m.Instrs {
			if c, ok := i.(ssa.CallInstruction); ok {
				if _, builtin := c.Common().Value.(*ssa.Builtin); !builtin && !b.suspends(i) {
					return false
				}
			}
		}
	}
	return true
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
	b.cur = b.newBlock("poll")
	b.edges = append(b.edges, b.cur)
	b.emit(poll)
	b.add(&ir.Stmt{Kind: ir.Goto, Then: to})
	e := b.cur
	b.cur = from
	return e
}

// smallRangeInt reports whether blk heads a range over a constant integer of at most a few million.
func smallRangeInt(blk *ssa.BasicBlock) bool {
	if !strings.HasPrefix(blk.Comment, "rangeint") {
		return false
	}
	for _, m := range flow.Loop(blk) {
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

func (b *fn) headerSuspends(blk *ssa.BasicBlock) bool {
	for _, i := range blk.Instrs {
		if b.suspends(i) {
			return true
		}
	}
	return false
}
