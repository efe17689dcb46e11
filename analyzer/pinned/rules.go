package pinned

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// This file has what the check and the compiler share.

// What says that a call of the function of that name may pin.
func What(name string) string { return "the call of " + name + " may pin its goroutine" }

// Why says why: it calls back the function of that title, at a place.
func Why(title, at string) string {
	return "it calls back " + title + at + ", which may suspend, and is not compiled itself; the process cannot be saved until that returns"
}

// Name names the function that is called.
func Name(callee *ssa.Function) string {
	if o := callee.Origin(); o != nil {
		return o.String()
	}
	return callee.String()
}

// Functions lists the functions that func value v is made of, as far as the function it stands in tells, or the methods of what is put into an interface.
func Functions(v ssa.Value) []*ssa.Function { return functions(v, map[ssa.Value]bool{}) }

func functions(v ssa.Value, seen map[ssa.Value]bool) []*ssa.Function {
	if seen[v] {
		return nil
	}
	seen[v] = true
	switch v := v.(type) {
	case *ssa.Function:
		return []*ssa.Function{v}
	case *ssa.MakeClosure:
		return []*ssa.Function{v.Fn.(*ssa.Function)}
	case *ssa.ChangeType:
		return functions(v.X, seen)
	case *ssa.MakeInterface:
		if _, ok := v.X.Type().Underlying().(*types.Signature); ok {
			return functions(v.X, seen)
		}
		return methods(v)
	case *ssa.Phi:
		var out []*ssa.Function
		for _, e := range v.Edges {
			out = append(out, functions(e, seen)...)
		}
		return out
	case *ssa.UnOp:
		a, ok := v.X.(*ssa.Alloc)
		if !ok || v.Op != token.MUL {
			return nil
		}
		var out []*ssa.Function
		for _, r := range *a.Referrers() {
			if s, ok := r.(*ssa.Store); ok && s.Addr == a {
				out = append(out, functions(s.Val, seen)...)
			}
		}
		return out
	}
	return nil
}

func methods(v *ssa.MakeInterface) []*ssa.Function {
	var out []*ssa.Function
	prog := v.Parent().Prog
	set := prog.MethodSets.MethodSet(v.X.Type())
	i := v.Type().Underlying().(*types.Interface)
	for sel := range set.Methods() {
		name := sel.Obj().Name()
		if m, _, _ := types.LookupFieldOrMethod(v.Type(), false, sel.Obj().Pkg(), name); m != nil && ast.IsExported(name) && i.NumMethods() > 0 {
			if fn := prog.MethodValue(sel); fn != nil {
				out = append(out, fn)
			}
		}
	}
	return out
}
