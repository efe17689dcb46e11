package snap

// This file defines what snap knows about sentinel errors that it has not been told of.
//
// Exported variables of packages that are not compiled are registered (RegisterExternal). Others hold errors too, which programs meet: html/template
// keeps a fmt.Errorf("template escaped correctly") in its templates, and compares. The errors of errors.New are static data, so they keep their
// identity as part of the image; those that initialisation allocates are found here: an interface variable in the image with the
// type of an error, and its address, as it was when the program started.
//
// Such an error is saved with its content as well. Load takes the error of the new process if the same variable holds one of the same type.

import (
	"reflect"
	"unsafe"
)

var errorType = reflect.TypeFor[error]()

// sentinels are the interfaces in the image that hold a heap object when the program starts: image offset by address of the object.
var sentinels = map[uintptr]int64{}

// findSentinels looks at every pair of words of the image's variables. Goroutines that initialisation has started may run: what is found is
// looked at again when it is used.
//
//go:norace
func findSentinels() {
	clear(sentinels)
	errorDesc := descOf(errorType)
	for _, sec := range image.pointers {
		for at := sec[0]; at+2*wordSize <= sec[1]; at += wordSize {
			e := *(**eface)(unsafe.Pointer(&at))
			tab, q := uintptr(e.tab), uintptr(e.data)
			if tab < image.types[0] || tab >= image.types[1] || tab%wordSize != 0 || *(*unsafe.Pointer)(e.tab) != errorDesc || q == 0 || sectionOf(q) != secNone {
				continue // no itab of type error, or no heap object
			}
			if base, _, _ := findObject(q, 0, 0); base == q {
				if _, ok := sentinels[q]; !ok {
					sentinels[q] = int64(at - image.base)
				}
			}
		}
	}
}

// sentinelAt returns the image offset of the variable that holds the error *p at q.
func sentinelAt(q unsafe.Pointer, p *prog) (off int64, ok bool) {
	if !p.isError {
		return 0, false
	}
	off, ok = sentinels[uintptr(q)]
	return off, ok && sentinelIn(off, p) == q
}

// sentinelIn returns what the variable at image offset off holds, nil if that is no *p.
func sentinelIn(off int64, p *prog) unsafe.Pointer {
	at, _ := imagePointer(off)
	for _, r := range registry.vars {
		if uintptr(r.ptr) <= uintptr(at) && uintptr(at) < uintptr(r.ptr)+r.typ.Size() {
			return nil // state of the program
		}
	}
	e := (*eface)(at)
	if tab, ok := itabOf(errorType, reflect.PointerTo(p.typ)); !ok || e.tab != tab {
		return nil
	}
	return e.data
}

// sentinel records the error *p at q, which the variable at off holds.
func (s *scanner) sentinel(h *head, q unsafe.Pointer, p *prog, off int64) {
	if s.find(*h, uintptr(q), uintptr(q)+p.size) != 0 {
		return
	}
	if *h != 0 {
		s.add(h, q, p, 1, allocated)
		return
	}
	s.offsets = append(s.offsets, off)
	s.newMemory(h, region{addr: uintptr(q), progID: p.id, count: 1, place: inSentinel, name: uint32(len(s.offsets) - 1)})
}

// sentinel writes the first reference to r, at offset off in it.
func (e *encoder) sentinel(r *region, off uintptr) {
	at := e.offsets[r.name]
	e.fresh(objSentinel)
	e.varint(at)
	e.plainType(r.prog().desc)
	e.uvarint(uint64(r.count))
	e.fixed32(guard(guardSentinel, at, r.prog().typ.String(), 1))
	e.uvarint(uint64(off))
}

func (d *decoder) newSentinel() (x *object, off uintptr) {
	at := d.varint()
	p, n := d.elements()
	if n != 1 || !p.isError || d.fixed32() != guard(guardSentinel, at, p.typ.String(), 1) {
		corrupt("bad sentinel")
	}
	off = uintptr(d.length())
	o := object{ptr: d.alloc(p, 1), prog: p, n: 1, full: p.free}
	mem := o.ptr
	if here := sentinelIn(at, p); here != nil {
		d.copies[d.objects.n+1] = o.ptr
		o.ptr, o.placed, o.kept = here, true, true
	}
	if !p.free {
		return d.push(o), off
	}
	x = d.add(o)
	d.raw(mem, o.size())
	return x, off
}
