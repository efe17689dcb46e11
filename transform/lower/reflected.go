package lower

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/refuse"
)

// This file is about functions that are deferred by way of package reflect, which the call graph does not see:
//
//	f := reflect.ValueOf(x).Method(0).Interface().(func())
//	defer f()

// deferred lists what d may call through a func value or interface.
func (p *Plan) deferred(d *ssa.Defer) []*ssa.Function {
	callees := slices.Clip(p.facts.Callees(d))
	if d.Call.IsInvoke() {
		return callees
	}
	for _, fn := range p.reflected() {
		if makesFunc(fn.Signature) || slices.ContainsFunc(methodTypes(fn.Signature), func(t *types.Signature) bool {
			return types.Identical(t, d.Call.Signature())
		}) {
			callees = append(callees, fn)
		}
	}
	return callees
}

// reflected lists the functions that recover and that reflection can call: methods that it finds, and what reflect.MakeFunc is given.
func (p *Plan) reflected() []*ssa.Function {
	if p.recoverers != nil {
		return p.recoverers
	}
	p.recoverers = []*ssa.Function{}
	reflects := false
	for _, u := range p.prog.User {
		reflects = reflects || u.Imports["reflect"] != nil
	}
	for _, fn := range p.fns {
		if !reflects || fn.Synthetic != "" || !refuse.Recovers(fn) {
			continue
		}
		if o := fn.Object(); makesFunc(fn.Signature) || fn.Signature.Recv() != nil && o != nil && o.Exported() {
			p.recoverers = append(p.recoverers, fn)
		}
	}
	return p.recoverers
}

// methodTypes are the types of a method as a method value and as a method expression; none for a function.
func methodTypes(sig *types.Signature) []*types.Signature {
	if sig.Recv() == nil {
		return nil
	}
	vars := []*types.Var{sig.Recv()}
	for v := range sig.Params().Variables() {
		vars = append(vars, v)
	}
	return []*types.Signature{
		types.NewSignatureType(nil, nil, nil, sig.Params(), sig.Results(), sig.Variadic()),
		types.NewSignatureType(nil, nil, nil, types.NewTuple(vars...), sig.Results(), sig.Variadic()),
	}
}

// makesFunc reports whether reflect.MakeFunc takes a function of this type.
func makesFunc(sig *types.Signature) bool {
	values := func(t *types.Tuple) bool { return t.Len() == 1 && t.At(0).Type().String() == "[]reflect.Value" }
	return values(sig.Params()) && values(sig.Results())
}
