package lower

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/transform/ir"
)

// This file puts slice literals, variadic arguments and make([]T, constant) together again: SSA spells them as an array, a store for
// each element, and a slice of it.

// A literal is a backing array that is only filled and sliced once.
type literal struct {
	elem  types.Type
	parts []*ir.Expr
	slice *ssa.Slice
}

// literal recognises a and arranges that its stores fill the literal.
func (b *fn) literal(a *ssa.Alloc) bool {
	arr, ok := deref(a.Type()).Underlying().(*types.Array)
	if !ok {
		return false
	}
	switch a.Comment {
	case "makeslice":
		refs := referrers(a)
		s, ok := refs[0].(*ssa.Slice)
		if !ok || len(refs) != 1 || s.Block() != a.Block() {
			return false
		}
		b.lits[a] = &literal{elem: arr.Elem(), slice: s}
		return true
	case "varargs", "slicelit":
	default:
		return false
	}
	lit := &literal{elem: arr.Elem(), parts: make([]*ir.Expr, arr.Len())}
	stores := map[*ssa.Store]int{}
	addrs := []*ssa.IndexAddr{}
	for _, r := range referrers(a) {
		switch r := r.(type) {
		case *ssa.Slice:
			if lit.slice != nil || r.Low != nil || r.High != nil || r.Max != nil {
				return false
			}
			lit.slice = r
		case *ssa.IndexAddr:
			c, ok := r.Index.(*ssa.Const)
			refs := referrers(r)
			if !ok || len(refs) != 1 {
				return false
			}
			s, ok := refs[0].(*ssa.Store)
			if !ok || s.Addr != r {
				return false
			}
			stores[s] = int(c.Int64())
			addrs = append(addrs, r)
		default:
			return false
		}
	}
	for s := range stores {
		if s.Block() != a.Block() {
			return false
		}
	}
	if lit.slice == nil || lit.slice.Block() != a.Block() || len(stores) != len(lit.parts) {
		return false
	}
	b.lits[a] = lit
	for _, x := range addrs {
		b.skip[x] = true
	}
	for s, n := range stores {
		b.skip[s] = true
		b.fills(s, lit, n)
	}
	return true
}

// fills arranges that the slice takes the value that store s puts into element n.
func (b *fn) fills(s *ssa.Store, lit *literal, n int) {
	if b.fill == nil {
		b.fill = map[*ssa.Alloc]map[int]ssa.Value{}
	}
	a := lit.slice.X.(*ssa.Alloc)
	if b.fill[a] == nil {
		b.fill[a] = map[int]ssa.Value{}
	}
	b.fill[a][n] = s.Val
}

func (b *fn) slice(i *ssa.Slice) {
	if a, ok := i.X.(*ssa.Alloc); ok && b.lits[a] != nil {
		lit := b.lits[a]
		if a.Comment == "makeslice" {
			e := &ir.Expr{Op: ir.OpMake, Type: i.Type()}
			n := deref(a.Type()).Underlying().(*types.Array).Len()
			if i.High != nil {
				e.Args = append(e.Args, b.value(i.High))
			}
			if c, ok := i.High.(*ssa.Const); !ok || c.Int64() != n {
				e.Args = append(e.Args, intConst(n))
			}
			b.set(i, e)
			return
		}
		for n := range lit.parts {
			lit.parts[n] = b.value(b.fill[a][n])
		}
		b.set(i, &ir.Expr{Op: ir.OpComposite, Args: lit.parts, Type: i.Type()})
		return
	}
	var x *ir.Expr
	if _, ok := i.X.Type().Underlying().(*types.Pointer); ok {
		x = b.base(i.X)
	} else {
		x = b.value(i.X)
	}
	e := &ir.Expr{Op: ir.OpSlice, Args: []*ir.Expr{x, nil, nil, nil}, Type: i.Type()}
	for n, v := range []ssa.Value{i.Low, i.High, i.Max} {
		if v != nil {
			e.Args[n+1] = b.value(v)
		}
	}
	b.set(i, e)
}
