package snap

// This file defines the reading of references: to objects, and to what this process has in their place.

import (
	"fmt"
	"runtime"
	"unsafe"
)

// ref reads the reference of o, to n elements of p or a node: to offset off of object x, or else to q.
func (d *decoder) ref(o *op, p *prog, n int) (x *object, off uintptr, q unsafe.Pointer) {
	c := d.uvarint()
	switch c & 3 {
	case refSpecial:
		return nil, 0, d.special(c >> 2)
	case refNew:
		d.label(c)
		o.at(d.gen, d.cur).id = d.newest
		x, off = d.define(o, c>>3, p, n)
		return x, off, nil
	case refInterior:
		off = uintptr(d.length())
	}
	l := o.at(d.gen, d.cur)
	l.id += unzigzag(c >> 2)
	return d.labelled(l.id), off, nil
}

// define reads a new object.
func (d *decoder) define(o *op, kind uint64, p *prog, n int) (x *object, off uintptr) {
	switch kind {
	case 0:
		switch {
		case p != nil:
			return d.newMemory(p, n), 0
		case o.kind == opMap:
			return d.newMap(o.typ), 0
		case o.kind == opChan:
			return d.newChan(o.elem), 0
		}
	case objMemory:
		p, n := d.elements()
		off := uintptr(d.length())
		return d.newMemory(p, n), off
	case objImage:
		return d.newImage()
	case objMap:
		return d.newMap(d.someType().typ), 0
	case objClosure:
		return d.newClosure(), 0
	case objSentinel:
		return d.newSentinel()
	case objBound:
		return d.newBound(), 0
	case objTimer:
		return d.newTimer(), 0
	case objTimerChan:
		return d.newTimerChan(), 0
	}
	corrupt("bad kind of object")
	return nil, 0
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
	case specialLinked:
		return d.linkedRef()
	case specialTimer:
		return d.linkedTimer()
	case specialDone:
		return d.done()
	}
	corrupt("bad special reference")
	return nil
}

func (d *decoder) image() unsafe.Pointer {
	i := d.uvarint()
	p, ok := d.images[i]
	if !ok {
		off := d.varint()
		if d.fixed32() != guard(guardImage, off, "", 0) {
			corrupt("bad image offset")
		}
		p, _ = imagePointer(off)
		d.images[i] = p
	}
	return p
}

func (d *decoder) function() unsafe.Pointer {
	i := d.uvarint()
	p, ok := d.funcs[i]
	if !ok {
		off, name := d.varint(), d.string()
		if d.fixed32() != guard(guardFunc, off, name, 0) {
			corrupt("bad function")
		}
		p, _ = imagePointer(off)
		if runtime.FuncForPC(*(*uintptr)(p)).Name() != name {
			corrupt("bad function name")
		}
		d.funcs[i] = p
	}
	return p
}

func (d *decoder) external() unsafe.Pointer {
	i := d.uvarint()
	v := d.externals[i]
	if v == nil {
		name := d.string()
		k, ok := registry.externalByName[name]
		if !ok {
			panic(missing{fmt.Errorf("snap: no external variable %s is registered here", name)})
		}
		v = &registry.externals[k]
		d.externals[i] = v
	}
	p := v.ptr
	if d.bool() {
		if p = v.target(); p == nil {
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

// pointer reads the reference of o to n elements of p.
func (d *decoder) pointer(o *op, p *prog, n int) unsafe.Pointer {
	x, off, q := d.ref(o, p, n)
	if x == nil {
		return q
	}
	return x.at(off, p, n)
}

// at is the address of n elements of p at offset off of o.
func (o *object) at(off uintptr, p *prog, n int) unsafe.Pointer {
	if o.kind == memory && off == 0 && o.prog == p && o.n >= n {
		return o.ptr
	}
	if o.kind == timer && off == 0 && n == 1 && p.timer {
		return o.ptr
	}
	if o.kind != memory || off >= o.size() || !o.prog.holds(o.n, off, p, n) {
		corrupt("reference to memory of another type")
	}
	return unsafe.Add(o.ptr, off)
}

// content reads the reference of o to the n elements of p behind an interface.
func (d *decoder) content(o *op, p *prog, n int) unsafe.Pointer {
	x, off, _ := d.ref(o, p, n)
	if x == nil {
		corrupt("constant is not an object")
	}
	return x.at(off, p, n)
}
