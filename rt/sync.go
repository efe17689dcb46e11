package rt

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/harkgen/harkgen/rt/exchange"
)

// This file defines the operations of package sync that can wait. The pinned goroutine uses Go's own.

// Lock is m.Lock().
func Lock(g *G, m *sync.Mutex) {
	if t := g.lockThing(unsafe.Pointer(m)); t != nil {
		g.lockShared(t, Wait{op: waitLock, on: m}, exchange.Exclusive)
		return
	}
	if g.Before() {
		g.Concede(Wait{op: waitLock, on: m})
		return
	}
	if m.TryLock() {
		g.holds(waitLock, unsafe.Pointer(m))
		return
	}
	lockSlowly(g, m)
}

func lockSlowly(g *G, m *sync.Mutex) {
	if g.pins != 0 {
		g.natively(Wait{op: waitLock, on: m}, m.Lock)
	} else if !lockSpinning(m) {
		g.await(unsafe.Pointer(m), exclusive, Wait{op: waitLock, on: m}, m.TryLock)
	}
	if !g.suspending {
		g.holds(waitLock, unsafe.Pointer(m))
	}
}

const lockSpins = 100

// lockSpinning tries again and again: a short critical section is cheaper to wait out than to park for.
func lockSpinning(m *sync.Mutex) bool {
	for range lockSpins {
		if m.TryLock() {
			return true
		}
	}
	return false
}

// Unlock is m.Unlock() in a function without a g.
func Unlock(m *sync.Mutex) { UnlockG(current(), m) }

// UnlockG is m.Unlock().
func UnlockG(g *G, m *sync.Mutex) {
	g.frees(unsafe.Pointer(m))
	if t := g.lockThing(unsafe.Pointer(m)); t != nil {
		g.tell(t, exchange.Op{Kind: exchange.OpUnlock, Mode: exchange.Exclusive})
		return
	}
	if waiting.Load() != 0 {
		release(m)
		return
	}
	m.Unlock()
	if waiting.Load() != 0 {
		wakeFirst(unsafe.Pointer(m))
	}
}

// TryLock is m.TryLock().
func TryLock(g *G, m *sync.Mutex) bool {
	return g.try(unsafe.Pointer(m), Wait{op: waitLock, on: m}, exchange.Exclusive, m.TryLock)
}

// TryRWLock is m.TryLock().
func TryRWLock(g *G, m *sync.RWMutex) bool {
	return g.try(unsafe.Pointer(m), Wait{op: waitWLock, on: m}, exchange.Exclusive, m.TryLock)
}

// TryRLock is m.TryRLock().
func TryRLock(g *G, m *sync.RWMutex) bool {
	return g.try(unsafe.Pointer(m), Wait{op: waitRLock, on: m}, exchange.Reading, m.TryRLock)
}

// try tries to do what w waits for, natively with lock.
func (g *G) try(at unsafe.Pointer, w Wait, mode exchange.Mode, lock func() bool) (ok bool) {
	if t := g.lockThing(at); t != nil {
		r := g.ask("try "+w.reason(), func() *ask {
			return &ask{op: exchange.Op{Kind: exchange.OpTryLock, Object: exchange.ObjectID(t.ID), Mode: mode}}
		})
		ok = r != nil && r.OK
	} else if g != nil && g.Before() {
		g.Concede(Ready())
	} else {
		ok = lock()
	}
	if ok && g != nil {
		g.holds(w.op, at)
	}
	return ok
}

// RWLock is m.Lock().
func RWLock(g *G, m *sync.RWMutex) {
	if t := g.lockThing(unsafe.Pointer(m)); t != nil {
		g.lockShared(t, Wait{op: waitWLock, on: m}, exchange.Exclusive)
		return
	}
	if g.Before() {
		g.Concede(Wait{op: waitWLock, on: m})
		return
	}
	switch {
	case m.TryLock():
	case g.pins != 0:
		g.natively(Wait{op: waitWLock, on: m}, m.Lock)
	default:
		g.await(unsafe.Pointer(m), exclusive, Wait{op: waitWLock, on: m}, m.TryLock)
	}
	if !g.suspending {
		g.holds(waitWLock, unsafe.Pointer(m))
	}
}

// RLock is m.RLock(). As in package sync, a waiting writer goes before new readers.
func RLock(g *G, m *sync.RWMutex) {
	if t := g.lockThing(unsafe.Pointer(m)); t != nil {
		g.lockShared(t, Wait{op: waitRLock, on: m}, exchange.Reading)
		return
	}
	if g.Before() {
		g.Concede(Wait{op: waitRLock, on: m})
		return
	}
	switch {
	case (waiting.Load() == 0 || !writerAhead(unsafe.Pointer(m), nil)) && m.TryRLock():
	case g.pins != 0:
		g.natively(Wait{op: waitRLock, on: m}, m.RLock)
	default:
		g.await(unsafe.Pointer(m), shared, Wait{op: waitRLock, on: m}, m.TryRLock)
	}
	if !g.suspending {
		g.holds(waitRLock, unsafe.Pointer(m))
	}
}

