package rt

import (
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"
)

// This file records which goroutine holds which lock. Go does not, and nothing here depends on it: it is for people who inspect a process.
//
// A goroutine lists what it has locked, in memory that only it touches, so that locking stays cheap. A Mutex may be unlocked by another
// goroutine, which cannot touch that list. It notes the release in a table instead, under a new epoch: what was listed in an earlier one no
// longer counts. Locks taken or released by code that is not compiled are not seen.

// A hold is a lock that a goroutine has taken.
type hold struct {
	lock  unsafe.Pointer // *sync.Mutex if op is waitLock, else *sync.RWMutex
	epoch uint32         // at that time
	op    waitOp         // with which it was taken
}

// A heldList is the locks of a goroutine. Most have one at a time, so that has a place of its own.
type heldList struct {
	one  hold // nothing if its lock is nil
	more []hold
}

// maxHeld is how many locks a goroutine lists; the owners of others are unknown.
const maxHeld = 64

// releases are those of locks that the releasing goroutine did not list.
var releases struct {
	epoch atomic.Uint32
	mu    sync.Mutex
	at    map[uintptr]uint32 // epoch of the last one of each lock; whoever gets its memory next locks later
	lost  uint32             // until this epoch, at was incomplete
}

// holds records that g has taken a lock.
func (g *G) holds(op waitOp, lock unsafe.Pointer) {
	if h := &g.held.one; h.lock == nil {
		h.lock, h.epoch, h.op = lock, releases.epoch.Load(), op
		return
	}
	g.holdsMore(op, lock)
}

func (g *G) holdsMore(op waitOp, lock unsafe.Pointer) {
	l := &g.held
	if len(l.more) == cap(l.more) {
		g.pruneHeld()
		if len(l.more) >= maxHeld {
			l.more = slices.Delete(l.more, 0, maxHeld/2)
		}
	}
	l.more = append(l.more, hold{lock, releases.epoch.Load(), op})
}

// frees records that g, nil if it is not one of ours, is about to release a lock.
func (g *G) frees(lock unsafe.Pointer) {
	if g != nil && g.held.one.lock == lock {
		g.held.one.lock = nil
		return
	}
	g.freesOther(lock)
}

func (g *G) freesOther(lock unsafe.Pointer) {
	if g != nil {
		for i, h := range slices.Backward(g.held.more) {
			if h.lock == lock {
				g.held.more = slices.Delete(g.held.more, i, i+1)
				return
			}
		}
	}
	r := &releases
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.epoch.Add(1)
	if len(r.at) >= 1024 {
		clear(r.at)
		r.lost = e
	}
	if r.at == nil {
		r.at = make(map[uintptr]uint32)
	}
	r.at[uintptr(lock)] = e
}

// pruneHeld drops what g does not hold any more. Only g calls it, or the monitor while g is down.
func (g *G) pruneHeld() {
	l := &g.held
	if l.one.lock != nil && !l.one.counts() {
		l.one.lock = nil
	}
	if len(l.more) > 0 {
		l.more = slices.DeleteFunc(l.more, func(h hold) bool { return !h.counts() })
	}
}

// counts reports whether the lock has not been released since, as far as is known.
func (h hold) counts() bool {
	r := &releases
	r.mu.Lock()
	defer r.mu.Unlock()
	return int32(h.epoch-r.lost) >= 0 && int32(h.epoch-r.at[uintptr(h.lock)]) >= 0 && h.locked()
}

// locked reports whether the lock is locked by anybody.
func (h hold) locked() bool {
	switch h.op {
	case waitRLock:
		return readers((*sync.RWMutex)(h.lock)) > 0
	case waitWLock:
		return writing((*sync.RWMutex)(h.lock))
	}
	return mutexLocked((*sync.Mutex)(h.lock))
}

// wait returns h with the lock as a value of its type.
func (h hold) wait() Wait {
	if h.op == waitLock {
		return Wait{op: waitLock, on: (*sync.Mutex)(h.lock)}
	}
	return Wait{op: h.op, on: (*sync.RWMutex)(h.lock)}
}

// savedHeld returns the locks of g, which is down.
func (g *G) savedHeld() (ws []Wait) {
	g.pruneHeld()
	if h := g.held.one; h.lock != nil {
		ws = append(ws, h.wait())
	}
	for _, h := range g.held.more {
		ws = append(ws, h.wait())
	}
	return ws
}

func (g *G) restoreHeld(ws []Wait) {
	for _, w := range ws {
		g.holds(w.op, dataOf(w.on))
	}
}

// rwMemory mirrors sync.RWMutex. checkLayout verifies it.
type rwMemory struct {
	w                       sync.Mutex
	writerSem, readerSem    uint32
	readerCount, readerWait atomic.Int32
}

// mutexLocked reads the first bit of a sync.Mutex.
func mutexLocked(m *sync.Mutex) bool { return atomic.LoadInt32((*int32)(unsafe.Pointer(m)))&1 != 0 }

// readers returns how many read locks of m are held.
func readers(m *sync.RWMutex) int {
	w := (*rwMemory)(unsafe.Pointer(m))
	if n := w.readerCount.Load(); n >= 0 {
		return int(n)
	}
	return int(w.readerWait.Load())
}

// writing reports whether m is locked for writing.
func writing(m *sync.RWMutex) bool {
	w := (*rwMemory)(unsafe.Pointer(m))
	return w.readerCount.Load() < 0 && w.readerWait.Load() == 0
}
