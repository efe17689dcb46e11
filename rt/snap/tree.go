package snap

// This file defines tree, a sorted list of regions: a B-tree of three levels, which is enough for any heap.

import "slices"

// A node that has so many entries is split.
const (
	maxBlock = 512
	maxGroup = 512
)

type entry struct {
	addr uintptr
	i    uint32
}

// A tree holds disjoint regions by address.
type tree struct {
	groups []*group
	lows   []uintptr // an address from which on each group is responsible, at most its first
}

func (t *tree) clone() *tree {
	c := &tree{slices.Clone(t.groups), slices.Clone(t.lows)}
	for i, g := range c.groups {
		d := &group{slices.Clone(g.blocks), slices.Clone(g.lows)}
		for b := range d.blocks {
			d.blocks[b] = slices.Clone(d.blocks[b])
		}
		c.groups[i] = d
	}
	return c
}

// A group is a part of a tree. No block is empty.
type group struct {
	blocks [][]entry
	lows   []uintptr // an address from which on each block is responsible, at most its first
}

// floor returns the last region that starts at or before addr, 0 if none.
func (t *tree) floor(addr uintptr) uint32 {
	for g := partOf(t.lows, addr); g >= 0 && g < len(t.groups); g-- { // a group may be empty
		if i := t.groups[g].floor(addr); i != 0 {
			return i
		}
	}
	return 0
}

// insert adds region i, and returns how many entries it moved.
func (t *tree) insert(addr uintptr, i uint32) (moved int) {
	if len(t.groups) == 0 {
		t.groups, t.lows = []*group{{}}, []uintptr{0}
	}
	at := partOf(t.lows, addr)
	g := t.groups[at]
	moved = g.insert(addr, i)
	if len(g.blocks) >= maxGroup {
		cut := len(g.blocks) / 2
		right := &group{slices.Clone(g.blocks[cut:]), slices.Clone(g.lows[cut:])}
		clear(g.blocks[cut:])
		g.blocks, g.lows = g.blocks[:cut], g.lows[:cut]
		t.groups = slices.Insert(t.groups, at+1, right)
		t.lows = slices.Insert(t.lows, at+1, right.lows[0])
		moved += len(right.blocks) + len(t.groups) - at
	}
	return moved
}

func (t *tree) remove(addr uintptr) {
	at := partOf(t.lows, addr)
	g := t.groups[at]
	g.remove(addr)
	if len(g.blocks) == 0 && at > 0 {
		t.groups = slices.Delete(t.groups, at, at+1)
		t.lows = slices.Delete(t.lows, at, at+1)
	}
}

// overlapping appends the regions that have a byte in common with [lo, hi), in order.
func (t *tree) overlapping(s *space, lo, hi uintptr, list []uint32) []uint32 {
	g := partOf(t.lows, lo)
	if g > 0 { // the last region before may reach into the range
		if i := t.groups[g].floor(lo); i == 0 {
			g--
		}
	}
	for done := false; g < len(t.groups) && !done; g++ {
		list, done = t.groups[g].overlapping(s, lo, hi, list)
	}
	return list
}

// block returns the number of the block that addr belongs to.
func (t *group) block(addr uintptr) int { return partOf(t.lows, addr) }

// partOf returns the number of the part that addr belongs to; lows says from which address on each part is responsible.
func partOf(lows []uintptr, addr uintptr) int {
	lo, hi := 0, len(lows)
	for lo < hi {
		if m := int(uint(lo+hi) / 2); lows[m] <= addr {
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
func (t *group) position(addr uintptr) (b, at int, ok bool) {
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
func (t *group) floor(addr uintptr) uint32 {
	if b, at, ok := t.position(addr); ok {
		return t.blocks[b][at].i
	}
	return 0
}

// insert adds region i, and returns how many entries it moved.
func (t *group) insert(addr uintptr, i uint32) (moved int) {
	if len(t.blocks) == 0 {
		t.blocks, t.lows = [][]entry{{{addr, i}}}, []uintptr{0}
		return 0
	}
	b := t.block(addr)
	block := t.blocks[b]
	at := search(block, addr)
	block = append(block, entry{})
	copy(block[at+1:], block[at:])
	block[at] = entry{addr, i}
	t.blocks[b] = block
	if len(block) < maxBlock {
		return len(block) - at
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
	return len(right) + len(t.lows) - b
}

func (t *group) remove(addr uintptr) {
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

// overlapping appends the regions that have a byte in common with [lo, hi), in order. done says that none of a later group has.
func (t *group) overlapping(s *space, lo, hi uintptr, list []uint32) (all []uint32, done bool) {
	for b, at, _ := t.position(lo); b < len(t.blocks); b, at = b+1, 0 {
		for _, e := range t.blocks[b][at:] {
			if e.addr >= hi {
				return list, true
			}
			s.steps++
			if s.regs.at(e.i).overlaps(lo, hi) {
				list = append(list, e.i)
			}
		}
	}
	return list, false
}
