package rt

import (
	"cmp"
	"runtime"
	"slices"
	"sync/atomic"
	"time"
	"unsafe"
)

// This file defines the stop: how all goroutines come down, and go up again.

// A reason says why a stop was asked for.
type reason uint8

const (
	reasonIdle     reason = iota // everything seems to wait
	reasonInterval               // the last commit is long ago
	reasonWanted                 // the host asked
	reasonChaos
	reasonAsleep // all are parked, some of them pinned: is it a deadlock?
	reasonShared // there is something to tell other processes
)

func (r reason) String() string {
	return [...]string{"idle", "interval", "wanted", "chaos", "asleep", "shared"}[r]
}

// beginStop asks all goroutines to concede.
func (p *process) beginStop(r reason) {
	p.mu.Lock()
	p.beginStopLocked(r)
	p.mu.Unlock()
}

func (p *process) beginStopLocked(r reason) {
	if p.stopping {
		return
	}
	p.stopping, p.pending, p.reason = true, false, r
	p.stopSince = time.Now()
	word.Or(bitStop)
	for _, g := range p.gs {
		if !g.down {
			select {
			case g.stop <- struct{}{}:
			default:
			}
		}
	}
	p.kick()
}

// concede takes g down, whose frames are complete. It reports false if no stop is in progress: g goes on.
func (p *process) concede(g *G) bool {
	if g.fresh != settled {
		g.settle()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.stopping && !p.pending && !g.expects() {
		g.fresh = resumed // it is: its wait goes on from where it was
		p.unsettled++
		word.Or(bitSettle)
		return false
	}
	g.down = true
	p.left()
	return true
}

// settle counts a resumed G that has made its attempt. The last one lets a pending chaos stop begin.
func (p *process) settle() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.unsettled--; p.unsettled > 0 {
		return
	}
	word.And(^uint32(bitSettle))
	if p.pending {
		p.beginStopLocked(reasonChaos)
	}
}

// resume ends the stop, complete or not, and starts the goroutines that are down, those first that have waited longest.
func (p *process) resume() {
	p.mu.Lock()
	p.stopping, p.pending = false, false
	word.And(^uint32(bitStop))
	if p.share != nil {
		p.cancelTimed(time.Now().UnixNano())
	}
	var up []*G
	for _, g := range p.gs {
		select {
		case <-g.stop:
		default:
		}
		if g.down && !g.expects() {
			up = append(up, g)
			g.down = false
			g.fresh = resumed
		}
	}
	p.running += len(up)
	if p.unsettled += len(up); p.unsettled > 0 {
		word.Or(bitSettle)
	}
	p.mu.Unlock()
	slices.SortStableFunc(up, func(a, b *G) int { return cmp.Compare(a.since, b.since) })
	startInOrder(up)
}

// patienceInOrder bounds the time that a resume spends on the order of waiters. It is a matter of microseconds, unless a timer
// makes a waiter go on instead.
const patienceInOrder = time.Second

// startInOrder starts goroutines such that those waiting on the same channel queue up in the order of the list: each waits until the one
// before it is in the queue. Those that may have something to do come after all that will only wait: what they do
// is to find the others in their places.
func startInOrder(up []*G) {
	last := make(map[*hchan]place)
	deadline := time.Now().Add(patienceInOrder)
	var later []*G
	for _, g := range up {
		for _, w := range g.waits {
			if c := w.channel(); c != nil {
				last[c].await(deadline)
			}
		}
		if !g.willPark() {
			later = append(later, g)
			continue
		}
		for _, w := range g.waits {
			if c := w.channel(); c != nil {
				last[c] = placeOf(c, w.op)
			}
		}
		g.start()
	}
	if len(later) > 0 {
		for _, p := range last {
			p.await(deadline)
		}
	}
	for _, g := range later {
		g.start()
	}
}

// A place is the end of a queue of waiters, as it was before a goroutine was started that will wait there.
type place struct {
	end    *unsafe.Pointer
	before unsafe.Pointer
}

func placeOf(c *hchan, op waitOp) place {
	end := &c.recvq[1]
	if op == waitSend {
		end = &c.sendq[1]
	}
	return place{end, atomic.LoadPointer(end)}
}

// await waits until the goroutine is in the queue. A select enters all its queues at once.
func (p place) await(deadline time.Time) {
	if p.end == nil {
		return
	}
	for i := 0; atomic.LoadPointer(p.end) == p.before; i++ {
		runtime.Gosched()
		if i&63 == 63 && time.Now().After(deadline) {
			return
		}
	}
}

// start makes g run on a native goroutine.
func (g *G) start() {
	clear(g.waits)
	g.waits = g.waits[:0]
	g.state.Store(g.state.Load() &^ 1)
	go g.main()
}

// willPark reports whether g, which is down, most likely finds nothing to do. Others may run.
func (g *G) willPark() bool {
	soon := time.Now().Add(patienceInOrder / 20).UnixNano()
	for _, w := range g.waits {
		switch w.op {
		case waitReady, waitSleep:
			return false
		case waitRecv, waitSend:
			if w.possible(soon, g) || w.partnered() {
				return false
			}
		}
	}
	return true
}

// partnered reports whether somebody is in the queue whom w would meet.
func (w Wait) partnered() bool {
	c := w.channel()
	if c == nil {
		return false
	}
	q := &c.sendq
	if w.op == waitSend {
		q = &c.recvq
	}
	return atomic.LoadPointer(&q[0]) != nil
}
