package lower

import (
	"cmp"
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/load"
)

// This file is about types that are declared inside functions. Frames and environments mention them, so those of lowered functions move to
// package level. They keep their names where these are free, and the package's name is the same: reflection shows what it showed.
//
// A local type of a generic function depends on the function's type parameters, also if it does not mention them. Go shows it with the type
// arguments, as it shows an instance of a generic type; and that is what it becomes:
//
//	func f[P any](p P) any {        becomes    type T[hark_P0 any] struct{ x hark_P0 }
//		type T struct{ x P }
//		return T{p}                            func hark_f_int(g *rt.G, p int) any { return T[int]{p} }
//	}

// A LocalType is an instance of a local type of a generic function. go/ssa makes a type without a scope for each.
type LocalType struct {
	Origin *types.TypeName    // as the user declared it
	Params []*types.TypeParam // of the function
	Args   []types.Type
}

// A showing says how a type comes into an interface, where the program may see its name.
type showing uint8

const (
	hidden  showing = iota
	inside          // in the definition of another local type
	plainly         // in the name of a type that is converted
)

// localTypes notes the local types that the lowered functions mention.
type localTypes struct {
	instances map[*types.TypeName]*LocalType
	shown     map[*types.TypeName]showing // how the program may see their names
}

// Local describes o, an instance of a local type of a generic function; nil if it is none.
func (r *Result) Local(o *types.TypeName) *LocalType { return r.l.types.instances[o] }

// Shown lists the local types of package p whose names the program may see, first those that it most likely does, in source order.
func (r *Result) Shown(p *types.Package) []*types.TypeName {
	var out []*types.TypeName
	how := map[*types.TypeName]showing{}
	for o, s := range r.l.types.shown {
		if l := r.Local(o); l != nil {
			o = l.Origin
		}
		if o.Pkg() == p {
			if how[o] == hidden {
				out = append(out, o)
			}
			how[o] = max(how[o], s)
		}
	}
	slices.SortFunc(out, func(a, b *types.TypeName) int {
		return cmp.Or(-cmp.Compare(how[a], how[b]), suspend.ComparePos(r.l.prog.Fset, a.Pos(), b.Pos()))
	})
	return out
}

// IsLocal reports whether o is declared inside a function. The local types of an instance of a generic function have no scope.
func IsLocal(o *types.TypeName) bool { return o.Pkg() != nil && o.Parent() != o.Pkg().Scope() }

// localStruct reports whether t is a local type or a pointer to one: its fields belong to the package that it is emitted in.
func localStruct(t types.Type) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	n, ok := types.Unalias(t).(*types.Named)
	return ok && IsLocal(n.Obj())
}

func (l *lowerer) findLocalTypes() {
	declared := map[token.Pos]*types.TypeName{}
	for _, u := range l.prog.User {
		for _, o := range u.TypesInfo.Defs {
			if t, ok := o.(*types.TypeName); ok && IsLocal(t) {
				declared[t.Pos()] = t
			}
		}
	}
	l.types = localTypes{map[*types.TypeName]*LocalType{}, map[*types.TypeName]showing{}}
	for _, fn := range l.plan.fns {
		if l.plan.lower[fn] || l.plan.direct[fn] {
			l.types.find(fn, declared)
		}
	}
}

// orderInstances gives an order to instances that differ only in what local types of generic functions they are for.
func (l *lowerer) orderInstances() {
	texts := map[*ssa.Function]string{}
	for _, fn := range l.plan.fns {
		texts[fn] = l.instanceText(fn)
	}
	slices.SortStableFunc(l.plan.fns, func(a, b *ssa.Function) int {
		return cmp.Or(compare(a, b), strings.Compare(texts[a], texts[b]))
	})
}

// instanceText is the text of the type arguments of fn and of those it is nested in, with those of local types.
func (l *lowerer) instanceText(fn *ssa.Function) string {
	var b strings.Builder
	var write func(t types.Type, depth int)
	write = func(t types.Type, depth int) {
		b.WriteString(types.TypeString(t, nil))
		compilable.EachNamed(t, func(o *types.TypeName) {
			x := l.types.instances[o]
			if x == nil || depth == 0 {
				return
			}
			for _, a := range x.Args {
				write(a, depth-1)
			}
		})
	}
	for ; fn != nil; fn = fn.Parent() {
		for _, t := range fn.TypeArgs() {
			write(t, 4)
		}
	}
	return b.String()
}

