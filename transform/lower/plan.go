package lower

import (
	"cmp"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/analyzer/refuse"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/load"
)

// This file decides which functions are lowered. All others keep the user's text.
//
// A function is lowered when it is coloured; when it starts goroutines, makes durable timers or releases locks (those operations
// belong to rt); when it makes closures that may be saved; when it is main; and when it is nested in, or contains, a
// function that is lowered.

// A Plan says how each function of the compiled packages is emitted.
type Plan struct {
	facts *suspend.Facts
	prog  *load.Program
	lower map[*ssa.Function]bool
	// direct functions hold a recover and are deferred by a coloured function.
	direct map[*ssa.Function]bool
	// Dispatched are the generic methods with lowered instances.
	Dispatched map[*ssa.Function]bool
	recoverers []*ssa.Function // see reflected
	along      along           // what is compiled of the standard library
	fns        []*ssa.Function // every function of the compiled packages, in source order
}

// Lowered reports whether fn is emitted from its SSA form.
func (p *Plan) Lowered(fn *ssa.Function) bool { return p.lower[fn] }

func newPlan(prog *load.Program, facts *suspend.Facts) *Plan {
	p := &Plan{
		facts: facts, prog: prog,
		lower: map[*ssa.Function]bool{}, direct: map[*ssa.Function]bool{}, Dispatched: map[*ssa.Function]bool{},
		along: newAlong(),
	}
	for fn := range ssautil.AllFunctions(prog.SSA) {
		if prog.IsUser(fn) && !load.Generic(fn) && !phantom(fn) {
			p.fns = append(p.fns, fn)
		}
	}
	for again := true; again; {
		p.along.known = map[*ssa.Function]bool{}
		p.mark()
		p.spread()
		again = p.addAlong()
		again = p.colourInstances() || again
		again = p.colourBodies() || again
		again = p.colourRecoverers() || again
		again = p.colourInits() || again
	}
	slices.SortFunc(p.fns, compare)
	return p
}

// mark lowers the functions that have a reason of their own.
func (p *Plan) mark() {
	for _, fn := range p.fns {
		synthetic := fn.Synthetic != "" && !(fn.Parent() == nil && load.Instance(fn)) && !p.Initialised(fn)
		if !synthetic && (p.facts.Coloured(fn) || refuse.IsMain(fn) || p.needsRuntime(fn) || p.makesClosures(fn) || isInit(fn) && p.Initialises(fn.Pkg.Pkg)) {
			p.lower[fn] = true
		}
		if p.facts.Coloured(fn) {
			p.findDirect(fn)
		}
	}
}

// compare orders functions by where they stand; instances of one function by their types.
func compare(a, b *ssa.Function) int {
	byPos := func(p, q token.Pos) int { return suspend.ComparePos(a.Prog.Fset, p, q) }
	return cmp.Or(suspend.Compare(a, b), slices.CompareFunc(typePositions(a), typePositions(b), byPos))
}

// typePositions tells type arguments of the same name apart.
func typePositions(fn *ssa.Function) []token.Pos {
	var out []token.Pos
	for ; fn != nil; fn = fn.Parent() {
		for _, t := range fn.TypeArgs() {
			compilable.EachNamed(t, func(o *types.TypeName) { out = append(out, o.Pos()) })
		}
	}
	return out
}

// spread lowers what is nested in a lowered function, and what a lowered function is nested in.
func (p *Plan) spread() {
	for changed := true; changed; {
		changed = false
		for _, fn := range p.fns {
			par := fn.Parent()
			if par == nil || isPackageInit(par) && !p.Initialised(par) || p.lower[fn] == p.lower[par] {
				continue
			}
			p.lower[fn], p.lower[par] = true, true
			changed = true
		}
	}
}

// findDirect notes the functions with a recover that fn defers.
func (p *Plan) findDirect(fn *ssa.Function) {
	eachInstr(fn, func(i ssa.Instruction) {
		d, ok := i.(*ssa.Defer)
		if !ok {
			return
		}
		if c := d.Call.StaticCallee(); c != nil && refuse.Recovers(c) && p.compiled(c) {
			p.direct[c] = true
		}
	})
}

func eachInstr(fn *ssa.Function, f func(ssa.Instruction)) {
	for _, b := range fn.Blocks {
		for _, i := range b.Instrs {
			f(i)
		}
	}
}

// needsRuntime reports whether fn itself does what only rt can do durably. A library function that cannot suspend locks natively.
func (p *Plan) needsRuntime(fn *ssa.Function) bool {
	found := p.callsAlong(fn)
	eachInstr(fn, func(i ssa.Instruction) {
		switch i := i.(type) {
		case *ssa.Go:
			found = true
		case ssa.CallInstruction:
			if lib := libraryOf(i.Common().StaticCallee(), false); lib.rt != "" && !(lib.sync && p.isAlong(fn)) {
				found = true
			}
		}
	})
	return found
}

// makesClosures reports whether fn makes a closure, with captured variables, that may outlive a suspension.
func (p *Plan) makesClosures(fn *ssa.Function) bool {
	found := false
	eachInstr(fn, func(i ssa.Instruction) {
		if m, ok := i.(*ssa.MakeClosure); ok && p.escapes(m) {
			found = true
		}
	})
	return found
}

// escapes reports whether closure m is more than called, deferred, or handed to code that is not compiled.
func (p *Plan) escapes(m *ssa.MakeClosure) bool {
	for _, r := range *m.Referrers() {
		c, ok := r.(ssa.CallInstruction)
		if !ok {
			return true
		}
		if c.Common().Value == m {
			continue
		}
		callee := c.Common().StaticCallee()
		if callee == nil || callee.Pkg == nil || p.compiled(callee) || !p.prog.IsStd(callee.Pkg.Pkg.Path()) {
			return true
		}
	}
	return false
}

// colourRecoverers colours the functions that recover and that a coloured function defers through a func value or interface: they get what
// they recover from rt. It reports whether there were any.
func (p *Plan) colourRecoverers() bool {
	any := false
	for _, fn := range p.fns {
		if !p.facts.Coloured(fn) {
			continue
		}
		eachInstr(fn, func(i ssa.Instruction) {
			d, ok := i.(*ssa.Defer)
			if !ok || d.Call.StaticCallee() != nil {
				return
			}
			for _, callee := range p.deferred(d) {
				if p.compiled(callee) && refuse.Recovers(callee) && !p.facts.Coloured(callee) {
					p.facts.Colour(callee, &suspend.Reason{Pos: callee.Pos(), What: "recovers, deferred through a func value"})
					any = true
				}
			}
		})
	}
	return any
}

func isBuiltin(c *ssa.CallCommon, name string) bool {
	b, ok := c.Value.(*ssa.Builtin)
	return ok && b.Name() == name
}

// hasDefer reports whether fn has deferred calls, written in it or in the bodies of its ranges over functions.
func hasDefer(fn *ssa.Function) bool {
	found := bodiesDefer(fn)
	eachInstr(fn, func(i ssa.Instruction) {
		if d, ok := i.(*ssa.Defer); ok && !isOuter(d) {
			found = true
		}
	})
	return found
}

// All lists every function of the compiled packages.
func (p *Plan) All() map[*ssa.Function]bool {
	out := make(map[*ssa.Function]bool, len(p.fns))
	for _, fn := range p.fns {
		out[fn] = true
	}
	return out
}
