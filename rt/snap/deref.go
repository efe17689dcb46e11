package snap

// This file defines the reading of references: to objects, and to what this process has in their place.

import (
	"fmt"
	"runtime"
	"unsafe"
)

// ref reads a reference: to offset off of object o, or else to p.
func (d *decoder) ref() (o *object, off uintptr, p unsafe.Pointer) {
	x := d.uvarint()
	switch x & 3 {
	case refSpecial:
		return nil, 0, d.special(x >> 2)
	case refInterior:
		off = uintptr(d.length())
		fallthrough
	case refObject:
		i := int64(d.cur) + unzigzag(x>>2)
		if i < 0 || i >= int64(len(d.objects)) {
			corrupt("object number out of range")
		}
		return &d.objects[i], off, nil
	}
	corrupt("bad reference")
	return nil, 0, nil
}

var zeroSize struct{}

func (d *decoder) special(code uint64) unsafe.Pointer {
	switch code {
	case specialNil:
		return nil
	case specialZero:
		return unsafe.Pointer(&zeroSize)
	case specialImage:
		return d.image()
	case specialFunc:
		return d.function()
	case specialExternal:
		return d.external()
	}
	corrupt("bad special reference")
	return nil
}

func (d *decoder) image() unsafe.Pointer {
	i := d.uvarint()
	if i == uint64(len(d.images)) {
		off := d.varint()
		if d.fixed64() != guard(guardImage, off, "", 0) {
			corrupt("bad image offset")
		}
		p, _ := imagePointer(off)
		d.images = append(d.images, p)
	}
	if i >= uint64(len(d.images)) {
		corrupt("image number out of range")
	}
	return d.images[i]
}

func (d *decoder) function() unsafe.Pointer {
	i := d.uvarint()
	if i == uint64(len(d.funcs)) {
		off, name := d.varint(), d.string()
		if d.fixed64() != guard(guardFunc, off, name, 0) {
			corrupt("bad function")
		}
		p, _ := imagePointer(off)
		if runtime.FuncForPC(*(*uintptr)(p)).Name() != name {
			corrupt("bad function name")
		}
		d.funcs = append(d.funcs, p)
	}
	if i >= uint64(len(d.funcs)) {
		corrupt("function number out of range")
	}
	return d.funcs[i]
}

func (d *decoder) external() unsafe.Pointer {
	i := d.uvarint()
	if i == uint64(len(d.externals)) {
		name := d.string()
		k, ok := registry.externalByName[name]
		if !ok {
			panic(missing{fmt.Errorf("snap: no external variable %s is registered here", name)})
		}
		d.externals = append(d.externals, &registry.externals[k])
	}
	if i >= uint64(len(d.externals)) {
		corrupt("external number out of range")
	}
	v := d.externals[i]
	p := v.ptr
	if d.uvarint() == 1 {
		if p, _ = v.target(); p == nil {
			panic(missing{fmt.Errorf("snap: external variable %s holds no object here", v.name)})
		}
	}
	return externalAt(p, d.varint())
}

// externalAt is p+off, which must be in the same heap object as p, or in the image like it.
func externalAt(p unsafe.Pointer, off int64) unsafe.Pointer {
	if off == 0 {
		return p
	}
	u := uintptr(p) + uintptr(off)
	base, _, _ := findObject(uintptr(p), 0, 0)
	if base == 0 {
		if sectionOf(u) != secWritable {
			corrupt("external offset out of range")
		}
	} else if b, _, _ := findObject(u, 0, 0); b != base {
		corrupt("external offset out of range")
	}
	return *(*unsafe.Pointer)(unsafe.Pointer(&u))
}

// pointer reads a reference to n elements of p.
func (d *decoder) pointer(p *prog, n int) unsafe.Pointer {
	o, off, q := d.ref()
	if o == nil {
		return q
	}
	return d.at(o, off, p, n)
}

// at is the address of n elements of p at offset off of o.
func (d *decoder) at(o *object, off uintptr, p *prog, n int) unsafe.Pointer {
	if o.kind == memory && off == 0 && o.prog == p && o.count >= n {
		return o.ptr
	}
	if o.kind == timer && off == 0 && n == 1 && (p.typ == timerType || p.typ == tickerType) {
		return o.ptr
	}
	if o.kind != memory || off >= o.size() || !o.prog.holds(o.count, off, p, n) {
		corrupt("reference to memory of another type")
	}
	return unsafe.Add(o.ptr, off)
}

// content reads a reference to the n elements of p behind an interface or string.
func (d *decoder) content(p *prog, n int) unsafe.Pointer {
	o, off, _ := d.ref()
	if o == nil {
		corrupt("constant is not an object")
	}
	return d.at(o, off, p, n)
}
