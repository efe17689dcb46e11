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
