package ir

import "slices"

// This file holds passes that make the emitted text shorter to read. The Go compiler would come to the same without them.

// dropUnreachable removes the blocks that nothing leads to.
func (f *Func) dropUnreachable() {
	reached := map[*Block]bool{}
	work := []*Block{f.Blocks[0]}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if reached[b] {
			continue
		}
		reached[b] = true
		work = append(work, b.Succs()...)
	}
	f.Blocks = slices.DeleteFunc(f.Blocks, func(b *Block) bool { return !reached[b] })
}

// foldReturns turns assignments to the results, right before a return of them, into its operands.
//
//	r0 = x + 1        becomes   return x + 1
//	return
//
// Not with deferred calls, which may recover: the results must have their values when they run.
func (f *Func) foldReturns() {
	if f.HasDefer || len(f.Results) == 0 {
		return
	}
	for _, b := range f.Blocks {
		n := len(b.Stmts) - 1
		if n < len(f.Results) || b.Stmts[n].Kind != Return || len(b.Stmts[n].R) > 0 {
			continue
		}
		sets := b.Stmts[n-len(f.Results) : n]
		if !f.foldable(sets) {
			continue
		}
		ret := *b.Stmts[n]
		for _, s := range sets {
			ret.R = append(ret.R, s.R[0])
			if s.R[0].Effect() {
				ret.Pos = s.Pos
			}
		}
		b.Stmts = append(b.Stmts[:n-len(f.Results)], &ret)
	}
}

// foldable reports whether sets assign the results, one each, and may as well be evaluated together.
func (f *Func) foldable(sets []*Stmt) bool {
	risks, others := 0, 0 // operands that must keep their place, and those that are more than a variable
	for i, s := range sets {
		if s.Kind != Assign || s.Point != nil || len(s.L) != 1 || len(s.R) != 1 || s.L[0] == nil || s.L[0].Op != OpVar || s.L[0].Var != f.Results[i] {
			return false
		}
		e := s.R[0]
		if e.Op != OpVar && e.Op != OpConst {
			others++
		}
		if e.Effect() {
			risks++
		}
		result := false
		Walk(e, func(e *Expr) { result = result || e.Op == OpVar && slices.Contains(f.Results, e.Var) })
		if result {
			return false
		}
	}
	return risks == 0 || others == 1
}
