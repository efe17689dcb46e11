package snap

// This file defines what snap knows about unique.Handle.
//
// A unique.Handle[T] is the address of the one T with this value in this process. Load has to ask package unique for the T of the new process; for that
// it needs code for each T, which RegisterHandle brings. Package unique hashes the value. So the value is written where its handle is met first, and
// all that a hash reads is in place: strings, boxes of interfaces, other handles. What a pointer leads to is not hashed, and written as ever.

import (
	"reflect"
	"unique"
	"unsafe"
)

// handleMakers make the handle, as a pointer, of the value that is pointed to. By descriptor of the value's type.
var handleMakers = map[unsafe.Pointer]func(unsafe.Pointer) unsafe.Pointer{}

// RegisterHandle registers unique.Make for values of type t: make returns, as a pointer, the handle of the t at p.
func RegisterHandle(t reflect.Type, make func(p unsafe.Pointer) unsafe.Pointer) {
	handleMakers[descOf(t)] = make
}

// maxFlat bounds how deep boxes and handles lie in the value of a handle.
const maxFlat = 1000

func (s *scanner) handle(o *op, slot unsafe.Pointer) {
	q := *(*unsafe.Pointer)(slot)
	if q == nil || s.handles[q] || o.elem.Size() == 0 {
		return
	}
	switch {
	case handleMakers[descOf(o.elem)] == nil:
		s.bailAt(slot, o.typ, "the program has no code to make it again: no text that harkgen has seen mentions this instance of unique.Handle")
	case s.flat > maxFlat:
		s.bailAt(slot, o.typ, "handles lie too deep in each other")
	}
	if s.handles == nil {
		s.handles = map[unsafe.Pointer]bool{}
	}
	s.handles[q] = true
	sub, n := o.target()
	s.flat++
	s.refs(q, sub, n)
	s.flat--
}

// handle writes 0 for the zero handle, 1 for one of a value without size; else the number of the handle plus 2, which the value follows when
// the number is new.
func (e *encoder) handle(o *op, slot unsafe.Pointer) {
	q := *(*unsafe.Pointer)(slot)
	switch {
	case q == nil:
		e.uvarint(0)
		return
	case o.elem.Size() == 0:
		e.uvarint(1)
		return
	}
	i, ok := e.handles[q]
	if ok {
		e.uvarint(i)
		return
	}
	if e.handles == nil {
		e.handles = map[unsafe.Pointer]uint64{}
	}
	e.uvarint(uint64(len(e.handles)) + 2)
	e.handles[q] = uint64(len(e.handles)) + 2
	sub, n := o.target()
	e.flat++
	e.mem(q, sub, n)
	e.flat--
}

// A madeHandle is a handle that has been restored: nil while its value is being read.
type madeHandle struct {
	q   unsafe.Pointer
	typ reflect.Type
}

func (d *decoder) handle(o *op, slot unsafe.Pointer) {
	i := d.uvarint()
	switch {
	case i == 0:
		*(*unsafe.Pointer)(slot) = nil
		return
	case i == 1:
		if o.elem.Size() > 0 {
			corrupt("handle without a value")
		}
		*(*unsafe.Pointer)(slot) = emptyHandle
		return
	case i-2 > uint64(len(d.handles)):
		corrupt("handle out of range")
	case i-2 == uint64(len(d.handles)):
		d.handles = append(d.handles, madeHandle{typ: o.elem})
		q := d.newHandle(o)
		d.handles[i-2].q = q
	}
	h := d.handles[i-2]
	if h.q == nil || h.typ != o.elem {
		corrupt("handle within itself, or of another type")
	}
	*(*unsafe.Pointer)(slot) = h.q
}

func (d *decoder) newHandle(o *op) unsafe.Pointer {
	make := handleMakers[descOf(o.elem)]
	if make == nil {
		corrupt("handle of an unknown type")
	}
	sub, n := o.target()
	d.charge(sub.size, n)
	value := unsafeNew(descOf(o.elem))
	d.nest()
	d.mem(value, sub, n)
	d.flat--
	return make(value)
}

// nest goes one level down in the value of a handle.
func (d *decoder) nest() {
	if d.flat++; d.flat > 2*maxFlat {
		corrupt("value of a handle too deep")
	}
}

// flatText reads the n bytes of a string in the value of a handle.
func (d *decoder) flatText(n int) string {
	if int64(n) > d.rest() {
		corrupt("truncated")
	}
	b := make([]byte, n)
	d.copy(b)
	return string(b)
}

// emptyHandle is the handle of all values without size.
var emptyHandle = func() unsafe.Pointer {
	h := unique.Make(struct{}{})
	return *(*unsafe.Pointer)(unsafe.Pointer(&h))
}()
