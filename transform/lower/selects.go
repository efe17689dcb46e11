package lower

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/transform/ir"
)

// This file lowers select and the ranges that keep state.

// selectStmt emits a native select; its result tuple is (index, ok, received...).
func (b *fn) selectStmt(i *ssa.Select) {
	t := i.Type().(*types.Tuple)
	left := b.tuple(i, t)
	s := &ir.Stmt{Kind: ir.Select, Block: i.Blocking}
	if left[0] != nil {
		s.Index = left[0].Var
	}
	recv := 2
	for _, st := range i.States {
		c := ir.Case{Chan: b.held(st.Chan)}
		if st.Dir == types.SendOnly {
			c.Send = b.held(st.Send)
		} else {
			c.L[0], c.L[1] = left[recv], left[1]
			recv++
		}
		s.Cases = append(s.Cases, c)
	}
	if !b.coloured { // in a library function
		b.emit(s)
		return
	}
	if b.opt.Place.Distributed() && len(s.Cases) > 0 {
		s.Choose = true
		if s.Index == nil {
			s.Index = b.newVar("chosen", types.Typ[types.Int])
		}
	}
	b.operation(s, i)
}

// lastCase reports whether i asks for the last case of a blocking select: then that is the one, and what go/ssa has for none is left out.
func lastCase(i *ssa.If) bool {
	eq, ok := i.Cond.(*ssa.BinOp)
	if !ok || eq.Op != token.EQL {
		return false
	}
	index, ok := eq.X.(*ssa.Extract)
	if !ok || index.Index != 0 {
		return false
	}
	sel, ok := index.Tuple.(*ssa.Select)
	n, isConst := eq.Y.(*ssa.Const)
	if !ok || !isConst || !sel.Blocking || n.Int64() != int64(len(sel.States)-1) {
		return false
	}
	none := i.Block().Succs[1]
	_, panics := none.Instrs[len(none.Instrs)-1].(*ssa.Panic)
	return panics && len(none.Preds) == 1 && !hasPhi(i.Block().Succs[0])
}

// held is value, put into a variable unless it is one or a constant: a select mentions its operands more than once.
func (b *fn) held(v ssa.Value) *ir.Expr {
	e := b.value(v)
	if e.Op == ir.OpVar || e.Op == ir.OpConst && e.Const != nil {
		return e
	}
	t := b.newVar("t", v.Type())
	b.emit(&ir.Stmt{Kind: ir.Assign, L: []*ir.Expr{ir.V(t)}, R: []*ir.Expr{e}})
	return ir.V(t)
}

// rangeStart begins a range over a map or string.
func (b *fn) rangeStart(i *ssa.Range) {
	it := &ir.Var{Name: b.unique("iter")}
	name := "RangeString"
	if m, ok := i.X.Type().Underlying().(*types.Map); ok {
		it.Iter = &ir.Iter{Key: m.Key(), Elem: m.Elem()}
		name = "RangeMap"
	} else {
		it.Iter = &ir.Iter{}
	}
	b.out.Vars = append(b.out.Vars, it)
	x := b.value(i.X)
	if x.Op == ir.OpConst {
		x = &ir.Expr{Op: ir.OpConvert, Args: []*ir.Expr{x}, Type: i.X.Type()}
	}
	if name == "RangeString" {
		x = &ir.Expr{Op: ir.OpConvert, Args: []*ir.Expr{x}, Type: types.Typ[types.String]}
	}
	b.emit(&ir.Stmt{Kind: ir.Assign, L: []*ir.Expr{ir.V(it)}, R: []*ir.Expr{rt(name, x)}})
	b.vals[i] = ir.V(it)
}

func (b *fn) rangeNext(i *ssa.Next) {
	left := b.tuple(i, i.Type().(*types.Tuple))
	next := &ir.Expr{Op: ir.OpCall, Args: []*ir.Expr{{Op: ir.OpMethodVal, Args: []*ir.Expr{b.vals[i.Iter]}, Name: "Next"}}}
	b.emit(&ir.Stmt{Kind: ir.Assign, L: left, R: []*ir.Expr{next}})
}
