package snap

// This file defines what becomes of short strings. They are written where they are, not as objects: a map of a million words would be a million
// objects more. That copies them, which nothing can tell but package unsafe:
//
//	b := []byte("bytes")
//	s := unsafe.String(&b[1], 3)
//	b[2] = 'T' // changes s
//
// So a short string that has memory in common with a region is a reference to it after all. The scan notes the short strings it meets. When all regions are known,
// those that overlap one become part of it.

import "unsafe"

// shortsSize is how much memory short strings share when they have been loaded. It is freed when the last of them is gone.
const shortsSize = 256

const (
	pageShift = 13
	addrBits  = 48 // of an address of the heap
)

// A pageSet is a set of pages of memory: 64 pages an entry.
type pageSet struct {
	last  uint64 // key of bits
	bits  uint64
	pages map[uint64]uint64
}

// emptied returns an empty set with the memory of p.
func (p *pageSet) emptied() pageSet {
	clear(p.pages)
	return pageSet{pages: p.pages}
}

func (p *pageSet) add(addr uintptr) {
	if !p.has(addr) {
		page := uint64(addr >> pageShift)
		p.bits |= 1 << (page & 63)
		p.pages[page>>6] = p.bits
	}
}

func (p *pageSet) has(addr uintptr) bool {
	page := uint64(addr >> pageShift)
	if k := page >> 6; k != p.last {
		p.last, p.bits = k, p.pages[k]
	}
	return p.bits>>(page&63)&1 != 0
}

// note remembers a short string that is not empty.
func (s *scanner) note(h *stringHeader) {
	_, x := s.shorts.next()
	*x = uint64(uintptr(h.data)) | uint64(h.len)<<addrBits
}

// shareStrings makes the short strings that overlap a region part of it.
func (s *scanner) shareStrings() {
	if s.shorts.n == 0 {
		return
	}
	if s.pages.pages == nil {
		s.pages.pages = map[uint64]uint64{}
	}
	for i := uint32(1); i <= s.regs.n; i++ {
		if r := s.regs.at(i); r.kind == memory && !r.dead {
			for a := r.addr; a < r.end(); a = (a>>pageShift + 1) << pageShift {
				s.pages.add(a)
			}
		}
	}
	for i := uint32(1); i <= s.shorts.n; i++ {
		x := *s.shorts.at(i)
		addr, n := uintptr(x&(1<<addrBits-1)), int(x>>addrBits)
		if !s.pages.has(addr) {
			continue
		}
		q := pointerTo(addr)
		h := s.heapHead(q)
		if h == nil || *h == 0 {
			continue
		}
		if s.list = s.overlapping(*h, addr, addr+uintptr(n), s.list[:0]); len(s.list) > 0 {
			s.add(h, q, bytesProg(), n, allocated)
			s.shared = true
		}
	}
}

// isShared reports whether a short string is part of a region.
func (s *space) isShared(h *stringHeader) bool {
	if !s.shared || !s.pages.has(uintptr(h.data)) {
		return false
	}
	head := s.heapHead(h.data)
	return head != nil && s.find(*head, uintptr(h.data), uintptr(h.data)+uintptr(h.len)) != 0
}

// short writes a short string: its length and content, or a length beyond all short ones and a reference.
func (e *encoder) short(o *op, h *stringHeader) {
	if h.len > 0 && e.isShared(h) {
		e.uvarint(uint64(h.len) + sharedString)
		e.ref(o, h.data, bytesProg(), h.len)
		return
	}
	e.uvarint(uint64(h.len))
	e.buf = append(e.buf, unsafe.Slice((*byte)(h.data), h.len)...)
}

// short reads a short string of n bytes.
func (d *decoder) short(n int) string {
	if n == 0 {
		return ""
	}
	if n > len(d.shorts) {
		d.shorts = make([]byte, shortsSize)
	}
	b := d.shorts[:n:n]
	d.shorts = d.shorts[n:]
	d.copy(b)
	return unsafe.String(unsafe.SliceData(b), n)
}
