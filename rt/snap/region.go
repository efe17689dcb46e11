package snap

// This file defines regions and the places where they are looked up: by heap object, by position in the image.

import "unsafe"

type regionKind uint8

const (
	memory   regionKind = iota // count elements of prog
	mapping                    // a map; prog is of the map type
	channel                    // a channel; prog is of the element type
	closure                    // a registered closure
	timer                      // a time.Timer or time.Ticker with what the runtime keeps behind it; prog is of time.Timer
	external                   // object of a package that is not saved, or that processes share (link.go)
)

// A place says where Load puts a region.
type place uint8

const (
	allocated   place = iota // anywhere
	inRoot                   // where the caller's root is
	inVar                    // in the registered variable region.name
	inImage                  // at the same image offset
	inSentinel               // where the package variable at offsets[region.name] leads to, if that has the type; else anywhere
	constantMem              // anywhere; nobody changes it
)

// A region is a piece of memory. See the package comment. It holds no pointer, so that the collector need not look at the millions there may be.
type region struct {
	addr   uintptr // objects do not move; the root keeps them alive
	count  int
	progID uint32
	next   uint32 // next live region of the same object, 0 if none
	parent uint32 // in a scan: region that led here, 0 if none; then: label
	id     uint32 // number in the stream + 1, 0 if none yet
	name   uint32 // index into registry.vars, externals or closures, beyond these into link.memory or space.bounds
	kind   regionKind
	place  place
	dead   bool // merged into another
	whole  bool // external: covers the whole heap object
}

func (r *region) prog() *prog         { return progList[r.progID] }
func (r *region) ptr() unsafe.Pointer { return pointerTo(r.addr) }

// pointerTo is the pointer to an address that something else keeps alive.
func pointerTo(u uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&u)) }

// label is the number by which references name r, once it has been given one. The scan is over then, so nobody asks for the parent.
func (r *region) label() uint32     { return r.parent }
func (r *region) setLabel(x uint32) { r.parent = x }

func (r *region) size() uintptr { return r.prog().size * uintptr(r.count) }
func (r *region) end() uintptr  { return r.addr + r.size() }

// covers reports whether [lo, hi) is in r; an empty range is if it starts in r.
func (r *region) covers(lo, hi uintptr) bool {
	if r.whole {
		return true
	}
	if r.kind == mapping || r.kind == channel || r.kind == closure || r.kind == timer {
		return lo == r.addr
	}
	return r.addr <= lo && hi <= r.end() && lo < r.end()
}

// overlaps reports whether r and [lo, hi) have a byte in common.
func (r *region) overlaps(lo, hi uintptr) bool {
	if r.kind != memory && r.kind != external || r.whole {
		return r.covers(lo, hi)
	}
	return r.addr < hi && lo < r.end()
}

const (
	isTree   = 1 << 31 // a head with this bit is the number of a tree, else of the first region of a chain
	maxChain = 8       // longer chains become trees
)

// A head is the set of the live regions of one object.
type head uint32

// A space finds the regions of an address.
type space struct {
	regs     chunked[region]
	spans    spanTables
	trees    []*tree
	image    head   // the static memory: trees[0]
	ownImage bool   // trees[0] is not the one of static
	root     uint32 // region of the root

	constants map[constant]uint32 // content of static boxes and strings
	nodes     map[uintptr]uint32  // maps, channels in the image
	bounds    []*bound            // method values of code that is not compiled
	offsets   []int64             // image offsets of variables that hold errors (sentinel.go)
	used      []*prog             // of types that are mentioned
	gen       uint32              // of this scan, see prog.used
	shared    bool                // some short string is part of a region
	static    *staticRoots
	linked    []*Thing // shared memory that it has met
	link      *Link    // what it is written for, nil: a snapshot
	copied    bool     // for a link: the root is a copy, and locks in it are nobody else's
	isolated  bool     // package variables are not part of it
	pages     pageSet  // pages with regions; set when the scan ends
	found     found    // by the last heapHead
	written   bool     // regions have numbers
	dead      uint32   // regions that have been merged into others
	steps     int      // look-ups, regions looked at, entries moved: what the time goes with
}

// A found is a heap object as runtime.findObject tells it.
type found struct{ base, span, index uintptr }

// A constant is a piece of immutable static memory that is saved by content.
type constant struct {
	addr  uintptr
	prog  *prog
	count int
}

// objects is how many objects the snapshot has, at least.
func (s *space) objects() uint32 {
	return uint32(max(1, int(s.regs.n)-int(s.dead)-len(s.static.regs)-len(s.static.heapTargets)))
}

// heapHead returns the head of the heap object that p points into, nil if there is none.
func (s *space) heapHead(p unsafe.Pointer) *head {
	s.steps++
	base, span, i := findObject(uintptr(p), 0, 0)
	if base == 0 {
		return nil
	}
	s.found = found{base, uintptr(span), i}
	return s.spans.word(uintptr(span), int(i))
}

// find returns a live region of h that covers [lo, hi), 0 if none.
func (s *space) find(h head, lo, hi uintptr) uint32 {
	if h&isTree != 0 {
		if i := s.trees[h&^isTree].floor(lo); i != 0 && s.regs.at(i).covers(lo, hi) {
			return i
		}
		return 0
	}
	for i := uint32(h); i != 0; {
		s.steps++
		r := s.regs.at(i)
		if r.covers(lo, hi) {
			return i
		}
		i = r.next
	}
	return 0
}

// overlapping appends the live regions of h that have a byte in common with [lo, hi).
func (s *space) overlapping(h head, lo, hi uintptr, list []uint32) []uint32 {
	if h&isTree != 0 {
		return s.trees[h&^isTree].overlapping(s, lo, hi, list)
	}
	for i := uint32(h); i != 0; i = s.regs.at(i).next {
		s.steps++
		if s.regs.at(i).overlaps(lo, hi) {
			list = append(list, i)
		}
	}
	return list
}

// insert adds region i to h.
func (s *space) insert(h *head, i uint32) {
	s.own(h)
	if *h&isTree == 0 {
		n := 0
		for j := uint32(*h); j != 0; j = s.regs.at(j).next {
			n++
		}
		if n < maxChain || s.regs.at(i).kind != memory {
			s.regs.at(i).next = uint32(*h)
			*h = head(i)
			return
		}
		s.growTree(h)
	}
	s.steps += s.trees[*h&^isTree].insert(s.regs.at(i).addr, i)
}

// growTree turns the chain of h into a tree.
func (s *space) growTree(h *head) {
	t := new(tree)
	for j := uint32(*h); j != 0; j = s.regs.at(j).next {
		t.insert(s.regs.at(j).addr, j)
	}
	s.trees = append(s.trees, t)
	*h = head(len(s.trees)-1) | isTree
}

// own makes h one that may be changed.
func (s *space) own(h *head) {
	if *h == s.image && !s.ownImage {
		s.trees[0], s.ownImage = s.trees[0].clone(), true
	}
}

// remove takes region i out of h.
func (s *space) remove(h *head, i uint32) {
	s.own(h)
	if *h&isTree != 0 {
		s.trees[*h&^isTree].remove(s.regs.at(i).addr)
		return
	}
	if uint32(*h) == i {
		*h = head(s.regs.at(i).next)
		return
	}
	for j := uint32(*h); j != 0; j = s.regs.at(j).next {
		if s.regs.at(j).next == i {
			s.regs.at(j).next = s.regs.at(i).next
			return
		}
	}
}
