package rt

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
	"weak"
)

// This file defines time: Sleep, whose deadline is in the G, and After, whose timer belongs to the process.

// Sleep is time.Sleep(d). A sleep that is suspended goes on to its first deadline.
func Sleep(g *G, d time.Duration) {
	if g.deadline.Load() == 0 {
		if d <= 0 {
			return
		}
		g.deadline.Store(deadlineIn(d))
	}
	if g.Before() {
		g.Concede(Wait{op: waitSleep})
		return
	}
	for {
		left := g.deadline.Load() - time.Now().UnixNano()
		if left <= 0 {
			break
		}
		if !g.sleep(time.Duration(left)) {
			return
		}
	}
	g.deadline.Store(0)
}

// sleep parks for d. It reports false if g has conceded.
func (g *G) sleep(d time.Duration) bool {
	if g.alarm == nil {
		g.alarm = time.NewTimer(d)
	} else {
		g.alarm.Reset(d)
	}
	g.Park()
	defer g.Unpark()
	select {
	case <-g.alarm.C:
		return true
	case <-g.Stop():
	}
	if !g.alarm.Stop() {
		select { // only programs with asynctimerchan=1 leave a value; a stale one later ends a sleep early, and Sleep goes on
		case <-g.alarm.C:
		default:
		}
	}
	g.Concede(Wait{op: waitSleep})
	return false
}

// deadlineIn returns the wall-clock time in d, in nanoseconds. It is never 0.
func deadlineIn(d time.Duration) int64 {
	now := time.Now().UnixNano()
	if int64(d) > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + int64(d)
}

// After is time.After(d). The timer survives the process.
func After(d time.Duration) <-chan time.Time {
	ch := make(chan time.Time, 1)
	if d <= 0 {
		ch <- time.Now()
		return ch
	}
	cur.addTimer(deadlineIn(d), ch)
	return ch
}

// timers is the heap of a process's timers, the earliest first.
//
// It refers to the channels weakly: a timer that nobody listens to any more is as good as gone, as with time.After. (A loop that makes
// one per turn would otherwise carry all of them into every snapshot.)
type timers struct {
	mu   sync.Mutex
	heap []timer
	lean int          // length after the last pruning
	next atomic.Int64 // deadline of heap[0], 0 = none
}

type timer struct {
	when int64
	ch   weak.Pointer[hchan]
}

func (t timer) target() chan time.Time {
	c := t.ch.Value()
	return *(*chan time.Time)(unsafe.Pointer(&c))
}

func (p *process) addTimer(when int64, ch chan time.Time) {
	ts := &p.timers
	ts.mu.Lock()
	if len(ts.heap) > 64 && len(ts.heap) > 2*ts.lean {
		ts.prune()
	}
	ts.push(timer{when, weak.Make(chanOf(any(ch)))})
	ts.mu.Unlock()
	if at := p.nextLook.Load(); when < at {
		p.kick()
	}
}

func (ts *timers) push(t timer) {
	h := append(ts.heap, t)
	for i := len(h) - 1; i > 0; {
		up := (i - 1) / 2
		if h[up].when <= h[i].when {
			break
		}
		h[up], h[i] = h[i], h[up]
		i = up
	}
	ts.heap = h
	ts.next.Store(h[0].when)
}

func (ts *timers) pop() timer {
	h := ts.heap
	t, n := h[0], len(h)-1
	h[0], h[n] = h[n], timer{}
	h = h[:n]
	for i := 0; ; {
		least := 2*i + 1
		if least >= n {
			break
		}
		if least+1 < n && h[least+1].when < h[least].when {
			least++
		}
		if h[i].when <= h[least].when {
			break
		}
		h[i], h[least] = h[least], h[i]
		i = least
	}
	ts.heap = h
	if n > 0 {
		ts.next.Store(h[0].when)
	} else {
		ts.next.Store(0)
	}
	return t
}

// prune forgets the timers whose channels are gone. ts.mu is held.
func (ts *timers) prune() {
	old := ts.heap
	ts.heap = nil
	ts.next.Store(0)
	for _, t := range old {
		if t.target() != nil {
			ts.push(t)
		}
	}
	ts.lean = len(ts.heap)
}

// fire delivers the timers that are due.
func (ts *timers) fire(now int64) {
	if next := ts.next.Load(); next == 0 || next > now {
		return
	}
	ts.mu.Lock()
	defer ts.mu.Unlock()
	for len(ts.heap) > 0 && ts.heap[0].when <= now {
		if ch := ts.pop().target(); ch != nil {
			select {
			case ch <- time.Now():
			default:
			}
		}
	}
}

// A savedTimer is a timer in a snapshot.
type savedTimer struct {
	When int64
	Ch   chan time.Time
}

// saved returns the timers whose channels are still there.
func (ts *timers) saved() []savedTimer {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.prune()
	out := make([]savedTimer, 0, len(ts.heap))
	for _, t := range ts.heap {
		if ch := t.target(); ch != nil {
			out = append(out, savedTimer{t.when, ch})
		}
	}
	return out
}

// restore replaces the timers by saved ones.
func (ts *timers) restore(list []savedTimer) {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	ts.heap, ts.lean = nil, len(list)
	ts.next.Store(0)
	for _, t := range list {
		ts.push(timer{t.When, weak.Make(chanOf(any(t.Ch)))})
	}
}
