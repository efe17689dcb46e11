// This file reads the methods of interface types. reflect.Type.Method would do, but the linker keeps every exported method of every type
// in a program that calls it: a handler with the AWS SDK was 21 MB instead of 11.

package snap

import (
	"reflect"
	"unsafe"
)

// An ifaceType mirrors abi.InterfaceType.
type ifaceType struct {
	_       [48]byte // abi.Type
	pkgPath *byte
	methods []imethod
}

// An imethod mirrors abi.Imethod: offsets of a name and of a func type in the type section. Both are 0 in no real method.
type imethod struct{ name, typ int32 }

// methodsOf calls f for each method of an interface type, in the order of their names.
func methodsOf(t reflect.Type, f func(name string, signature reflect.Type)) {
	for _, m := range (*ifaceType)(descOf(t)).methods {
		name, _ := imagePointer(int64(m.name))
		typ, _ := imagePointer(int64(m.typ))
		f(nameAt(name), typeOfDesc(typ))
	}
}

// nameAt decodes an abi.Name: a byte of flags, a varint length, the text.
func nameAt(p unsafe.Pointer) string {
	n, shift, i := 0, 0, 1
	for {
		b := *(*byte)(unsafe.Add(p, i))
		i++
		n |= int(b&0x7f) << shift
		if b < 0x80 {
			return unsafe.String((*byte)(unsafe.Add(p, i)), n)
		}
		shift += 7
	}
}

// methodsMirrored reports whether the mirrors fit this runtime.
func methodsMirrored() bool {
	want := []struct {
		name string
		typ  reflect.Type
	}{{"A", reflect.TypeFor[func(int) string]()}, {"b", reflect.TypeFor[func()]()}}
	ok := true
	i := 0
	methodsOf(reflect.TypeFor[interface {
		A(int) string
		b()
	}](), func(name string, signature reflect.Type) {
		ok = ok && i < len(want) && name == want[i].name && signature == want[i].typ
		i++
	})
	return ok && i == len(want)
}
