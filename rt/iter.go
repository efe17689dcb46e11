package rt

import "unicode/utf8"

// This file defines iterators for range loops whose bodies can suspend: plain data in place of Go's hidden state.

// A MapIter iterates over the keys that a map had at the start, in the order in which Go would have taken them.
type MapIter[K comparable, V any] struct {
	m    map[K]V
	keys []K
	odd  map[int]V // values of keys that no lookup finds (NaN), by index in keys
	i    int
}

// RangeMap begins an iteration over m.
func RangeMap[M ~map[K]V, K comparable, V any](m M) *MapIter[K, V] {
	it := &MapIter[K, V]{m: m}
	if len(m) == 0 {
		return it
	}
	it.keys = make([]K, 0, len(m))
	for k, v := range m {
		if odd(k) {
			if it.odd == nil {
				it.odd = make(map[int]V)
			}
			it.odd[len(it.keys)] = v
		}
		it.keys = append(it.keys, k)
	}
	return it
}

// Next returns the next entry. As with range, entries deleted meanwhile are skipped.
func (it *MapIter[K, V]) Next() (ok bool, k K, v V) {
	for it.i < len(it.keys) {
		k = it.keys[it.i]
		if odd(k) {
			v, ok = it.odd[it.i], it.hasOdd()
		} else {
			v, ok = it.m[k]
		}
		it.i++
		if ok {
			return
		}
	}
	*it = MapIter[K, V]{} // let go of the map
	var noKey K
	return false, noKey, v
}

// odd reports whether k is unequal to itself: a NaN, or something that holds one.
func odd[K comparable](k K) bool {
	same := k
	return k != same
}

// hasOdd reports whether the map still has NaN keys, which only clear removes.
func (it *MapIter[K, V]) hasOdd() bool {
	for k := range it.m {
		if odd(k) {
			return true
		}
	}
	return false
}

// A StringIter iterates over the runes of a string.
type StringIter struct {
	s string
	i int
}

// RangeString begins an iteration over s.
func RangeString(s string) *StringIter { return &StringIter{s: s} }

// Next returns the next rune and its index.
func (it *StringIter) Next() (ok bool, i int, r rune) {
	if it.i >= len(it.s) {
		return false, 0, 0
	}
	i = it.i
	r, n := utf8.DecodeRuneInString(it.s[i:])
	it.i += n
	return true, i, r
}
