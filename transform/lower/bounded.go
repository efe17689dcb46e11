package lower

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
)

// This file finds loops that the memory they index keeps from running long:
//
//	for j := start; ...; j += step { ... x[j] ... }
//
// Each round steps j by the same amount and uses it as an index of the same x, so there are no more rounds than x has elements, if step is
// not zero. (A signed j that overflowed would be negative, and no index.)

// bounded returns the step of such a loop, whose header is blk, or nil. A step that is no constant may be zero.
func bounded(blk *ssa.BasicBlock) (step ssa.Value) {
	l := &naturalLoop{in: map[*ssa.BasicBlock]bool{}}
	body := flow.Loop(blk)
	for _, m := range body {
		l.in[m] = true
	}
	for _, p := range blk.Preds {
		if blk.Dominates(p) {
			l.latches = append(l.latches, p)
		}
	}
	for _, m := range body {
		if !l.always(m) {
			continue
		}
		for _, i := range m.Instrs {
			j := l.indexVar(i)
			if j == nil || !isDirect(j) {
				continue
			}
			s := l.step(j)
			if _, ok := s.(*ssa.Const); ok {
				return s
			}
			if step == nil {
				step = s
			}
		}
	}
	return step
}

type naturalLoop struct {
	in      map[*ssa.BasicBlock]bool
	latches []*ssa.BasicBlock // that jump back
}

// always reports whether every round executes m.
func (l *naturalLoop) always(m *ssa.BasicBlock) bool {
	for _, e := range l.latches {
		if !m.Dominates(e) {
			return false
		}
	}
	return true
}

// indexVar returns the signed variable that i uses as an index of something that the loop does not change.
func (l *naturalLoop) indexVar(i ssa.Instruction) *ssa.Alloc {
	var x, index ssa.Value
	switch i := i.(type) {
	case *ssa.IndexAddr:
		x, index = i.X, i.Index
	case *ssa.Index:
		x, index = i.X, i.Index
	default:
		return nil
	}
	t, ok := index.Type().Underlying().(*types.Basic)
	if !ok || t.Info()&types.IsUnsigned != 0 || !l.constant(x) {
		return nil
	}
	return loaded(index)
}

// loaded returns the variable of which v is the value.
func loaded(v ssa.Value) *ssa.Alloc {
	if u, ok := v.(*ssa.UnOp); ok && u.Op == token.MUL {
		a, _ := u.X.(*ssa.Alloc)
		return a
	}
	return nil
}

// constant reports whether v has one value for the whole loop.
func (l *naturalLoop) constant(v ssa.Value) bool {
	switch v := v.(type) {
	case *ssa.Const, *ssa.Parameter, *ssa.Alloc: // the address of an array
		return true
	case ssa.Instruction:
		if !l.in[v.Block()] {
			return true
		}
	}
	a := loaded(v)
	return a != nil && isDirect(a) && len(l.stores(a)) == 0
}

// stores lists what may change a in the loop.
func (l *naturalLoop) stores(a *ssa.Alloc) (out []*ssa.Store) {
	for _, r := range *a.Referrers() {
		switch r := r.(type) {
		case *ssa.Store:
			if l.in[r.Block()] {
				out = append(out, r)
			}
		case *ssa.FieldAddr, *ssa.IndexAddr: // a part, which may be stored to
			if l.in[r.Block()] {
				out = append(out, nil)
			}
		}
	}
	return out
}

// step returns what each round adds to j or takes from it, nil if that is not so.
func (l *naturalLoop) step(j *ssa.Alloc) ssa.Value {
	ss := l.stores(j)
	if len(ss) != 1 || ss[0] == nil || !l.always(ss[0].Block()) {
		return nil
	}
	op, ok := ss[0].Val.(*ssa.BinOp)
	if !ok || op.Op != token.ADD && op.Op != token.SUB || loaded(op.X) != j || !l.constant(op.Y) {
		return nil
	}
	if c, ok := op.Y.(*ssa.Const); ok && c.Int64() == 0 {
		return nil
	}
	return op.Y
}