// RWUnlock is m.Unlock() in a function without a g.
func RWUnlock(m *sync.RWMutex) { RWUnlockG(current(), m) }

// RWUnlockG is m.Unlock().
func RWUnlockG(g *G, m *sync.RWMutex) {
	g.frees(unsafe.Pointer(m))
	if t := g.lockThing(unsafe.Pointer(m)); t != nil {
		g.tell(t, exchange.Op{Kind: exchange.OpUnlock, Mode: exchange.Exclusive})
		return
	}
	m.Unlock()
	if waiting.Load() != 0 {
		wakeFirst(unsafe.Pointer(m))
	}
}

// RUnlock is m.RUnlock() in a function without a g.
func RUnlock(m *sync.RWMutex) { RUnlockG(current(), m) }

// RUnlockG is m.RUnlock().
func RUnlockG(g *G, m *sync.RWMutex) {
	g.frees(unsafe.Pointer(m))
	if t := g.lockThing(unsafe.Pointer(m)); t != nil {
		g.tell(t, exchange.Op{Kind: exchange.OpUnlock, Mode: exchange.Reading})
		return
	}
	m.RUnlock()
	if waiting.Load() != 0 {
		wakeFirst(unsafe.Pointer(m))
	}
}

// groupCount reads the counter of wg: the high half of its first word. checkLayout verifies it.
func groupCount(wg *sync.WaitGroup) int32 {
	return int32(atomic.LoadUint64((*uint64)(unsafe.Pointer(wg))) >> 32)
}

// WaitGroupAdd is wg.Add(n).
func WaitGroupAdd(wg *sync.WaitGroup, n int) {
	if word.Load()&bitShare != 0 {
		if g := current(); g != nil {
			if t := g.lockThing(unsafe.Pointer(wg)); t != nil {
				g.tell(t, exchange.Op{Kind: exchange.OpAdd, N: int64(n)})
				return
			}
		}
	}
	wg.Add(n)
	if waiting.Load() != 0 && groupCount(wg) == 0 {
		wakeFirst(unsafe.Pointer(wg))
	}
}

// WaitGroupDone is wg.Done().
func WaitGroupDone(wg *sync.WaitGroup) { WaitGroupAdd(wg, -1) }

// WaitGroupWait is wg.Wait().
func WaitGroupWait(g *G, wg *sync.WaitGroup) {
	if t := g.lockThing(unsafe.Pointer(wg)); t != nil {
		g.waitShared(t)
		return
	}
	if g.Before() {
		g.Concede(Wait{op: waitGroup, on: wg})
		return
	}
	switch {
	case groupCount(wg) == 0:
	case g.pins != 0:
		g.natively(Wait{op: waitGroup, on: wg}, wg.Wait)
		return
	default:
		g.await(unsafe.Pointer(wg), counter, Wait{op: waitGroup, on: wg}, func() bool { return groupCount(wg) == 0 })
	}
	if raceEnabled && !g.suspending {
		wg.Wait() // returns at once; tells the race detector
	}
}

// WaitGroupGo is wg.Go(f), where t calls f.
func WaitGroupGo(g *G, wg *sync.WaitGroup, t Thunk) {
	WaitGroupAdd(wg, 1)
	Go(g, &groupThunk{wg, t})
}

// WaitGroupGoFunc is wg.Go(f) where f is a func value: when the call was deferred, or is what a go statement starts.
func WaitGroupGoFunc(g *G, wg *sync.WaitGroup, f func()) { WaitGroupGo(g, wg, &funcThunk{f}) }

// A funcThunk is a call of a func value.
type funcThunk struct{ f func() }

// Run implements Thunk.
func (t *funcThunk) Run(g *G) {
	g.Dyn()
	t.f()
	g.EndDyn()
}

type groupThunk struct {
	wg *sync.WaitGroup
	t  Thunk
}

// Run implements Thunk. Like wg.Go it counts down also on Goexit, but not on a panic, which ends the program.
func (t *groupThunk) Run(g *G) {
	returned := false
	defer func() {
		if g.suspending || !returned && calledBy("runtime.gopanic") {
			return
		}
		WaitGroupDone(t.wg)
	}()
	t.t.Run(g)
	returned = true
}

// natively blocks a pinned goroutine in Go's own operation.
func (g *G) natively(w Wait, wait func()) {
	g.Park()
	g.Block(w)
	wait()
	g.Unpark()
}
