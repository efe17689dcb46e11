// Package netaddr lets snapshots hold values of package net/netip. A netip.Addr has a unique.Handle of a type that only net/netip can
// name, so its handles are made by way of addresses that have the same one.
package netaddr

import (
	"net/netip"
	"reflect"
	"unsafe"
)

// detail mirrors netip.addrDetail, the value of a handle.
type detail struct {
	isV6   bool
	zoneV6 string
}

// Handle returns what snap.RegisterHandle wants: the type that the handles are of, and what makes them.
func Handle() (t reflect.Type, make func(p unsafe.Pointer) unsafe.Pointer) {
	z, ok := reflect.TypeFor[netip.Addr]().FieldByName("z")
	if !ok || z.Type.Kind() != reflect.Struct || z.Type.NumField() != 1 || z.Type.Size() != unsafe.Sizeof(uintptr(0)) {
		panic("netaddr: this Go version has another netip.Addr")
	}
	handle := func(a netip.Addr) unsafe.Pointer {
		return *(*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(&a), z.Offset))
	}
	t = z.Type.Field(0).Type.Elem()
	want := reflect.TypeFor[detail]()
	same := t.Kind() == reflect.Struct && t.NumField() == want.NumField()
	for i := 0; same && i < t.NumField(); i++ {
		f, w := t.Field(i), want.Field(i)
		same = f.Name == w.Name && f.Type == w.Type && f.Offset == w.Offset
	}
	if !same {
		panic("netaddr: this Go version has another " + t.String())
	}
	return t, func(p unsafe.Pointer) unsafe.Pointer {
		switch d := (*detail)(p); {
		case !d.isV6:
			return handle(netip.IPv4Unspecified())
		case d.zoneV6 == "":
			return handle(netip.IPv6Unspecified())
		default:
			return handle(netip.IPv6Unspecified().WithZone(d.zoneV6))
		}
	}
}
