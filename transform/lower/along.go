package lower

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/analyzer/refuse"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/load"
)

// This file decides which functions of the standard library are compiled along (see analyzer/compilable).
//
// A library function is called in its compiled form where something in it is coloured: itself, a closure that it makes, a method of a
// type of its package that it needs; and where it returns a closure that may have to be saved. Some always are.

// along is what is compiled of the standard library.
type along struct {
	fns    map[*ssa.Function]bool // called in their compiled form
	copied map[types.Object]bool  // what the copies of the packages hold as text or lowered
	known  map[*ssa.Function]bool // answers of hasColour, while no function is coloured
	added  map[*ssa.Function]bool // to the plan's functions
}

func newAlong() along {
	return along{fns: map[*ssa.Function]bool{}, copied: map[types.Object]bool{}, added: map[*ssa.Function]bool{}}
}

// Copied lists what the copies of packages of the standard library hold.
func (p *Plan) Copied() map[types.Object]bool { return p.along.copied }

// Relevant reports whether a program needs fn of another module compiled: it waits, calls back into code that does, starts goroutines
// that do, or makes what belongs to the program (contexts).
func Relevant(facts *suspend.Facts, fn *ssa.Function) bool {
	relevant := facts.Coloured(fn)
	eachInstr(fn, func(i ssa.Instruction) {
		if g, ok := i.(*ssa.Go); ok && facts.Site(g) {
			relevant = true
		}
	})
	return relevant || compilable.MentionsAlways(fn)
}

// compiled reports whether fn is the user's or compiled along.
func (p *Plan) compiled(fn *ssa.Function) bool {
	return p.prog.IsUser(fn) || p.isAlong(fn)
}

// Compiled reports whether calls of fn in compiled code go to a compiled form of it.
func (p *Plan) Compiled(fn *ssa.Function) bool { return p.compiled(fn) || p.wanted(fn) }

// isAlong reports whether fn is, or is nested in, a library function that is compiled along.
func (p *Plan) isAlong(fn *ssa.Function) bool {
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	return p.along.fns[fn] || fn.Object() != nil && fn.Origin() == nil && p.along.copied[fn.Object()]
}

// wanted reports whether a reference to fn in compiled code means its compiled form: fn is a library function that is to be called so.
func (p *Plan) wanted(fn *ssa.Function) bool {
	if fn.Parent() != nil || load.Generic(fn) || !p.prog.Copyable(fn) {
		return false
	}
	o := compilable.Declared(fn)
	return (compilable.Always[o.FullName()] || p.hasColour(fn)) && !refuse.Library(o.FullName())
}

// keeps reports whether i calls a library function and keeps a closure that it returns.
func (p *Plan) keeps(i ssa.Instruction) bool {
	c, ok := i.(*ssa.Call)
	if !ok {
		return false
	}
	fn := c.Call.StaticCallee()
	if fn == nil || fn.Parent() != nil || !holdsFunc(c.Type()) || !p.prog.Copyable(fn) || len(fn.AnonFuncs) == 0 {
		return false
	}
	return p.kept(c)
}

// holdsFunc reports whether t is a func type or a tuple with one.
func holdsFunc(t types.Type) bool {
	if tuple, ok := t.(*types.Tuple); ok {
		for v := range tuple.Variables() {
			if holdsFunc(v.Type()) {
				return true
			}
		}
		return false
	}
	_, ok := t.Underlying().(*types.Signature)
	return ok
}

// kept reports whether func value v may be there while the goroutine is suspended: it is more than called, or handed to a library function.
func (p *Plan) kept(v ssa.Value) bool {
	for _, r := range referrers(v) {
		switch r := r.(type) {
		case *ssa.Extract:
			if holdsFunc(r.Type()) && p.kept(r) {
				return true
			}
			continue
		case *ssa.Call:
			callee := r.Call.StaticCallee()
			if r.Call.Value == v || callee != nil && !p.compiled(callee) && !p.wanted(callee) {
				continue
			}
		case *ssa.Store:
			if a, ok := r.Addr.(*ssa.Alloc); ok && isDirect(a) && !p.facts.Coloured(a.Parent()) && !p.loadsKept(a) {
				continue
			}
		}
		return true
	}
	return false
}

// loadsKept reports whether what is in variable a is kept.
func (p *Plan) loadsKept(a *ssa.Alloc) bool {
	for _, r := range referrers(a) {
		if load, ok := r.(*ssa.UnOp); ok && p.kept(load) {
			return true
		}
	}
	return false
}

