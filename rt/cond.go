package rt

import (
	"sync"
	"unsafe"
)

// This file defines the operations of sync.Cond.
//
// Who waits on a Cond is state of the program, unlike who waits for a lock: a Signal wakes those that wait now. A waiter
// therefore stays in the table while its goroutine is down, and is entered again when a snapshot is loaded (G.turn is saved).

// The steps of a Cond.Wait, in G.turn. The second transition is made by the signaller, also while the waiter is down.
const (
	turnNone      uint32 = iota // not in a Wait
	turnWaiting                 // unlocked and entered
	turnSignalled               // woken; has to lock again
)

// CondWait is c.Wait().
func CondWait(g *G, c *sync.Cond) {
	if g.pins != 0 {
		g.natively(c.Wait)
		return
	}
	switch g.turn.Load() {
	case turnNone:
		if g.Before() {
			g.Concede(Ready())
			return
		}
		g.Park()
		g.turn.Store(turnWaiting)
		g.enqueue(unsafe.Pointer(c), condition)
		g.Unpark()
		g.pin()
		unlock(c.L)
		g.unpin()
	case turnWaiting:
		if g.Before() {
			g.Concede(Wait{waitCond, c})
			return
		}
	}
	if !g.awaitSignal(c) {
		return
	}
	if lock(g, c.L); !g.suspending {
		g.turn.Store(turnNone)
	}
}

// awaitSignal parks until g is signalled. It reports false if g has conceded.
func (g *G) awaitSignal(c *sync.Cond) bool {
	if g.turn.Load() == turnSignalled {
		return true
	}
	since := g.since
	g.Park()
	g.since = since // its place among the waiters
	defer g.Unpark()
	for {
		select {
		case <-g.wake:
			if g.turn.Load() == turnSignalled {
				return true
			}
		case <-g.stop:
			g.Concede(Wait{waitCond, c})
			return false
		}
	}
}

// CondSignal is c.Signal().
func CondSignal(c *sync.Cond) {
	if waiting.Load() == 0 || !signal(unsafe.Pointer(c)) {
		c.Signal()
	}
}

// CondBroadcast is c.Broadcast().
func CondBroadcast(c *sync.Cond) {
	if waiting.Load() != 0 {
		for signal(unsafe.Pointer(c)) {
		}
	}
	c.Broadcast()
}

func signal(key unsafe.Pointer) bool {
	s := shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[key]
	if q == nil {
		return false
	}
	w := q.first
	s.remove(w)
	w.g.turn.Store(turnSignalled)
	w.poke()
	return true
}

func unlock(l sync.Locker) {
	switch m := l.(type) {
	case *sync.Mutex:
		Unlock(m)
	case *sync.RWMutex:
		RWUnlock(m)
	default:
		l.Unlock()
	}
}

func lock(g *G, l sync.Locker) {
	switch m := l.(type) {
	case *sync.Mutex:
		Lock(g, m)
	case *sync.RWMutex:
		RWLock(g, m)
	default:
		g.Dyn()
		l.Lock()
		g.EndDyn()
	}
}
