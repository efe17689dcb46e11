package rt

import "unicode/utf8"

// This file defines iterators for range loops whose bodies can suspend: plain data in place of Go's hidden state.

// A MapIter iterates over the keys that a map had when its second entry was asked for, in the order in which Go would have taken them. A
// loop that takes one entry and breaks costs no list of them all.
type MapIter[K comparable, V any] struct {
	m     map[K]V
	state iterState
	first K
	keys  []K
	odd   map[int]V // values of keys that no lookup finds (NaN), by index in keys
	i     int
}

type iterState uint8

const (
	iterNew    iterState = iota
	iterFirst            // first has been returned, and is not in keys
	iterListed           // keys are there
)

// RangeMap begins an iteration over m.
func RangeMap[M ~map[K]V, K comparable, V any](m M) *MapIter[K, V] { return &MapIter[K, V]{m: m} }

// Next returns the next entry. As with range, entries deleted meanwhile are skipped.
func (it *MapIter[K, V]) Next() (ok bool, k K, v V) {
	if it.state == iterNew {
		for k, v = range it.m {
			if odd(k) {
				break
			}
			it.state, it.first = iterFirst, k
			return true, k, v
		}
	}
	if it.state != iterListed {
		it.list()
	}
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
	*it = MapIter[K, V]{state: iterListed} // let go of the map
	var noKey K
	var noValue V
	return false, noKey, noValue
}

// list lists the keys but the first, if that is gone.
func (it *MapIter[K, V]) list() {
	skip := it.state == iterFirst
	it.state = iterListed
	if len(it.m) == 0 {
		return
	}
	it.keys = make([]K, 0, len(it.m))
	for k, v := range it.m {
		switch {
		case odd(k):
			if it.odd == nil {
				it.odd = make(map[int]V)
			}
			it.odd[len(it.keys)] = v
		case skip && k == it.first:
			skip = false
			continue
		}
		it.keys = append(it.keys, k)
	}
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
