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

// IsError reports whether t is the type error.
func IsError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

// HoldsFunc reports whether a value of type t may lead to a func, or to what has methods.
func HoldsFunc(t types.Type) bool {
	return leadsTo(t, map[types.Type]bool{}, func(types.Type) (yes, decided bool) { return false, false })
}

// leadsTo reports whether a value of type t may lead to one that decide says yes of. What that does not decide is so if it is an unsafe.Pointer, a func, an interface or a type parameter.
func leadsTo(t types.Type, seen map[types.Type]bool, decide func(types.Type) (yes, decided bool)) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if yes, decided := decide(t); decided {
		return yes
	}
	in := func(t types.Type) bool { return leadsTo(t, seen, decide) }
	switch u := t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	case *types.Pointer:
		return in(u.Elem())
	case *types.Slice:
		return in(u.Elem())
	case *types.Array:
		return in(u.Elem())
	case *types.Chan:
		return in(u.Elem())
	case *types.Map:
		return in(u.Key()) || in(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			if in(f.Type()) {
				return true
			}
		}
		return false
	}
	return true
}
