package snap

// This file defines phase 2: keeping the regions of one object disjoint.
//
// A new region N meets the live regions R1..Rk that it overlaps. In an ordinary program there are three cases:
//
//   - one R covers N, and holds N's type there: N is a place in R. Nothing to do.
//   - N covers an R, and holds R's type there: R becomes a place in N. N is scanned, R's memory with it a
//     second time; types nest finitely, so this stays linear.
//   - N and R are arrays of the same elements and overlap in part: both become one array. Only what is
//     new is scanned, so n suffixes of one slice cost n and not n².
//
// With package unsafe, memory can be seen as two types. Without references that is one piece of plain
// words. With references it is refused.

import (
	"slices"
	"unsafe"
)

// add records the region (q, p, n) in the object of h.
func (s *scanner) add(h *head, q unsafe.Pointer, p *prog, n int, pl place) {
	if *h == 0 {
		s.first(h, q, p, n, pl)
		return
	}
	lo, hi := uintptr(q), uintptr(q)+p.size*uintptr(n)
	s.list = s.overlapping(*h, lo, hi, s.list[:0])
	switch len(s.list) {
	case 0:
		s.newMemory(h, region{addr: uintptr(q), progID: p.id, count: n, place: pl})
		return
	case 1:
		r := s.regs.at(s.list[0])
		if r.kind == external || r.kind == memory && lo >= r.addr && r.prog().holds(r.count, lo-r.addr, p, n) {
			if r.kind == external && s.link != nil && !r.covers(lo, hi) {
				s.bailTo(q, p.typ, "a part of its memory is shared already")
			}
			if r.place == constantMem {
				r.place = pl // package unsafe makes strings of memory that changes
			}
			return
		}
	}
	slices.SortFunc(s.list, func(a, b uint32) int {
		if s.regs.at(a).addr < s.regs.at(b).addr {
			return -1
		}
		return 1
	})
	s.merge(h, region{addr: uintptr(q), progID: p.id, count: n, place: pl})
}

// newMemory adds the region r and scans all of it.
func (s *scanner) newMemory(h *head, r region) uint32 {
	s.use(r.prog())
	r.parent = s.cur
	i := s.regs.add(r)
	s.insert(h, i)
	s.push(i, r.ptr(), r.prog(), r.count)
	return i
}

// first adds n elements of p at q, the first region of the heap object of h: newMemory for the most frequent case.
func (s *scanner) first(h *head, q unsafe.Pointer, p *prog, n int, pl place) {
	s.use(p)
	i, r := s.regs.next()
	*r = region{addr: uintptr(q), count: n, progID: p.id, parent: s.cur, place: pl}
	*h = head(i)
	if len(p.refs) > 0 {
		s.work = append(s.work, job{uintptr(q), n, i, p.id})
	}
}

// merge adds the region n, which overlaps s.list.
func (s *scanner) merge(h *head, n region) {
	all := n // n and the arrays that continue it
	for _, i := range s.list {
		r := s.regs.at(i)
		switch {
		case r.kind != memory:
			s.clash(&n, r)
		case continues(&n, r):
			all = hull(&all, r)
		case n.covers(r.addr, r.end()) && n.prog().holds(n.count, r.addr-n.addr, r.prog(), r.count):
		default:
			s.mergeWords(h, n)
			return
		}
		if r.place == inRoot || r.place == inVar {
			s.clash(&n, r)
		}
	}
	at := all.addr // what is below has been scanned
	var gaps []job
	for _, i := range s.list {
		r := s.regs.at(i)
		if continues(&n, r) {
			gaps = append(gaps, gap(&all, at, r.addr))
			at = r.end()
		}
		s.remove(h, i)
		r.dead = true
		s.dead++
	}
	gaps = append(gaps, gap(&all, at, all.end()))
	all.parent = s.cur
	i := s.regs.add(all)
	s.insert(h, i)
	for _, g := range gaps {
		if g.n > 0 {
			s.push(i, pointerTo(g.mem), all.prog(), g.n)
		}
	}
}

// gap is the job for the elements of r from address at to address end.
func gap(r *region, at, end uintptr) job {
	return job{mem: at, n: int((end - at) / r.prog().size)}
}

// continues reports whether n and r are parts of one array.
func continues(n, r *region) bool {
	if n.prog() != r.prog() && (n.prog().size != r.prog().size || n.prog().layout() != r.prog().layout()) {
		return false
	}
	lo, hi := n.addr, r.addr
	if lo > hi {
		lo, hi = hi, lo
	}
	return (hi-lo)%n.prog().size == 0
}

// hull is the region of both a and b, in terms of a.
func hull(a, b *region) region {
	h := *a
	if b.addr < h.addr {
		h.addr = b.addr
	}
	h.count = int((max(a.end(), b.end()) - h.addr) / h.prog().size)
	return h
}

// mergeWords adds the region n, which overlaps s.list with other types, as plain words.
func (s *scanner) mergeWords(h *head, n region) {
	lo, hi := n.addr, n.end()
	for {
		for _, i := range s.list {
			r := s.regs.at(i)
			if r.kind != memory || !r.prog().free || !n.prog().free || r.place == inRoot || r.place == inVar {
				s.clash(&n, r)
			}
			lo = min(lo, r.addr)
			hi = max(hi, r.end())
		}
		lo, hi = lo&^7, (hi+7)&^7 // objects begin and end at multiples of 8
		more := s.overlapping(*h, lo, hi, nil)
		if len(more) == len(s.list) {
			break
		}
		s.list = more
	}
	for _, i := range s.list {
		s.remove(h, i)
		s.regs.at(i).dead = true
		s.dead++
	}
	n.addr, n.progID, n.count = lo, wordsProg().id, int((hi-lo)/8)
	s.newMemory(h, n)
}

// clash reports that memory is seen as two types.
func (s *scanner) clash(n, r *region) {
	why := "unsafe code sees the same memory as " + r.prog().typ.String()
	switch {
	case r.kind == external:
		why = "it overlaps " + s.externalName(r)
	case r.place == inRoot:
		why = "it contains the root of the snapshot"
	case r.place == inVar:
		why = "it overlaps the variable " + registry.vars[r.name].name
	}
	s.bailTo(n.ptr(), n.prog().typ, why)
}