func (lt *localTypes) find(fn *ssa.Function, declared map[token.Pos]*types.TypeName) {
	outer := fn
	for outer.Parent() != nil {
		outer = outer.Parent()
	}
	note := func(t types.Type) {
		if !load.Instance(fn) {
			return
		}
		eachLocal(t, func(o *types.TypeName) {
			if origin := declared[o.Pos()]; o.Parent() == nil && origin != nil && lt.instances[o] == nil && within(origin, outer) {
				l := &LocalType{Origin: origin, Args: outer.TypeArgs()}
				for p := range outer.Origin().TypeParams().TypeParams() {
					l.Params = append(l.Params, p)
				}
				lt.instances[o] = l
			}
		})
	}
	for _, v := range fn.FreeVars {
		note(v.Type())
	}
	eachInstr(fn, func(i ssa.Instruction) {
		if v, ok := i.(ssa.Value); ok {
			note(v.Type())
		}
		for _, op := range i.Operands(nil) {
			if *op != nil {
				note((*op).Type())
			}
		}
		switch i := i.(type) {
		case *ssa.TypeAssert:
			note(i.AssertedType)
		case *ssa.MakeInterface:
			eachLocal(i.X.Type(), func(o *types.TypeName) { lt.shown[o] = max(lt.shown[o], inside) })
			compilable.EachNamed(i.X.Type(), func(o *types.TypeName) {
				if IsLocal(o) {
					lt.shown[o] = plainly
				}
			})
		}
	})
}

// phantom reports whether fn is an instance for a local type of a generic function that is itself no instance. go/ssa makes these for the
// generic text; nothing calls them.
func phantom(fn *ssa.Function) bool {
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	found := false
	for _, t := range fn.TypeArgs() {
		compilable.EachNamed(t, func(o *types.TypeName) { found = found || inGeneric(o) })
	}
	return found
}

// inGeneric reports whether o is declared, by the user, in a generic function.
func inGeneric(o *types.TypeName) bool {
	if !IsLocal(o) {
		return false
	}
	for s := o.Parent(); s != nil && s != o.Pkg().Scope(); s = s.Parent() {
		for _, name := range s.Names() {
			if _, ok := s.Lookup(name).Type().(*types.TypeParam); ok {
				return true
			}
		}
	}
	return false
}

// within reports whether o is declared inside the generic function that fn is an instance of.
func within(o *types.TypeName, fn *ssa.Function) bool {
	syntax := fn.Origin().Syntax()
	return syntax != nil && syntax.Pos() <= o.Pos() && o.Pos() < syntax.End()
}

// eachLocal calls f for every local type that t mentions, by name or in the definition of another local type.
func eachLocal(t types.Type, f func(*types.TypeName)) {
	seen := map[*types.TypeName]bool{}
	var visit func(t types.Type)
	visit = func(t types.Type) {
		compilable.EachNamed(t, func(o *types.TypeName) {
			if !IsLocal(o) || seen[o] {
				return
			}
			seen[o] = true
			f(o)
			visit(o.Type().Underlying())
		})
	}
	visit(t)
}

// localNames are the names that the local types of p, and the type parameters of what they become, may have at package level, where no
// variable may hide them.
func (l *lowerer) localNames(p *types.Package) map[string]bool {
	if names, ok := l.local[p]; ok {
		return names
	}
	names := map[string]bool{}
	count := map[string]int{}
	for _, o := range l.prog.All[p.Path()].TypesInfo.Defs {
		if t, ok := o.(*types.TypeName); ok && IsLocal(t) {
			count[t.Name()]++
			names[HoistedName(t, count[t.Name()])] = true
			names[HoistedName(t, count[t.Name()]+1)] = true // one of the package has the plain name
		}
	}
	l.local[p] = names
	return names
}

// HoistedName is the nth name to try for local type o at package level.
func HoistedName(o *types.TypeName, n int) string {
	if n == 1 {
		return o.Name()
	}
	return fmt.Sprintf("%s_%d", o.Name(), n)
}
