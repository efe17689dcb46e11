package snap

// This file defines the last part of Load: what needs all memory to be filled, and the commit.

import (
	"reflect"
	"sync"
	"unsafe"
)

// A syncMap is a sync.Map to be filled: with n entries, or with pairs once they are read.
type syncMap struct {
	at    unsafe.Pointer
	n     int
	pairs []any
}

func (d *decoder) lateParts() {
	d.late = true
	for i := range d.objects {
		d.cur = i
		switch o := &d.objects[i]; o.kind {
		case mapping:
			d.fillMap(o)
		case channel:
			d.fillChan(o)
		}
	}
	for i := range d.syncMaps {
		m := &d.syncMaps[i]
		m.pairs = d.pairs(m.n)
	}
}

func (d *decoder) fillMap(o *object) {
	e := newMapEntry(o.typ)
	key, elem := reflect.NewAt(o.typ.Key(), e.key).Elem(), reflect.NewAt(o.typ.Elem(), e.elem).Elem()
	m := mapValue(o.typ, o.ptr)
	for range o.count {
		key.SetZero()
		elem.SetZero()
		d.mem(e.key, e.keyProg, e.keyCount)
		d.mem(e.elem, e.elemProg, e.elemCount)
		m.SetMapIndex(key, elem)
	}
	d.skip(padding(0))
}

func (d *decoder) fillChan(o *object) {
	ch := reflect.NewAt(reflect.ChanOf(reflect.BothDir, o.typ), unsafe.Pointer(&o.ptr)).Elem()
	p, n := progOf(o.typ)
	elem := reflect.New(o.typ)
	for range o.count {
		elem.Elem().SetZero()
		d.mem(elem.UnsafePointer(), p, n)
		if !ch.TrySend(elem.Elem()) {
			corrupt("channel too full")
		}
	}
	d.skip(chanPadding(o.typ.Size(), int((*hchan)(o.ptr).dataqsiz), o.count)) // Cap is 0 of a timer's
	if o.fill != nil {
		ch.Close()
	}
}

// skip skips n bytes of padding.
func (d *decoder) skip(n uintptr) {
	if !isZeros(d.bytes(int(n))) {
		corrupt("padding is not zero")
	}
}

// syncMap reads a sync.Map at slot. Its entries follow here, or at the end if memory is not complete yet.
func (d *decoder) syncMap(slot unsafe.Pointer) {
	n := d.count()
	if d.late {
		store(slot, d.pairs(n))
		return
	}
	o := &d.objects[d.cur]
	d.syncMaps = append(d.syncMaps, syncMap{at: unsafe.Add(o.ptr, uintptr(slot)-uintptr(o.fill)), n: n})
}

func (d *decoder) pairs(n int) []any {
	if n > d.left() {
		corrupt("count beyond the end")
	}
	pairs := make([]any, 2*n)
	for i := range pairs {
		d.op(&efaceOp, unsafe.Pointer(&pairs[i]))
		if i%2 == 0 && pairs[i] != nil && !reflect.ValueOf(pairs[i]).Comparable() {
			corrupt("key of a sync.Map cannot be hashed")
		}
	}
	return pairs
}

func store(m unsafe.Pointer, pairs []any) {
	for i := 0; i < len(pairs); i += 2 {
		(*sync.Map)(m).Store(pairs[i], pairs[i+1])
	}
}

// commit copies what is restored in place to its place.
func (d *decoder) commit() {
	for i := range d.objects {
		if o := &d.objects[i]; o.kind == memory && o.fill != o.ptr {
			t := o.prog.typ
			reflect.Copy(reflect.SliceAt(t, o.ptr, o.count), reflect.SliceAt(t, o.fill, o.count))
		}
	}
	for _, m := range d.syncMaps {
		store(m.at, m.pairs)
	}
}
