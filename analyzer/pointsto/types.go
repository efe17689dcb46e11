package pointsto

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/library"
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

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

func isNil(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.Value == nil
}

// HoldsPointers reports whether a value of type t may lead to memory that can be written.
func HoldsPointers(t types.Type) bool { return holdsPointers(t) }

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

// filled reports whether code that is not compiled may store pointers in what a value of type t leads to.
func filled(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Signature:
		return false
	case *types.Pointer:
		return holdsPointers(u.Elem())
	case *types.Slice:
		return holdsPointers(u.Elem())
	case *types.Chan:
		return holdsPointers(u.Elem())
	case *types.Map:
		return holdsPointers(u.Key()) || holdsPointers(u.Elem())
	}
	return true
}

// fits reports whether a value of type t may lead to o.
func (s *solver) fits(o *Object, t types.Type) bool {
	if o.Type == nil {
		return true
	}
	if i, ok := o.Type.Underlying().(*types.Interface); ok && o.Lib != nil { // whatever is behind the interface
		return types.Implements(t, i)
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		if m, ok := o.Type.Underlying().(*types.Slice); ok && s.contains(m.Elem(), u.Elem()) { // the memory of make([]T)
			return true
		}
		return s.contains(o.Type, u.Elem())
	case *types.Chan:
		c, ok := o.Type.Underlying().(*types.Chan)
		return ok && types.Identical(c.Elem(), u.Elem())
	case *types.Map, *types.Signature:
		return types.Identical(o.Type.Underlying(), u)
	}
	return true
}

// contains reports whether memory of type t has a part that a pointer to type part may point to. Without conversions of pointers to
// type part these are parts of that type.
func (s *solver) contains(t, part types.Type) bool {
	converted := s.converted.At(part) != nil
	return library.Part(t, func(t types.Type) bool {
		return types.Identical(t, part) || converted && types.IdenticalIgnoreTags(t.Underlying(), part.Underlying())
	})
}

// memoryOf is the type of the memory that a value of type t leads to.
func memoryOf(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}
