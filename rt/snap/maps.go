package snap

// This file defines the reading of maps.

import (
	"cmp"
	"encoding/binary"
	"math"
	"reflect"
	"slices"
	"strings"
	"unsafe"
)

// A mapEntry is a copy of one entry of a map.
type mapEntry struct {
	key, elem           unsafe.Pointer
	keyProg, elemProg   *prog
	keyCount, elemCount int
}

func newMapEntry(t reflect.Type) *mapEntry {
	e := &mapEntry{key: unsafeNew(descOf(t.Key())), elem: unsafeNew(descOf(t.Elem()))}
	e.keyProg, e.keyCount = progOf(t.Key())
	e.elemProg, e.elemCount = progOf(t.Elem())
	return e
}

// mapValue is the map at q as a reflect.Value.
func mapValue(t reflect.Type, q unsafe.Pointer) reflect.Value {
	return reflect.NewAt(t, unsafe.Pointer(&q)).Elem()
}

// scanMap looks at the entries of a map, in copies: nothing but the map points to its entries.
func (s *scanner) scanMap(r *region) {
	t := r.prog.typ
	e := newMapEntry(t)
	if len(e.keyProg.refs) == 0 && len(e.elemProg.refs) == 0 {
		return
	}
	s.entry = e
	defer func() { s.entry = nil }()
	if isBasic(t.Key()) {
		s.scanSorted(r, e)
		return
	}
	key, elem := reflect.NewAt(t.Key(), e.key).Elem(), reflect.NewAt(t.Elem(), e.elem).Elem()
	for it := mapValue(t, r.addr).MapRange(); it.Next(); {
		key.SetIterKey(it)
		s.refs(e.key, e.keyProg, e.keyCount)
		elem.SetIterValue(it)
		s.refs(e.elem, e.elemProg, e.elemCount)
	}
}

// scanSorted looks at the entries in the order of their keys, so that equal maps number what they lead to equally.
func (s *scanner) scanSorted(r *region, e *mapEntry) {
	m := copyMap(r.prog.typ, r.addr)
	s.copies[s.cur] = m
	for _, i := range m.order {
		e.key, e.elem = m.key(i), m.elem(i)
		s.refs(e.key, e.keyProg, e.keyCount)
		s.refs(e.elem, e.elemProg, e.elemCount)
	}
}

// isBasic reports whether sortKeys orders keys of type t.
func isBasic(t reflect.Type) bool {
	return t.Kind() >= reflect.Bool && t.Kind() <= reflect.Float64 || t.Kind() == reflect.String
}

// A mapCopy holds the entries of a map. Scan and encode share it: sorting is what costs.
type mapCopy struct {
	typ         reflect.Type
	keys, elems unsafe.Pointer // arrays
	order       []int          // sorted if the keys are of a basic kind
}

func (m *mapCopy) key(i int) unsafe.Pointer {
	return unsafe.Add(m.keys, uintptr(i)*m.typ.Key().Size())
}

func (m *mapCopy) elem(i int) unsafe.Pointer {
	return unsafe.Add(m.elems, uintptr(i)*m.typ.Elem().Size())
}

func copyMap(t reflect.Type, q unsafe.Pointer) *mapCopy {
	v := mapValue(t, q)
	n := v.Len()
	m := &mapCopy{t, unsafeNewArray(descOf(t.Key()), n), unsafeNewArray(descOf(t.Elem()), n), make([]int, 0, n)}
	keys, elems := reflect.SliceAt(t.Key(), m.keys, n), reflect.SliceAt(t.Elem(), m.elems, n)
	for it := v.MapRange(); len(m.order) < n && it.Next(); {
		i := len(m.order)
		keys.Index(i).SetIterKey(it)
		elems.Index(i).SetIterValue(it)
		m.order = append(m.order, i)
	}
	sortKeys(t.Key(), m.keys, m.order)
	return m
}

// A rank orders keys: by number, equal numbers by the strings that they begin.
type rank struct {
	num uint64
	i   int
}

// sortKeys orders keys of a basic kind by value.
func sortKeys(t reflect.Type, keys unsafe.Pointer, order []int) {
	if !isBasic(t) {
		return
	}
	ranks := make([]rank, len(order))
	for i := range ranks {
		ranks[i] = rank{number64(t.Kind(), unsafe.Add(keys, uintptr(i)*t.Size())), i}
	}
	var texts []string
	if t.Kind() == reflect.String {
		texts = unsafe.Slice((*string)(keys), len(order))
	}
	slices.SortFunc(ranks, func(a, b rank) int {
		switch {
		case a.num != b.num:
			return cmp.Compare(a.num, b.num)
		case texts != nil:
			return strings.Compare(texts[a.i], texts[b.i])
		}
		return cmp.Compare(a.i, b.i) // NaNs
	})
	for i, r := range ranks {
		order[i] = r.i
	}
}

// number64 maps the key at p to a number of the same order; a string by its first 8 bytes.
func number64(k reflect.Kind, p unsafe.Pointer) uint64 {
	const sign = 1 << 63
	switch k {
	case reflect.String:
		var b [8]byte
		copy(b[:], *(*string)(p))
		return binary.BigEndian.Uint64(b[:])
	case reflect.Int, reflect.Int64:
		return uint64(*(*int64)(p)) ^ sign
	case reflect.Int32:
		return uint64(*(*int32)(p)) ^ sign
	case reflect.Int16:
		return uint64(*(*int16)(p)) ^ sign
	case reflect.Int8:
		return uint64(*(*int8)(p)) ^ sign
	case reflect.Float64:
		return orderFloat(*(*float64)(p))
	case reflect.Float32:
		return orderFloat(float64(*(*float32)(p)))
	case reflect.Uint32:
		return uint64(*(*uint32)(p))
	case reflect.Uint16:
		return uint64(*(*uint16)(p))
	case reflect.Uint8, reflect.Bool:
		return uint64(*(*uint8)(p))
	}
	return *(*uint64)(p)
}

func orderFloat(f float64) uint64 {
	b := math.Float64bits(f)
	if b>>63 != 0 {
		return ^b
	}
	return b | 1<<63
}
