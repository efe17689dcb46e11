package exchange

import (
	"cmp"
	"slices"
)

// This file finds the deadlock of a run, and says what waits.

// Go's words.
const (
	allAsleep    = "fatal error: all goroutines are asleep - deadlock!"
	noGoroutines = "fatal error: no goroutines (main called runtime.Goexit) - deadlock!"
)

// detect ends the run if nothing can go on any more.
func (x *Exchange) detect() { // rule: deadlock
	switch {
	case x.exit != nil || x.awake > 0:
	case x.processes.n == 0:
		x.end(&Exit{Status: 2, Text: noGoroutines})
	default:
		waits := x.Waits()
		x.end(&Exit{Status: 2, Text: allAsleep, Waits: waits})
	}
}

// Waits returns what the goroutines of all processes wait for in the exchange, by process and goroutine.
func (x *Exchange) Waits() []Waiting {
	list := make([]Waiting, 0, len(x.waits))
	for _, w := range x.waits {
		list = append(list, Waiting{w.p.id, w.g, x.reason(w)})
	}
	slices.SortFunc(list, func(a, b Waiting) int {
		return cmp.Or(cmp.Compare(a.Process, b.Process), cmp.Compare(a.G, b.G))
	})
	return list
}

// reason says what w waits for, in the words of Go's tracebacks.
func (x *Exchange) reason(w *waiter) string {
	switch w.op.Kind {
	case OpWait:
		return "sync.WaitGroup.Wait"
	case OpCond:
		return "sync.Cond.Wait"
	case OpLock:
		return w.lockReason(x.objects[w.op.Object].(*lock))
	}
	if len(w.op.Cases) == 0 {
		return "select (no cases)"
	}
	if len(w.op.Cases) > 1 {
		return "select"
	}
	reason := "chan receive"
	if w.op.Cases[0].Send {
		reason = "chan send"
	}
	if w.op.Cases[0].Channel == 0 {
		reason += " (nil chan)"
	}
	return reason
}

func (w *waiter) lockReason(l *lock) string {
	switch {
	case w.op.Mode == Reading:
		return "sync.RWMutex.RLock"
	case l.rw:
		return "sync.RWMutex.Lock"
	}
	return "sync.Mutex.Lock"
}
