package snap

// This file defines tree, a sorted list of regions in blocks: a B-tree of two levels.

import "slices"

const maxBlock = 512

type entry struct {
	addr uintptr
	i    uint32
}

// A tree holds disjoint regions by address. No block is empty.
type tree struct {
	blocks [][]entry
	lows   []uintptr // an address from which on each block is responsible, at most its first
}

// block returns the number of the block that addr belongs to.
func (t *tree) block(addr uintptr) int {
	lo, hi := 0, len(t.lows)
	for lo < hi {
		if m := int(uint(lo+hi) / 2); t.lows[m] <= addr {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return max(lo-1, 0)
}

// search returns the first position in block with an address of at least addr.
func search(block []entry, addr uintptr) int {
	lo, hi := 0, len(block)
	for lo < hi {
		if m := int(uint(lo+hi) / 2); block[m].addr < addr {
			lo = m + 1
		} else {
			hi = m
		}
	}
	return lo
}

// position returns where the last region is that starts at or before addr; ok is false if there is none.
func (t *tree) position(addr uintptr) (b, at int, ok bool) {
	if len(t.blocks) == 0 {
		return 0, 0, false
	}
	b = t.block(addr)
	at = search(t.blocks[b], addr+1) - 1
	if at < 0 && b > 0 { // the first region of block b has been removed
		b--
		at = len(t.blocks[b]) - 1
	}
	return b, max(at, 0), at >= 0
}

// floor returns the last region that starts at or before addr, 0 if none.
func (t *tree) floor(addr uintptr) uint32 {
	if b, at, ok := t.position(addr); ok {
		return t.blocks[b][at].i
	}
	return 0
}

func (t *tree) insert(addr uintptr, i uint32) {
	if len(t.blocks) == 0 {
		t.blocks, t.lows = [][]entry{{{addr, i}}}, []uintptr{0}
		return
	}
	b := t.block(addr)
	block := t.blocks[b]
	at := search(block, addr)
	block = append(block, entry{})
	copy(block[at+1:], block[at:])
	block[at] = entry{addr, i}
	t.blocks[b] = block
	if len(block) < maxBlock {
		return
	}
	// Split. Cut at the end when the last entry is the new one: ascending insertion fills the blocks.
	cut := len(block) / 2
	if at == len(block)-1 {
		cut = at
	}
	right := append(make([]entry, 0, maxBlock), block[cut:]...)
	t.blocks[b] = block[:cut]
	t.blocks = slices.Insert(t.blocks, b+1, right)
	t.lows = slices.Insert(t.lows, b+1, right[0].addr)
}

func (t *tree) remove(addr uintptr) {
	b := t.block(addr)
	block := t.blocks[b]
	at := search(block, addr)
	copy(block[at:], block[at+1:])
	t.blocks[b] = block[:len(block)-1]
	if len(t.blocks[b]) == 0 {
		t.blocks = slices.Delete(t.blocks, b, b+1)
		t.lows = slices.Delete(t.lows, b, b+1)
	}
}

// overlapping appends the regions that have a byte in common with [lo, hi), in order.
func (t *tree) overlapping(s *space, lo, hi uintptr, list []uint32) []uint32 {
	for b, at, _ := t.position(lo); b < len(t.blocks); b, at = b+1, 0 {
		for _, e := range t.blocks[b][at:] {
			if e.addr >= hi {
				return list
			}
			if s.regs.at(e.i).overlaps(lo, hi) {
				list = append(list, e.i)
			}
		}
	}
	return list
}
