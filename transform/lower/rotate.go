package lower

import (
	"go/constant"
	"go/token"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/transform/ir"
)

// This file turns the loops that go/ssa makes of ranges over integers, slices and arrays into the form of a for statement:
//
//	     index = -1                  iter = 0                              iter = 0
//	     goto loop                   if 0 < x goto body else done          goto test
//	loop:                       loop:                                 loop:
//	     index++                     iter++                                iter++
//	     if index < len ...          if iter < x goto body else done  test:
//	                                                                       if iter < x goto body else done
//	body: ...; goto loop        body: ...; goto loop                  body: ...; goto loop
//
// The Go compiler finds the bounds of an index only in a loop whose header tests it before it is changed; then it drops the bounds checks.

// A rotation is such a loop.
type rotation struct {
	loop, body, done *ssa.BasicBlock
	header           *ssa.BasicBlock // loop or body
	first            ssa.Instruction // in loop, of what is replaced
	iter             *ssa.Alloc
	bound            ssa.Value
	pos              token.Pos
	test             *ir.Block
}

// rotations finds the loops of the function, by the block in which its iteration begins and by the stores and branches that change.
func (b *fn) rotations() {
	b.rotated = map[*ssa.BasicBlock]*rotation{}
	b.started = map[ssa.Instruction]*rotation{}
	for _, blk := range b.ssa.Blocks {
		r := rotationOf(blk)
		if r == nil {
			continue
		}
		start, jump := r.start()
		if jump == nil {
			continue
		}
		r.test = b.newBlock("range.test")
		b.rotated[blk] = r
		b.started[jump] = r
		if start != nil {
			b.started[start] = r
		}
		if br, ok := jump.(*ssa.If); ok {
			b.skip[br.Cond.(*ssa.BinOp)] = true
		}
	}
}

// rotationOf reads the end of block blk, with which go/ssa may have fused what was before: load, add, store, compare, if.
func rotationOf(blk *ssa.BasicBlock) *rotation {
	n := len(blk.Instrs) - 5
	if n < 0 {
		return nil
	}
	is := blk.Instrs[n:]
	load, ok1 := is[0].(*ssa.UnOp)
	incr, ok2 := is[1].(*ssa.BinOp)
	store, ok3 := is[2].(*ssa.Store)
	less, ok4 := is[3].(*ssa.BinOp)
	br, ok5 := is[4].(*ssa.If)
	if !(ok1 && ok2 && ok3 && ok4 && ok5) || incr.X != load || store.Val != incr || store.Addr != load.X || less.X != incr || br.Cond != less {
		return nil
	}
	iter, ok := load.X.(*ssa.Alloc)
	if !ok || !isDirect(iter) {
		return nil
	}
	r := &rotation{loop: blk, body: blk.Succs[0], done: blk.Succs[1], first: load, iter: iter, bound: less.Y, pos: store.Pos()}
	switch iter.Comment {
	case "rangeindex":
		r.header = r.loop
	case "rangeint.iter":
		r.header = r.body
	default:
		return nil
	}
	return r
}

// start finds the store of -1 into the index, if there is one, and the jump or branch that enters the loop.
func (r *rotation) start() (store, jump ssa.Instruction) {
	for _, ref := range *r.iter.Referrers() {
		if s, ok := ref.(*ssa.Store); ok && s.Block() != r.loop {
			store = s
		}
	}
	if store != nil { // index: the block that stores jumps to the loop
		last := store.Block().Instrs[len(store.Block().Instrs)-1]
		if j, ok := last.(*ssa.Jump); ok && j.Block().Succs[0] == r.loop {
			return store, j
		}
		return nil, nil
	}
	for _, p := range r.body.Preds { // iter: the other block that branches to the body
		br, ok := p.Instrs[len(p.Instrs)-1].(*ssa.If)
		if ok && p != r.loop && p.Succs[0] == r.body && p.Succs[1] == r.done && !hasPhi(r.body) && !hasPhi(r.done) {
			if less, ok := br.Cond.(*ssa.BinOp); ok && less.Block() == p && sameBound(less.Y, r.bound) {
				return nil, br
			}
		}
	}
	return nil, nil
}

// sameBound reports whether x and y are one value, or one constant.
func sameBound(x, y ssa.Value) bool {
	c, ok1 := x.(*ssa.Const)
	d, ok2 := y.(*ssa.Const)
	return x == y || ok1 && ok2 && c.Value != nil && d.Value != nil && constant.Compare(c.Value, token.EQL, d.Value)
}

// enter lowers the jump from blk into the loop of r.
func (b *fn) enter(r *rotation, blk *ssa.BasicBlock) {
	if poll := b.pollEntry(blk, r.header, r.test); poll != nil && !b.headerSuspends(r.body) {
		b.emit(poll)
	}
	b.emit(&ir.Stmt{Kind: ir.Goto, Then: r.test})
}

// rotate lowers the loop block of r.
func (b *fn) rotate(r *rotation) {
	if r.pos.IsValid() {
		b.pos = r.pos
	}
	iter := ir.V(b.direct[r.iter])
	one := &ir.Expr{Op: ir.OpConst, Type: iter.Type, Const: constant.MakeInt64(1)}
	b.emit(&ir.Stmt{Kind: ir.Assign, L: []*ir.Expr{iter},
		R: []*ir.Expr{{Op: ir.OpBinary, Tok: token.ADD, Args: []*ir.Expr{iter, one}, Type: iter.Type}}})
	if !b.headerSuspends(r.body) {
		if poll := b.pollAt(r.header, r.test); poll != nil {
			b.emit(poll)
		}
	}
	b.emit(&ir.Stmt{Kind: ir.Goto, Then: r.test})
	b.cur = r.test
	b.emit(&ir.Stmt{Kind: ir.If, R: []*ir.Expr{
		{Op: ir.OpBinary, Tok: token.LSS, Args: []*ir.Expr{iter, b.value(r.bound)}, Type: r.iter.Type()},
	}, Then: b.blocks[r.body.Index], Else: b.blocks[r.done.Index]})
}
