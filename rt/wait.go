package rt

import (
	"sync"

	"github.com/harkgen/harkgen/rt/snap"
)

// This file defines what a conceded goroutine waits for.

type waitOp uint8

const (
	waitReady waitOp = iota // nothing: can go on
	waitRecv
	waitSend
	waitSleep
	waitLock   // *sync.Mutex
	waitWLock  // *sync.RWMutex
	waitRLock  // *sync.RWMutex
	waitGroup  // *sync.WaitGroup
	waitCond   // *sync.Cond
	waitShared // something that processes share; on is what the operation is called
	waitEvent  // an event; on is its kind
)

// A Wait is one condition under which a conceded goroutine can go on. One with several conditions is in a select.
type Wait struct {
	op    waitOp
	on    any // the channel, lock or group
	value any // of SendingValue: a pointer to what is sent
}

// Recving says that the goroutine waits to receive from ch.
func Recving[T any](ch <-chan T) Wait { return Wait{op: waitRecv, on: ch} }

// Sending says that the goroutine waits to send on ch.
func Sending[T any](ch chan<- T) Wait { return Wait{op: waitSend, on: ch} }

// Ready says that the goroutine waits for nothing.
func Ready() Wait { return Wait{} }

// waitReason names what g waits for, in the words of Go's own tracebacks.
func (g *G) waitReason() string {
	switch len(g.waits) {
	case 0:
		return "select (no cases)"
	case 1:
		return g.waits[0].reason()
	}
	return "select"
}

func (w Wait) reason() string {
	switch w.op {
	case waitRecv:
		if dataOf(w.on) == nil {
			return "chan receive (nil chan)"
		}
		return "chan receive"
	case waitSend:
		if dataOf(w.on) == nil {
			return "chan send (nil chan)"
		}
		return "chan send"
	case waitSleep:
		return "sleep"
	case waitLock:
		return "sync.Mutex.Lock"
	case waitWLock:
		return "sync.RWMutex.Lock"
	case waitRLock:
		return "sync.RWMutex.RLock"
	case waitGroup:
		return "sync.WaitGroup.Wait"
	case waitCond:
		return "sync.Cond.Wait"
	case waitShared:
		return w.on.(string)
	case waitEvent:
		return "event"
	}
	return "runnable"
}

// channel returns the channel of w, nil if it has none.
func (w Wait) channel() *hchan {
	if w.op != waitRecv && w.op != waitSend {
		return nil
	}
	return chanOf(w.on)
}

// possible reports whether w holds now, partners on channels aside. The process must be quiet.
func (w Wait) possible(now int64, g *G) bool {
	switch w.op {
	case waitRecv:
		c := chanOf(w.on)
		return c != nil && (c.qcount > 0 || c.closed != 0) || w.due(now, g)
	case waitSend:
		c := chanOf(w.on)
		return c != nil && (c.qcount < c.dataqsiz || c.closed != 0)
	case waitSleep:
		return w.due(now, g)
	case waitLock:
		m := w.on.(*sync.Mutex)
		return m.TryLock() && unlocked(m)
	case waitWLock:
		m := w.on.(*sync.RWMutex)
		return m.TryLock() && unlocked(m)
	case waitRLock:
		m := w.on.(*sync.RWMutex)
		return m.TryRLock() && unlocked(m.RLocker())
	case waitGroup:
		return groupCount(w.on.(*sync.WaitGroup)) == 0
	case waitCond:
		return g.signalled(w.on.(*sync.Cond))
	case waitShared:
		return g.reply != nil
	case waitEvent:
		return g.p.inbox.ready(w.on.(string))
	}
	return true
}

func unlocked(l sync.Locker) bool {
	l.Unlock()
	return true
}

// until returns the deadline of w, 0 if it has none.
func (w Wait) until(g *G) int64 {
	switch w.op {
	case waitSleep:
		return g.deadline.Load()
	case waitRecv:
		return snap.ChanDue(w.on)
	}
	return 0
}

// due reports whether the deadline of w has passed.
func (w Wait) due(now int64, g *G) bool {
	at := w.until(g)
	return at != 0 && at <= now
}
