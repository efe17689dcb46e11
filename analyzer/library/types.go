package library

import "go/types"

// This file answers what others ask about types, too.

// Part reports whether is holds for t, or for the type of an element or field that a value of type t has in itself.
func Part(t types.Type, is func(types.Type) bool) bool {
	if is(t) {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Array:
		return Part(u.Elem(), is)
	case *types.Struct:
		for f := range u.Fields() {
			if Part(f.Type(), is) {
				return true
			}
		}
	}
	return false
}

// IsUnsafePointer reports whether t is unsafe.Pointer, or a type made of it; nil is none.
func IsUnsafePointer(t types.Type) bool {
	if t == nil {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.UnsafePointer
}

// HoldsFunc reports whether a value of type t may lead to a func, or to what has methods.
func HoldsFunc(t types.Type) bool { return holdsFunc(t, map[types.Type]bool{}) }

func holdsFunc(t types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	case *types.Pointer:
		return holdsFunc(u.Elem(), seen)
	case *types.Slice:
		return holdsFunc(u.Elem(), seen)
	case *types.Array:
		return holdsFunc(u.Elem(), seen)
	case *types.Chan:
		return holdsFunc(u.Elem(), seen)
	case *types.Map:
		return holdsFunc(u.Key(), seen) || holdsFunc(u.Elem(), seen)
	case *types.Struct:
		for f := range u.Fields() {
			if holdsFunc(f.Type(), seen) {
				return true
			}
		}
		return false
	}
	return true
}
