package entry

import (
	"fmt"
	"go/types"
)

// This file is about the signatures that lambda.Start accepts: func([context.Context,] [TIn]) ([[TOut,] error]).

// A Handler is a function of such a signature.
type Handler struct {
	Context bool
	In      types.Type // nil: it takes no input
	Out     types.Type // nil: it answers nothing
	Error   bool
}

const form = "write func(context.Context, TIn) (TOut, error); all four are optional, but error if there is TOut"

// HandlerOf reads a signature. problem, if not "", says why it is refused.
func HandlerOf(sig *types.Signature) (h *Handler, problem string) {
	h = &Handler{}
	in, out := sig.Params(), sig.Results()
	switch {
	case sig.Variadic():
		return nil, "its last parameter is variadic"
	case in.Len() > 2:
		return nil, fmt.Sprintf("it takes %d arguments, not at most two", in.Len())
	case out.Len() > 2:
		return nil, fmt.Sprintf("it returns %d values, not at most two", out.Len())
	}
	first := 0
	if in.Len() > 0 && isContext(in.At(0).Type()) {
		h.Context, first = true, 1
	} else if in.Len() == 2 {
		return nil, "it takes two arguments, and the first is not a context.Context"
	}
	if first < in.Len() {
		h.In = in.At(first).Type()
		if why := undecodable(h.In); why != "" {
			return nil, why
		}
	}
	if out.Len() > 0 {
		if last := out.At(out.Len() - 1).Type(); !types.Implements(last, errorType) {
			return nil, fmt.Sprintf("its last result is %s, not an error", short(last))
		}
		h.Error = true
	}
	if out.Len() == 2 {
		h.Out = out.At(0).Type()
	}
	return h, ""
}

var errorType = types.Universe.Lookup("error").Type().Underlying().(*types.Interface)

func isContext(t types.Type) bool {
	i, ok := t.Underlying().(*types.Interface)
	if !ok || i.NumMethods() != 4 {
		return false
	}
	for j, name := range []string{"Deadline", "Done", "Err", "Value"} { // sorted, as they are
		if i.Method(j).Name() != name {
			return false
		}
	}
	return true
}

// undecodable says why no JSON can be decoded into a t.
func undecodable(t types.Type) string {
	switch u := t.Underlying().(type) {
	case *types.Interface:
		if !u.Empty() {
			return "no input can be decoded into the interface " + short(t)
		}
	case *types.Signature, *types.Chan:
		return "no input can be decoded into a " + short(t)
	}
	return ""
}

// short spells a type with the names of packages.
func short(t types.Type) string {
	return types.TypeString(t, (*types.Package).Name)
}

// unnamed returns a type that is part of t and cannot be written in a file of package pkg, or nil.
func unnamed(t types.Type, pkg *types.Package) types.Type {
	switch u := types.Unalias(t).(type) {
	case *types.TypeParam:
		return u
	case *types.Named:
		o := u.Obj()
		if o.Pkg() != nil && (o.Parent() != o.Pkg().Scope() || o.Pkg() != pkg && !o.Exported()) {
			return u
		}
		for i := range u.TypeArgs().Len() {
			if bad := unnamed(u.TypeArgs().At(i), pkg); bad != nil {
				return bad
			}
		}
	case *types.Map:
		if bad := unnamed(u.Key(), pkg); bad != nil {
			return bad
		}
		return unnamed(u.Elem(), pkg)
	case interface{ Elem() types.Type }:
		return unnamed(u.Elem(), pkg)
	case *types.Signature:
		if bad := unnamed(u.Params(), pkg); bad != nil {
			return bad
		}
		return unnamed(u.Results(), pkg)
	case *types.Tuple:
		for i := range u.Len() {
			if bad := unnamed(u.At(i).Type(), pkg); bad != nil {
				return bad
			}
		}
	case *types.Struct:
		for i := range u.NumFields() {
			f := u.Field(i)
			if !f.Exported() && f.Pkg() != pkg {
				return u
			}
			if bad := unnamed(f.Type(), pkg); bad != nil {
				return bad
			}
		}
	}
	return nil
}
