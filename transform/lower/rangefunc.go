package lower

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/suspend"
)

// This file is about defer in the body of a range over a function: the call is deferred by the function that has the loop.
//
//	for x := range seq {        hark_seq(g, func(x int) bool { defers.AddOuter(t); return true })
//		defer f(x)       becomes
//	}                           for _, t := range defers.Outer() { defer rt.RunDeferred(g, defers, t) }
//
// defers is then a pointer, which the body captures. If seq panics, the call of CatchOuter deferred before it makes up for the last line.

// isDeferStack reports whether t is the type with which go/ssa stands for the deferred calls of a function.
func isDeferStack(t types.Type) bool { return t.String() == "$ssa.deferStack" }

// isOuter reports whether d, in the body of a range over a function, defers a call of the function that has the loop.
func isOuter(d *ssa.Defer) bool {
	load, ok := d.DeferStack.(*ssa.UnOp)
	return ok && !isAlloc(load.X)
}

func isAlloc(v ssa.Value) bool {
	_, ok := v.(*ssa.Alloc)
	return ok
}

// bodiesDefer reports whether a body of fn's ranges over functions defers a call of fn.
func bodiesDefer(fn *ssa.Function) bool {
	for _, body := range fn.AnonFuncs {
		if deferOuter(body) {
			return true
		}
	}
	return false
}

// deferOuter reports whether fn, or a function nested in it, defers a call of the function that fn is a loop body of.
func deferOuter(fn *ssa.Function) bool {
	for _, v := range fn.FreeVars {
		if p, ok := v.Type().(*types.Pointer); !ok || !isDeferStack(p.Elem()) {
			continue
		}
		found := false
		eachInstr(fn, func(i ssa.Instruction) {
			d, ok := i.(*ssa.Defer)
			found = found || ok && isOuter(d)
		})
		return found || bodiesDefer(fn)
	}
	return false
}

// colourBodies colours the functions that are lowered though not coloured, and have such bodies: the list of the calls is rt's. It
// reports whether there were any.
func (p *Plan) colourBodies() bool {
	any := false
	for _, fn := range p.fns {
		if p.lower[fn] && !p.facts.Coloured(fn) && (bodiesDefer(fn) || deferOuter(fn)) {
			p.facts.Colour(fn, &suspend.Reason{Pos: fn.Pos(), What: "defers in the body of a range over a function"})
			any = true
		}
	}
	return any
}

// rangesWithDefer reports whether call c has a loop body that defers calls of this function among its arguments.
func (b *fn) rangesWithDefer(c *ssa.CallCommon) bool {
	if b.out.Defers == nil {
		return false
	}
	for _, a := range c.Args {
		if m, ok := a.(*ssa.MakeClosure); ok && deferOuter(m.Fn.(*ssa.Function)) {
			return true
		}
	}
	return false
}

// deferStack gives the function's Defers, or drops the bookkeeping of go/ssa where no body uses it.
func (b *fn) deferStack(i *ssa.Call) {
	for _, r := range referrers(i) {
		b.skip[r] = true
		s, ok := r.(*ssa.Store)
		if !ok {
			continue
		}
		for _, u := range referrers(s.Addr) {
			if d, ok := u.(*ssa.UnOp); ok {
				b.skip[d] = true
			}
		}
	}
}
