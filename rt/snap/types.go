package snap

// This file defines the conversions between reflect.Type, type descriptors and interface words.

import (
	"reflect"
	"unsafe"
)

//go:linkname unsafeNew reflect.unsafe_New
func unsafeNew(desc unsafe.Pointer) unsafe.Pointer

//go:linkname unsafeNewArray reflect.unsafe_NewArray
func unsafeNewArray(desc unsafe.Pointer, n int) unsafe.Pointer

//go:linkname typedmemmove reflect.typedmemmove
func typedmemmove(desc, to, from unsafe.Pointer)

// eface is the memory of an interface value. For an interface type with methods, word 0 is an itab.
type eface struct {
	tab  unsafe.Pointer
	data unsafe.Pointer
}

// descOf returns the address of t's descriptor.
func descOf(t reflect.Type) unsafe.Pointer { return (*eface)(unsafe.Pointer(&t)).data }

// typeOfDesc is the inverse of descOf.
func typeOfDesc(desc unsafe.Pointer) reflect.Type {
	t := reflect.TypeFor[int]()
	(*eface)(unsafe.Pointer(&t)).data = desc
	return t
}

type itabKey struct{ iface, dyn unsafe.Pointer }

// Caches of the process; guarded by mu.
var (
	itabs   = map[itabKey]unsafe.Pointer{}        // (interface, dynamic type) -> itab
	dynamic = map[unsafe.Pointer]unsafe.Pointer{} // itab -> dynamic type
)

// dynamicType returns the descriptor of the dynamic type of the non-nil interface of type t at p, which has methods.
func dynamicType(t reflect.Type, p unsafe.Pointer) unsafe.Pointer {
	tab := (*eface)(p).tab
	if d, ok := dynamic[tab]; ok {
		return d
	}
	d := descOf(reflect.NewAt(t, p).Elem().Elem().Type())
	dynamic[tab] = d
	return d
}

// itabOf returns word 0 of an interface of type t that holds a dyn. ok is false when dyn does not implement t.
func itabOf(t, dyn reflect.Type) (tab unsafe.Pointer, ok bool) {
	k := itabKey{descOf(t), descOf(dyn)}
	if tab, ok := itabs[k]; ok {
		return tab, true
	}
	if !dyn.Implements(t) {
		return nil, false
	}
	v := reflect.New(t)
	v.Elem().Set(reflect.Zero(dyn))
	tab = (*eface)(v.UnsafePointer()).tab
	itabs[k] = tab
	return tab, true
}
