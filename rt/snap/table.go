package snap

// This file defines the tables that grow with the heap.

import "math/bits"

const firstChunk = 1 << 6 // must be a power of two

// A chunked is a growing list whose entries do not move: chunk c > 0 holds as many as all before it. Entries are numbered from 1.
type chunked[T any] struct {
	chunks [][]T
	n      uint32
}

func (l *chunked[T]) at(i uint32) *T {
	c := bits.Len32(i / firstChunk)
	return &l.chunks[c][i&^(1<<(c+5)&^(firstChunk-1))]
}

// next adds an entry, which the caller fills.
func (l *chunked[T]) next() (uint32, *T) {
	l.n++
	if c := bits.Len32(l.n / firstChunk); c >= len(l.chunks) {
		l.chunks = append(l.chunks, make([]T, max(firstChunk, firstChunk<<c/2)))
	}
	return l.n, l.at(l.n)
}

func (l *chunked[T]) add(v T) uint32 {
	i, p := l.next()
	*p = v
	return i
}

// clear zeroes the entries.
func (l *chunked[T]) clear() {
	for i, c := range l.chunks {
		if i == 0 || l.n >= firstChunk<<(i-1) {
			clear(c)
		}
	}
}

// emptied returns an empty list with the memory of l.
func (l *chunked[T]) emptied() chunked[T] { return chunked[T]{chunks: l.chunks} }

// addAll adds vs to a list that is empty.
func (l *chunked[T]) addAll(vs []T) {
	if len(vs) == 0 {
		return
	}
	l.next()
	n := copy(l.chunks[0][1:], vs)
	l.n = uint32(n)
	for _, v := range vs[n:] {
		l.add(v)
	}
}

// reach makes entries up to i exist.
func (l *chunked[T]) reach(i uint32) {
	for c := bits.Len32(i / firstChunk); len(l.chunks) <= c; {
		l.chunks = append(l.chunks, make([]T, max(firstChunk, firstChunk<<len(l.chunks)/2)))
	}
	l.n = max(l.n, i)
}

// A spanTable holds the heads of the objects of one heap span, by object number.
type spanTable struct {
	span  uintptr // 0: not used
	heads []head  // or labels + 1, see labels.go
}

// A spanTables finds the table of a span: a hash table with open addressing.
type spanTables struct {
	last  *spanTable
	slots []spanTable // a power of two of them, at most half of them used
	n     int
	heads slab
}

// emptied returns an empty table with the memory of s.
func (s *spanTables) emptied() spanTables {
	clear(s.slots)
	return spanTables{slots: s.slots, heads: s.heads.emptied()}
}

// A slab gives out memory for heads.
type slab struct {
	chunks [][]head // each twice as large as the one before, or larger
	chunk  int      // which one memory is taken from
	used   int      // of it
}

// take returns n heads, which are zero.
func (s *slab) take(n int) []head {
	for s.chunk < len(s.chunks) && n > len(s.chunks[s.chunk])-s.used {
		s.chunk, s.used = s.chunk+1, 0
	}
	if s.chunk == len(s.chunks) {
		s.chunks = append(s.chunks, make([]head, max(n, 256<<min(s.chunk, 12))))
	}
	at := s.used
	s.used += n
	return s.chunks[s.chunk][at:s.used:s.used]
}

// emptied returns a slab with the memory of s, to be taken again.
func (s *slab) emptied() slab {
	for i := range s.chunks {
		if i < s.chunk {
			clear(s.chunks[i])
		} else if i == s.chunk {
			clear(s.chunks[i][:s.used])
		}
	}
	return slab{chunks: s.chunks}
}

// of returns the table of a span, a new one the first time. It is valid until the next call.
func (s *spanTables) of(span uintptr) *spanTable {
	if t := s.last; t != nil && t.span == span {
		return t
	}
	if 2*s.n >= len(s.slots) {
		s.grow()
	}
	t := s.slot(span)
	if t.span == 0 {
		t.span = span
		s.n++
	}
	s.last = t
	return t
}

// slot returns the table of span, or where it is to be.
func (s *spanTables) slot(span uintptr) *spanTable {
	mask := uint64(len(s.slots) - 1)
	i := uint64(span) * 0x9E3779B97F4A7C15 >> 32 & mask
	for s.slots[i].span != 0 && s.slots[i].span != span {
		i = (i + 1) & mask
	}
	return &s.slots[i]
}

func (s *spanTables) grow() {
	old := s.slots
	s.slots = make([]spanTable, max(32, 2*len(old)))
	for _, t := range old {
		if t.span != 0 {
			*s.slot(t.span) = t
		}
	}
}

// word returns head i of a span. It is valid until the next call.
func (s *spanTables) word(span uintptr, i int) *head {
	t := s.of(span)
	if i >= len(t.heads) {
		s.growHeads(t, i)
	}
	return &t.heads[i]
}

// growHeads makes room for head i in t. Heads move: pointers to them are not kept across this.
func (s *spanTables) growHeads(t *spanTable, i int) {
	heads := s.heads.take(max(8, i+1, 4*len(t.heads)))
	copy(heads, t.heads)
	t.heads = heads
}
