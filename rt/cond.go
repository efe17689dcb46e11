package rt

import (
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/harkgen/harkgen/rt/exchange"
)

// This file defines the operations of sync.Cond.
//
// Go's Cond gives a ticket to each Wait, and a Signal or Broadcast says up to which ticket one may go on. We take tickets and wait
// ourselves. So who has been signalled is told by the memory of the Cond and the ticket in the G, also while the goroutine is down, and Signal counts
// whoever calls it.

// A turn is the step of a Cond.Wait.
type turn uint8

const (
	turnNone    turn = iota // not in a Wait
	turnWaiting             // unlocked, and has a ticket
	turnLocking             // signalled; has to lock again
)

// condMemory mirrors sync.Cond. checkLayout verifies it.
type condMemory struct {
	l       sync.Locker
	wait    atomic.Uint32 // the next ticket
	notify  atomic.Uint32 // the next ticket to be signalled
	_       [3]uintptr
	checker uintptr
}

func memoryOf(c *sync.Cond) *condMemory { return (*condMemory)(unsafe.Pointer(c)) }

// signalled reports whether g, which has a ticket for c, may go on.
func (g *G) signalled(c *sync.Cond) bool { return int32(g.ticket-memoryOf(c).notify.Load()) < 0 }

// CondWait is c.Wait().
func CondWait(g *G, c *sync.Cond) {
	if t := g.lockThing(unsafe.Pointer(c)); t != nil {
		g.condShared(t, c)
		return
	}
	if g.pins != 0 {
		g.natively(Wait{op: waitCond, on: c}, c.Wait)
		return
	}
	if g.restoring() { // in the Lock of a type of the program's
		relock(g, c) // g.turn is that of a Wait in it
		return
	}
	switch g.turn {
	case turnNone:
		if g.Before() {
			g.Concede(Ready())
			return
		}
		g.takeTicket(c)
	case turnWaiting:
		if g.Before() {
			g.Concede(Wait{op: waitCond, on: c})
			return
		}
	}
	if g.turn == turnWaiting {
		g.await(unsafe.Pointer(c), condition, Wait{op: waitCond, on: c}, func() bool { return g.signalled(c) })
		if g.suspending {
			return
		}
	}
	g.turn = turnNone
	relock(g, c)
}

// takeTicket enters g among the waiters of c and unlocks c.L.
func (g *G) takeTicket(c *sync.Cond) {
	m := memoryOf(c)
	if self := uintptr(unsafe.Pointer(&m.checker)); m.checker != self && !atomic.CompareAndSwapUintptr(&m.checker, 0, self) && m.checker != self {
		panic("sync.Cond is copied")
	}
	ticket := m.wait.Add(1) - 1
	func() {
		g.pin()
		defer g.unpin()
		unlock(g, c.L)
	}()
	g.ticket, g.turn = ticket, turnWaiting
}

// relock is the end of a Wait. The Lock may be a function of the program's, and wait for a Cond itself.
func relock(g *G, c *sync.Cond) {
	if lock(g, c.L); g.suspending && len(g.frames) == 0 {
		g.turn = turnLocking
	}
}

// CondSignal is c.Signal().
func CondSignal(c *sync.Cond) {
	if tellCond(c, exchange.OpSignal) {
		return
	}
	c.Signal()
	if waiting.Load() != 0 {
		wakeFirst(unsafe.Pointer(c))
	}
}

// CondBroadcast is c.Broadcast().
func CondBroadcast(c *sync.Cond) {
	if tellCond(c, exchange.OpBroadcast) {
		return
	}
	c.Broadcast()
	if waiting.Load() != 0 {
		wakeFirst(unsafe.Pointer(c))
	}
}

// readLocker is the type of what RWMutex.RLocker returns: the same memory.
var readLocker = reflect.TypeOf(new(sync.RWMutex).RLocker())

// LockerLock is l.Lock() in a program of several processes.
func LockerLock(g *G, l sync.Locker) { lock(g, l) }

// LockerUnlock is l.Unlock() there. g is nil in functions that do not suspend.
func LockerUnlock(g *G, l sync.Locker) {
	if g == nil {
		unlock(current(), l)
	} else if !unlocks(g, l) {
		g.Dyn()
		l.Unlock()
		g.EndDyn()
	}
}

func unlock(g *G, l sync.Locker) {
	if !unlocks(g, l) {
		l.Unlock()
	}
}

// unlocks unlocks l, if that is a lock of package sync.
func unlocks(g *G, l sync.Locker) bool {
	switch m := l.(type) {
	case *sync.Mutex:
		UnlockG(g, m)
	case *sync.RWMutex:
		RWUnlockG(g, m)
	default:
		if reflect.TypeOf(l) != readLocker {
			return false
		}
		RUnlockG(g, (*sync.RWMutex)(dataOf(l)))
	}
	return true
}

func lock(g *G, l sync.Locker) {
	switch m := l.(type) {
	case *sync.Mutex:
		Lock(g, m)
	case *sync.RWMutex:
		RWLock(g, m)
	default:
		if reflect.TypeOf(l) == readLocker {
			RLock(g, (*sync.RWMutex)(dataOf(l)))
			return
		}
		g.Dyn()
		l.Lock()
		g.EndDyn()
	}
}
