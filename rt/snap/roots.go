package snap

// This file defines where a scan begins: at the root, and at what is registered. What is registered lies in the image, mostly; its regions are the same
// in every scan, so they are made once.

import (
	"unsafe"
)

// statics are what every scan begins with: all, and what is left of that without the registered variables. Guarded by mu.
var statics [2]staticRoots

type staticRoots struct {
	made        bool
	fingerprint uint64   // of what was registered then
	regs        []region // external variables, then registered variables
	tree        *tree    // of regs
	work        []job
	heapVars    []int // indices of registered variables that are not in the image
	heapTargets []int // indices of external variables that lead into the heap
}

// addStatic adds external variables, what they lead to, and the registered variables that are in the image.
func (s *scanner) addStatic() {
	static := &statics[0]
	if s.isolated {
		static = &statics[1]
	}
	s.static = static
	if !static.isValid() {
		static.make(s.isolated)
	}
	s.regs.addAll(static.regs)
	s.trees = append(s.trees, static.tree)
	s.work = append(s.work, static.work...)
	for _, i := range static.heapTargets {
		to := &registry.externals[i].to
		s.markExternal(to.ptr, to.prog, to.count, i, true)
	}
}

// isValid reports whether static is about what is registered, and no external variable has been set since.
func (static *staticRoots) isValid() bool {
	if !static.made || static.fingerprint != fingerprint() {
		return false
	}
	for i := range registry.externals {
		if v := &registry.externals[i]; v.word() != v.to.value {
			return false
		}
	}
	return true
}

// make makes static by a scan of what is in the image.
func (static *staticRoots) make(isolated bool) {
	s := &newWorkspace().scanner
	s.static, s.isolated = static, isolated
	s.trees, s.ownImage = []*tree{{}}, true
	static.made, static.fingerprint, static.heapTargets = true, fingerprint(), nil
	for i := range registry.externals {
		v := &registry.externals[i]
		p, n := progOf(v.typ)
		s.markExternal(v.ptr, p, n, i, false)
		v.lookup()
		switch to := &v.to; {
		case to.ptr == nil:
		case s.heapHead(to.ptr) != nil:
			static.heapTargets = append(static.heapTargets, i)
		default:
			s.markExternal(to.ptr, to.prog, to.count, i, true)
		}
	}
	static.heapVars = nil
	for i, v := range registry.vars {
		if isolated {
			break
		}
		if s.heapHead(v.ptr) != nil {
			static.heapVars = append(static.heapVars, i)
			continue
		}
		s.addVar(i)
	}
	static.regs = nil
	for i := uint32(1); i <= s.regs.n; i++ {
		static.regs = append(static.regs, *s.regs.at(i))
	}
	static.tree, static.work = s.trees[0], s.work // so the workspace is not released
}

// headOf returns the head of the object p points into, and what p is in if that is not the heap.
func (s *space) headOf(p unsafe.Pointer) (*head, section) {
	if h := s.heapHead(p); h != nil {
		return h, secNone
	}
	sec := sectionOf(uintptr(p))
	if sec == secWritable {
		return &s.image, sec
	}
	return nil, sec
}

// addVar adds registered variable i.
func (s *scanner) addVar(i int) {
	v := &registry.vars[i]
	p, n := progOf(v.typ)
	s.addRoot(v.ptr, p, n, inVar, i)
}

// addRoot adds n elements of pr at p, a region that is restored in place.
func (s *scanner) addRoot(p unsafe.Pointer, pr *prog, n int, pl place, name int) {
	h, _ := s.headOf(p)
	size := pr.size * uintptr(n)
	if h != nil && size > 0 {
		s.list = s.overlapping(*h, uintptr(p), uintptr(p)+size, s.list[:0])
		if len(s.list) > 0 {
			if r := s.regs.at(s.list[0]); pl == inVar && r.place == inVar && r.covers(uintptr(p), uintptr(p)+size) || r.kind == external {
				return // the same variable by two names, or an external one
			}
			s.bail(pr.typ, "two registered variables overlap")
		}
	}
	s.use(pr)
	i := s.regs.add(region{addr: uintptr(p), progID: pr.id, count: n, place: pl, name: uint32(name)})
	if pl == inRoot {
		s.root = i
	}
	if h != nil && size > 0 {
		s.insert(h, i)
	}
	s.push(i, p, pr, n)
}

// markExternal marks n elements of pr at p, an external variable or what its value leads to.
func (s *scanner) markExternal(p unsafe.Pointer, pr *prog, n, name int, target bool) {
	h, _ := s.headOf(p)
	if h == nil || pr.size*uintptr(n) == 0 {
		return
	}
	heap := h != &s.image
	r := region{addr: uintptr(p), progID: pr.id, count: n, kind: external, name: uint32(name), place: inVar}
	if target {
		r.place = allocated
	}
	// The tiny allocator puts several small objects without pointers into one.
	r.whole = heap && !(pr.free && r.size() < 16) && name < len(registry.externals)
	s.list = s.overlapping(*h, uintptr(p), r.end(), s.list[:0])
	if len(s.list) == 0 {
		s.insert(h, s.regs.add(r))
	}
}
