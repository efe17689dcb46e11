package state

import (
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// This file answers questions about types.

func deref(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

func elemOf(t types.Type) types.Type {
	if s, ok := t.Underlying().(*types.Slice); ok {
		return s.Elem()
	}
	return types.Typ[types.Byte] // a string, as an operand of append or copy
}

func isUnsafe(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.UnsafePointer
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

func isNil(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.Value == nil
}

// holdsPointers reports whether a value of type t may lead to memory that can be written. A string does not.
func holdsPointers(t types.Type) bool { return holds(t, nil) }

func holds(t types.Type, seen []types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.UnsafePointer || u.Kind() == types.Invalid
	case *types.Array:
		return u.Len() > 0 && holds(u.Elem(), seen)
	case *types.Struct:
		for f := range u.Fields() {
			if holds(f.Type(), seen) {
				return true
			}
		}
		return false
	case *types.Tuple:
		for v := range u.Variables() {
			if holds(v.Type(), seen) {
				return true
			}
		}
		return false
	}
	return true // pointers, interfaces, slices, ...; a range's iterator has a type of its own
}

// fits says which objects a value of type t may lead to.
func fits(t types.Type) filter {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return func(o *object) bool {
			if o.typ == nil {
				return true
			}
			if i, ok := o.typ.Underlying().(*types.Interface); ok && o.lib != nil { // whatever is behind the interface
				return types.Implements(t, i)
			}
			return contains(o.typ, u.Elem())
		}
	case *types.Map, *types.Chan:
		return func(o *object) bool { return o.typ == nil || types.Identical(o.typ.Underlying(), u) }
	case *types.Signature:
		return func(o *object) bool {
			return o.typ == nil || types.Identical(o.typ.Underlying(), u)
		}
	}
	return nil
}

// contains reports whether memory of type t has a part of type part.
func contains(t, part types.Type) bool {
	if types.Identical(t, part) {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Array:
		return contains(u.Elem(), part)
	case *types.Slice: // the memory of make([]T)
		return contains(u.Elem(), part)
	case *types.Struct:
		for f := range u.Fields() {
			if contains(f.Type(), part) {
				return true
			}
		}
	}
	return false
}

// named is "path.Name" of a named type, else "". The type of a handle that is passed on is a pointer to it.
func named(t types.Type) string {
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil {
		return ""
	}
	return n.Obj().Pkg().Path() + "." + n.Obj().Name()
}
