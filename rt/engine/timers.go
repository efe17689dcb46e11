// This file defines the timers: which processes go on by themselves, and when.
//
// The exchange knows the wake time of each live process, so that a heap of 16 bytes for each is all that is needed, and a restart makes it again.

package engine

import (
	"container/heap"
	"context"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
)

// tick is how long the engine sleeps at most: clocks may jump.
const tick = time.Second

// A wake is when a process goes on by itself. It is void when the process has another wake time by then.
type wake struct {
	at int64 // UnixNano
	p  exchange.ProcessID
}

type wakeHeap []wake

func (h wakeHeap) Len() int           { return len(h) }
func (h wakeHeap) Less(i, j int) bool { return h[i].at < h[j].at }
func (h wakeHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *wakeHeap) Push(w any)        { *h = append(*h, w.(wake)) }
func (h *wakeHeap) Pop() any {
	w := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return w
}
func (h *wakeHeap) init() { heap.Init(h) }

// schedule notes when p goes on. The caller holds mu.
func (e *Engine) schedule(p exchange.ProcessID, at int64) {
	if pr := e.procs[p]; pr != nil {
		pr.woken = false
	}
	if len(e.wakes) > 1000 && len(e.wakes) > 2*e.fold.x.Len() { // most are void
		live := e.wakes[:0]
		seen := make(map[exchange.ProcessID]bool, e.fold.x.Len())
		for _, w := range e.wakes {
			if st, ok := e.fold.x.Status(w.p); ok && st.Wake == w.at && !seen[w.p] {
				seen[w.p] = true
				live = append(live, w)
			}
		}
		e.wakes = live
		e.wakes.init()
	}
	heap.Push(&e.wakes, wake{at, p})
	if e.wakes[0].at == at {
		bell(e.toTimer)
	}
}

// rest forgets a process that has nothing to do. The caller holds mu.
func (e *Engine) rest(p exchange.ProcessID) {
	pr := e.procs[p]
	delete(e.procs, p)
	if st, live := e.fold.x.Status(p); live && pr != nil && pr.woken && st.Idle && st.Wake != 0 { // the clock was set back after it was woken
		e.schedule(p, st.Wake)
	}
}

// keepTime wakes processes, unloads those that have been idle for long, and ends Run when there is nothing to do.
func (e *Engine) keepTime(ctx context.Context) error {
	for {
		e.mu.Lock()
		pause := min(e.wakeDue(), e.unloadIdle(), tick)
		e.dispatch()
		left := e.untilPause()
		e.mu.Unlock()
		if left <= 0 {
			return ErrPaused
		}
		pause = min(pause, left)
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-e.toTimer:
		case <-ctx.Done():
			timer.Stop()
			return nil
		}
		timer.Stop()
	}
}

// maxDue is how many processes may wait for a worker when another is woken. If a million are due at once, most of them stay in the heap, where they take
// 16 bytes.
const maxDue = 1000

// wakeDue wakes processes that are due, and returns how long it is to the next. The caller holds mu.
func (e *Engine) wakeDue() time.Duration {
	now := e.o.Now().UnixNano()
	for len(e.wakes) > 0 && e.wakes[0].at <= now {
		if e.queue.len() >= maxDue {
			e.moreDue = true // next rings when fewer wait
			return tick
		}
		w := heap.Pop(&e.wakes).(wake)
		if st, ok := e.fold.x.Status(w.p); ok && st.Wake == w.at && runnable(st, now) {
			e.stir(w.p).woken = true
		}
	}
	if len(e.wakes) == 0 {
		return tick
	}
	return time.Duration(e.wakes[0].at - now)
}

// runnable reports whether p has something to do. The caller holds mu.
func (e *Engine) runnable(p exchange.ProcessID, st exchange.Status, now int64) bool {
	return runnable(st, now) || p == 0 && e.stirred
}

// runnable reports whether the process has something to do. Until the exchange has consumed what a process has done, the reason why it
// did that stands: so a process that has a batch which was lost on its way is runnable.
func runnable(st exchange.Status, now int64) bool {
	return st.Sent > st.Acked || !st.Idle || st.Wake != 0 && st.Wake <= now
}
