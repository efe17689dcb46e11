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

// next adds an entry, which is zero.
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

// A spanTable holds the heads of the objects of one heap span, by object number.
type spanTable struct {
	span  uintptr
	heads []head
}

func (t *spanTable) grow(i int) {
	heads := make([]head, max(8, i+1, 4*len(t.heads)))
	copy(heads, t.heads)
	t.heads = heads
}

// A spanTables finds the table of a span: a hash table with open addressing.
type spanTables struct {
	last  *spanTable
	slots []*spanTable // a power of two of them, at most half of them used
	n     int
}

// of returns the table of a span, a new one the first time.
func (s *spanTables) of(span uintptr) *spanTable {
	if t := s.last; t != nil && t.span == span {
		return t
	}
	if 2*s.n >= len(s.slots) {
		s.grow()
	}
	i := s.slot(span)
	if s.slots[i] == nil {
		s.slots[i] = &spanTable{span: span}
		s.n++
	}
	s.last = s.slots[i]
	return s.last
}

// slot returns where the table of span is, or is to be.
func (s *spanTables) slot(span uintptr) uint64 {
	mask := uint64(len(s.slots) - 1)
	i := uint64(span) * 0x9E3779B97F4A7C15 >> 32 & mask
	for s.slots[i] != nil && s.slots[i].span != span {
		i = (i + 1) & mask
	}
	return i
}

func (s *spanTables) grow() {
	old := s.slots
	s.slots = make([]*spanTable, max(64, 2*len(old)))
	for _, t := range old {
		if t != nil {
			s.slots[s.slot(t.span)] = t
		}
	}
}