// hasColour reports whether fn, or something of its package that it needs, is coloured.
func (p *Plan) hasColour(fn *ssa.Function) bool {
	if yes, ok := p.along.known[fn]; ok {
		return yes
	}
	p.along.known[fn] = false // while looking
	yes := p.facts.Coloured(fn)
	for _, nested := range fn.AnonFuncs {
		yes = yes || p.hasColour(nested)
	}
	if fn.Parent() == nil && !yes {
		for o := range p.prog.Copy(compilable.Declared(fn)) {
			if m, ok := o.(*types.Func); ok && m.Signature().Recv() != nil {
				yes = yes || p.facts.Coloured(p.prog.SSA.FuncValue(m))
			}
		}
	}
	if !yes {
		eachFunction(fn, func(callee *ssa.Function) {
			if o := compilable.Declared(callee); o != nil && o.Pkg() == compilable.Declared(fn).Pkg() && callee.Parent() == nil && p.prog.Copyable(callee) {
				yes = yes || p.hasColour(callee)
			}
		})
	}
	p.along.known[fn] = yes
	return yes
}

// eachFunction calls f for every function that fn mentions.
func eachFunction(fn *ssa.Function, f func(*ssa.Function)) {
	var ops [10]*ssa.Value
	eachInstr(fn, func(i ssa.Instruction) {
		for _, op := range i.Operands(ops[:0]) {
			if callee, ok := (*op).(*ssa.Function); ok {
				f(callee)
			}
		}
	})
}

// callsAlong reports whether fn mentions a library function that is to be called in its compiled form. In the text of a copy the
// names mean what is in the copy.
func (p *Plan) callsAlong(fn *ssa.Function) bool {
	found := false
	text := p.isAlong(fn) && !load.Instance(fn)
	eachFunction(fn, func(callee *ssa.Function) {
		if !found && p.wanted(callee) {
			found = !text || load.Instance(callee) || compilable.Declared(callee).Pkg() != compilable.Declared(fn).Pkg()
		}
	})
	if !found && !text {
		eachInstr(fn, func(i ssa.Instruction) { found = found || p.keeps(i) })
	}
	return found
}

// addAlong compiles the library functions along that lowered functions mention. It reports whether there are new ones.
func (p *Plan) addAlong() bool {
	n := len(p.fns)
	for i := 0; i < len(p.fns); i++ { // grows
		fn := p.fns[i]
		if !p.lower[fn] {
			continue
		}
		eachFunction(fn, func(callee *ssa.Function) {
			if p.wanted(callee) || p.isAlong(fn) && p.hidden(callee, fn) {
				p.compileAlong(callee)
			}
		})
		eachInstr(fn, func(i ssa.Instruction) {
			if p.keeps(i) {
				p.compileAlong(i.(*ssa.Call).Call.StaticCallee())
			}
		})
	}
	return len(p.fns) > n
}

// hidden reports whether callee is an instance of a function that the instance fn cannot name where it is emitted.
func (p *Plan) hidden(callee, fn *ssa.Function) bool {
	return load.Instance(fn) && load.Instance(callee) && callee.Parent() == nil && !compilable.Declared(callee).Exported() && p.prog.Copyable(callee)
}

func (p *Plan) compileAlong(fn *ssa.Function) {
	if p.along.fns[fn] {
		return
	}
	p.along.fns[fn] = true
	if load.Instance(fn) {
		p.lower[fn] = true
	}
	p.add(fn)
	for o, text := range p.prog.Copy(compilable.Declared(fn)) {
		if !text || p.along.copied[o] {
			continue
		}
		p.along.copied[o] = true
		if f, ok := o.(*types.Func); ok && f.Signature().TypeParams().Len() == 0 {
			if member := p.prog.SSA.FuncValue(f); member != nil {
				p.add(member)
			}
		}
	}
}

// add adds fn and what is nested in it to the functions that the plan is about.
func (p *Plan) add(fn *ssa.Function) {
	if p.along.added[fn] {
		return
	}
	p.along.added[fn] = true
	p.fns = append(p.fns, fn)
	for _, nested := range fn.AnonFuncs {
		p.add(nested)
	}
}

// reaches reports whether what p does not export can be named in the function: p is compiled, or copied for the function.
func (b *fn) reaches(p *types.Package) bool {
	return b.prog.IsUserPackage(p.Path()) || b.plan.isAlong(b.ssa) && compilable.Declared(b.ssa).Pkg() == p
}
