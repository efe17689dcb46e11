package lower

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/ir"
	"github.com/harkgen/harkgen/transform/load"
)

// This file is about generic functions. Each instance that may suspend is lowered by itself, with its types in place of the parameters:
//
//	func Each[T any](ch <-chan T, f func(T)) { ... }     becomes, where Each[int] is called,
//	func hark_Each_int(g *rt.G, ch <-chan int, f func(int)) { ... }
//
// The generic text stays, for instances that never suspend. A method must also be found in the method sets of its generic type: it becomes
// a wrapper that looks for the instance of its own types, and the text gets another name.

// homeOf is the package that fn is emitted in: its own; of an instance, the one that sees the generic function and all type arguments. A
// package of the standard library stands for its copy.
func (l *lowerer) homeOf(fn *ssa.Function) *types.Package {
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	if fn.Pkg != nil {
		return fn.Pkg.Pkg
	}
	home := l.homes[fn]
	if home == nil {
		home = l.findHome(fn)
		l.homes[fn] = home
	}
	return home
}

func (l *lowerer) findHome(fn *ssa.Function) *types.Package {
	needs := l.compiledOf(fn.TypeArgs()...)
	if o := fn.Origin(); o != nil && o.Pkg != nil && l.prog.IsUserPackage(o.Pkg.Pkg.Path()) {
		needs[o.Pkg.Pkg] = true
	}
	if o := fn.Origin(); len(needs) == 0 && o != nil && o.Pkg != nil && l.prog.IsStd(o.Pkg.Pkg.Path()) {
		return o.Pkg.Pkg
	}
	return l.lowest(needs)
}

// seesAll is the package that registers what has to do with t: one that sees all compiled packages that t mentions.
func (l *lowerer) seesAll(t types.Type) *types.Package { return l.lowest(l.compiledOf(t)) }

// compiledOf is the compiled packages that types mention.
func (l *lowerer) compiledOf(ts ...types.Type) map[*types.Package]bool {
	needs := map[*types.Package]bool{}
	var need func(t types.Type)
	need = func(t types.Type) {
		compilable.EachNamed(t, func(o *types.TypeName) {
			if o.Pkg() != nil && l.prog.IsUserPackage(o.Pkg().Path()) {
				needs[o.Pkg()] = true
			}
			if local := l.types.instances[o]; local != nil {
				for _, arg := range local.Args {
					need(arg)
				}
			}
		})
	}
	for _, t := range ts {
		need(t)
	}
	return needs
}

// lowest is the lowest package that sees all of needs.
func (l *lowerer) lowest(needs map[*types.Package]bool) *types.Package {
	var main *types.Package
	for _, u := range l.prog.Bottom {
		if u.Name == "main" {
			main = u.Types
		}
		sees := true
		for p := range needs {
			sees = sees && (p == u.Types || l.prog.Imports(u.Types, p))
		}
		if sees {
			return u.Types
		}
	}
	return main
}

// dispatch makes the generic method that fn is an instance of find its lowered body.
func (l *lowerer) dispatch(fn *ssa.Function, body *ir.Func) {
	origin := fn.Origin()
	title := origin.RelString(nil)
	home := l.pkg(l.homeOf(fn))
	home.Instances = append(home.Instances, &ir.Instance{Title: title, Lowered: body.Name})
	if l.plan.Dispatched[origin] || origin.Pkg == nil || !l.prog.IsUser(origin) {
		return
	}
	l.plan.Dispatched[origin] = true
	p := l.pkg(origin.Pkg.Pkg)
	p.Wrappers = append(p.Wrappers, &ir.Wrapper{
		Name: origin.Name(), Recv: origin.Signature.Recv(), Sig: origin.Signature, Instance: title, Lowered: TextName(origin),
		Pragma: pragma(origin), Pos: origin.Pos(),
	})
}

// TextName is what the text of generic method fn is called once its own name belongs to a wrapper.
func TextName(fn *ssa.Function) string { return Prefix + "text_" + fn.Name() }

// colourInstances colours the instances that are lowered for another reason: only lowered functions call a lowered instance,
// whereas an ordinary function that is lowered keeps its name. It reports whether there were any.
func (p *Plan) colourInstances() bool {
	any := false
	for _, fn := range p.fns {
		if p.lower[fn] && load.Instance(fn) && !p.isAlong(fn) && !p.facts.Coloured(fn) {
			p.facts.Colour(fn, &suspend.Reason{Pos: fn.Pos(), What: "starts goroutines or makes closures in a generic function"})
			any = true
		}
	}
	return any
}

// Sees reports whether code of compiled package p can name everything that t mentions.
func (r *Result) Sees(p *types.Package, t types.Type) bool {
	sees := true
	compilable.EachNamed(t, func(o *types.TypeName) {
		q := o.Pkg()
		if q != nil && q != p && r.l.prog.IsUserPackage(q.Path()) && !r.l.prog.Imports(p, q) || q != nil && o.Parent() != q.Scope() {
			sees = false
		}
	})
	return sees
}
