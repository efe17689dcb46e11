package rt

import (
	"sync"
	"sync/atomic"
	"unsafe"
)

// This file defines the table of goroutines that wait for something in memory: a lock, a counter, a condition.
//
// The memory of sync.Mutex and its like stays Go's, without native waiters; who waits is kept here, keyed by address, first in, first
// out. The protocol of a waiter is: enqueue, then try; that of a releaser: release, then look for waiters. Both steps are
// sequentially consistent, so either the try succeeds or the releaser finds the waiter. Releases by uncompiled code are not seen:
// the monitor calls pokeAll every few milliseconds.

type waiterKind uint8

const (
	exclusive waiterKind = iota // Mutex, RWMutex for writing
	shared                      // RWMutex for reading
	counter                     // WaitGroup
	condition                   // Cond, in the order of the tickets
)

// A waiter is the entry of one goroutine. It is part of the G, which waits for one thing at a time.
type waiter struct {
	g          *G
	key        unsafe.Pointer
	kind       waiterKind
	queued     bool
	granted    bool  // the releaser has made g the owner
	since      int64 // place in the order: G.since at the entry
	lost       int   // times it was poked and found the lock taken again
	prev, next *waiter
}

type waitQueue struct{ first, last *waiter }

type shard struct {
	mu     sync.Mutex
	queues map[unsafe.Pointer]*waitQueue
	_      [40]byte // a cache line each
}

var (
	shards  [64]shard
	waiting atomic.Int32 // entries in all shards
)

func shardOf(key unsafe.Pointer) *shard {
	return &shards[uint64(uintptr(key))*0x9E3779B97F4A7C15>>58]
}

// enqueue enters g, which has parked. Its place is that of the time its wait began, which is before now after a resume.
func (g *G) enqueue(key unsafe.Pointer, kind waiterKind) {
	if g.wake == nil {
		g.wake = make(chan struct{}, 1)
	}
	select {
	case <-g.wake:
	default:
	}
	w := &g.entry
	*w = waiter{g: g, key: key, kind: kind, queued: true, since: g.since}
	if kind == condition {
		w.since = int64(g.ticket)
	}
	s := shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queues == nil {
		s.queues = make(map[unsafe.Pointer]*waitQueue)
	}
	q := s.queues[key]
	if q == nil {
		q = new(waitQueue)
		s.queues[key] = q
	}
	q.insert(w)
	waiting.Add(1)
}

func (q *waitQueue) insert(w *waiter) {
	at := q.last
	for at != nil && at.since > w.since {
		at = at.prev
	}
	w.prev = at
	if at == nil {
		w.next, q.first = q.first, w
	} else {
		w.next, at.next = at.next, w
	}
	if w.next == nil {
		q.last = w
	} else {
		w.next.prev = w
	}
}

// remove takes w out. s.mu is held.
func (s *shard) remove(w *waiter) {
	q := s.queues[w.key]
	if w.prev == nil {
		q.first = w.next
	} else {
		w.prev.next = w.next
	}
	if w.next == nil {
		q.last = w.prev
	} else {
		w.next.prev = w.prev
	}
	if q.first == nil {
		delete(s.queues, w.key)
	}
	w.prev, w.next, w.queued = nil, nil, false
	waiting.Add(-1)
}

// dequeue takes g out, and reports false if it had been made the owner before that.
func (g *G) dequeue() bool {
	w := &g.entry
	s := shardOf(w.key)
	s.mu.Lock()
	defer s.mu.Unlock()
	if !w.queued {
		return !w.granted
	}
	s.remove(w)
	if q := s.queues[w.key]; q != nil && q.first.kind == shared {
		q.first.poke() // what held it back may have been w; a reader lets the next one in
	}
	return true
}

// poke makes w try again.
func (w *waiter) poke() {
	select {
	case w.g.wake <- struct{}{}:
	default:
	}
}

// wakeFirst pokes those at key that may go on: all if the kind is counter, those signalled if it is condition, else the first.
func wakeFirst(key unsafe.Pointer) {
	s := shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[key]
	if q == nil {
		return
	}
	q.wake()
}

func (q *waitQueue) wake() {
	w := q.first
	switch w.kind {
	case counter:
		for ; w != nil; w = w.next {
			w.poke()
		}
	case condition:
		for ; w != nil && w.g.signalled((*sync.Cond)(w.key)); w = w.next {
			w.poke()
		}
	default:
		w.poke()
	}
}

// pokeAll is the monitor's backstop for releases that nobody told us about.
func pokeAll() {
	for i := range shards {
		s := &shards[i]
		s.mu.Lock()
		for _, q := range s.queues {
			q.wake()
		}
		s.mu.Unlock()
	}
}

// starving is how often the first waiter loses to newcomers before a lock is handed over to it. (Package sync counts time: 1 ms.)
const starving = 8

// release unlocks m and pokes the first waiter, or makes it the owner if it has lost often. Doing both under the shard's lock, in which a
// waiter enters, leaves no gap between them.
func release(m *sync.Mutex) {
	key := unsafe.Pointer(m)
	s := shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[key]
	if q == nil {
		m.Unlock()
		return
	}
	w := q.first
	if w.lost >= starving {
		if m.TryLock() { // it was not locked: let Go say so
			m.Unlock()
			m.Unlock()
		}
		s.remove(w)
		w.granted = true
	} else {
		m.Unlock()
	}
	w.poke()
}

// writerAhead reports whether g, or a newcomer if g is nil, has a writer before it in the queue at key.
func writerAhead(key unsafe.Pointer, g *G) bool {
	s := shardOf(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	q := s.queues[key]
	if q == nil {
		return false
	}
	for w := q.first; w != nil && w.g != g; w = w.next {
		if w.kind == exclusive {
			return true
		}
	}
	return false
}

// await parks g until try succeeds, which is called only while it is g's turn. It concedes with w on a stop.
func (g *G) await(key unsafe.Pointer, kind waiterKind, w Wait, try func() bool) {
	g.Park()
	defer g.Unpark()
	g.enqueue(key, kind)
	for {
		if (kind != shared || !writerAhead(key, g)) && try() {
			g.dequeue()
			return
		}
		select {
		case <-g.wake:
			if g.owns() {
				return
			}
		case <-g.stop:
			if g.dequeue() {
				g.Concede(w)
			}
			return
		}
	}
}

// owns reports whether a lock has been handed over to g, which has been poked.
func (g *G) owns() bool {
	s := shardOf(g.entry.key)
	s.mu.Lock()
	defer s.mu.Unlock()
	g.entry.lost++
	return g.entry.granted
}
