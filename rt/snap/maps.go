//lint:file-ignore U1000 the fields of a mirror have their places, used or not

package snap

// This file defines the reading and the making of maps.

import (
	"reflect"
	"runtime"
	"unsafe"
)

//go:linkname mapiterinit runtime.mapiterinit
func mapiterinit(t, m unsafe.Pointer, it *mapIter)

//go:linkname mapiternext runtime.mapiternext
func mapiternext(it *mapIter)

//go:linkname mapassign reflect.mapassign0
func mapassign(t, m, key, elem unsafe.Pointer)

//go:linkname mapassignString reflect.mapassign_faststr0
func mapassignString(t, m unsafe.Pointer, key string, elem unsafe.Pointer)

// mapIter mirrors runtime.linknameIter: an iteration, as packages that are older than Go 1.24 know it.
type mapIter struct {
	key, elem unsafe.Pointer // of the entry, in the map; key is nil at the end
	typ       unsafe.Pointer
	it        unsafe.Pointer
}

// entries starts an iteration over the map m. The map must stay as it is.
func (t *mapType) entries(m unsafe.Pointer) *mapIter {
	it := new(mapIter)
	mapiterinit(t.desc, m, it)
	return it
}

func (it *mapIter) next() { mapiternext(it) }

// maxFastElem is the size up to which an element is in the map itself, and mapassignString works.
const maxFastElem = 128

// A mapType is what snap needs to know of a map type.
type mapType struct {
	desc                unsafe.Pointer
	keyType, elemType   reflect.Type
	keySize, elemSize   uintptr
	key, elem           *prog
	keyCount, elemCount int
	text                bool // mapassignString works
}

// mapTypeOf returns the mapType of the map type p.
func mapTypeOf(p *prog) *mapType {
	if p.entry == nil {
		t := p.typ
		m := &mapType{desc: p.desc, keyType: t.Key(), elemType: t.Elem(), keySize: t.Key().Size(), elemSize: t.Elem().Size(), text: t.Key().Kind() == reflect.String && t.Elem().Size() <= maxFastElem}
		m.key, m.keyCount = progOf(t.Key())
		m.elem, m.elemCount = progOf(t.Elem())
		p.entry = m
	}
	return p.entry
}

// assign sets an entry of the map m. It panics if the key cannot be hashed.
func (t *mapType) assign(m, key, elem unsafe.Pointer) {
	if t.text {
		mapassignString(t.desc, m, *(*string)(key), elem)
	} else {
		mapassign(t.desc, m, key, elem)
	}
}

func init() {
	type sample struct {
		k string
		v any
	}
	m, big := map[string]any{"a": 1}, map[int][200]byte{5: {7}}
	p, _ := progOf(reflect.TypeOf(m))
	q, _ := progOf(reflect.TypeOf(big))
	s := sample{"b", 2}
	mapTypeOf(p).assign(*(*unsafe.Pointer)(unsafe.Pointer(&m)), unsafe.Pointer(&s.k), unsafe.Pointer(&s.v))
	n := 0
	for it := mapTypeOf(p).entries(*(*unsafe.Pointer)(unsafe.Pointer(&m))); it.key != nil; it.next() {
		if m[*(*string)(it.key)] == *(*any)(it.elem) {
			n++
		}
	}
	it := mapTypeOf(q).entries(*(*unsafe.Pointer)(unsafe.Pointer(&big)))
	if n != 2 || m["b"] != 2 || *(*int)(it.key) != 5 || *(*byte)(it.elem) != 7 {
		panic("snap: this Go runtime (" + runtime.Version() + ") lays out maps in an unknown way")
	}
}

// mapValue is the map at q as a reflect.Value.
func mapValue(t reflect.Type, q unsafe.Pointer) reflect.Value {
	return reflect.NewAt(t, unsafe.Pointer(&q)).Elem()
}

// A mapEntry is one entry of a map.
type mapEntry struct {
	*mapType
	key, elem unsafe.Pointer
}

// scanMap looks at the entries of a map.
func (s *scanner) scanMap(r *region) {
	m := mapTypeOf(r.prog())
	if len(m.key.refs) == 0 && len(m.elem.refs) == 0 {
		return
	}
	e := &mapEntry{mapType: m}
	s.entry = e
	defer func() { s.entry = nil }()
	for it := m.entries(r.ptr()); it.key != nil; it.next() {
		e.key, e.elem = it.key, it.elem
		s.refs(e.key, m.key, m.keyCount)
		s.refs(e.elem, m.elem, m.elemCount)
	}
}
