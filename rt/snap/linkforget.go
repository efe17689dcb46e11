package snap

import (
	"maps"
	"runtime"
	"slices"
)

// This file finds out what of the shared things nothing in the process leads to any more. Whether that is so only the garbage collector knows. It is asked when there is
// twice as much as was left the last time: so its cost is in proportion to what has been shared meanwhile.

// minForget is how much there must be, in bytes, before anything is forgotten.
const minForget = 64 << 10

// weight is about how many bytes t takes with what is kept for it.
func (t *Thing) weight() int {
	w := 512
	if t.Kind == ThingMemory && t.fixed == nil {
		w += 2 * t.Count * int(t.Type.Size())
	}
	return w
}

func gone(t *Thing) bool { return t.Ptr() == nil }

// Forget forgets the things that nothing leads to, and returns their ids. What was written there must have been told. Unless now is set, it looks only if that is worth it.
func (l *Link) Forget(now bool) (ids []uint64) {
	mu.Lock()
	defer mu.Unlock()
	if !now && l.size < 2*l.lean+minForget {
		return nil
	}
	for _, t := range l.byID {
		t.held = nil
	}
	runtime.GC()
	l.size = 0
	for id, t := range l.byID {
		if gone(t) {
			ids = append(ids, id)
			delete(l.byID, id)
			continue
		}
		t.hold()
		l.size += t.weight()
	}
	l.lean = l.size
	if ids == nil {
		return nil
	}
	maps.DeleteFunc(l.byAddr, func(_ uintptr, t *Thing) bool { return gone(t) })
	maps.DeleteFunc(l.locks, func(_ uintptr, t *Thing) bool { return gone(t) })
	maps.DeleteFunc(l.byBase, func(base uintptr, ts []*Thing) bool {
		ts = slices.DeleteFunc(ts, gone)
		l.byBase[base] = ts
		return len(ts) == 0
	})
	slices.Sort(ids)
	return ids
}

// hold keeps memory alive until Forget looks.
func (t *Thing) hold() {
	if t.Kind.IsMemory() && t.fixed == nil {
		t.held = t.Ptr()
	}
}
