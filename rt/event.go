package rt

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// This file defines events: what comes to the process from outside, and what it answers.
//
// The host hands an event over once. From then on it is memory of the process, in the inbox, until a goroutine takes it; the next commit says so,
// and the host forgets it. One that was handed over since the last commit comes again to whoever executes the process from there.
//
// A goroutine that waits for an event makes the process idle, not deadlocked.
//
// Who delivers may do it twice: an event whose id is that of one that is being worked on, or of one of the last that were answered, is taken and thrown away.

// An Event is something that has happened outside.
type Event struct {
	ID   string
	Kind string // for whom it is: "http", or "http ADDRESS"
	Data []byte
}

// An Eventer is a Host from which events come, if Start.Events says so.
type Eventer interface {
	// Came delivers a value when events have come.
	Came() <-chan struct{}
	// Events returns those that have come since it was called last, in order.
	Events() []Event
	// Respond takes a response, which is part of the next commit. Any goroutine may call it.
	Respond(id string, data []byte)
}

// inbox has the events that the process has and no goroutine has taken.
type inbox struct {
	mu      sync.Mutex
	list    []Event
	stopped []string // kinds of which nobody wants any more
	open    bool     // more may come
	waiters atomic.Int32

	working  []uint64 // names of events that have come and are not answered
	answered []uint64 // names of the last that are, at most maxAnswered
}

// maxAnswered is how many answered events are remembered. Whoever delivers looks first whether there is an answer, so they need only outlast that look.
const maxAnswered = 64

// nameOf is a short name of the event with this id: FNV-1a.
func nameOf(id string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	return h
}

// add adds an event, unless it has come before.
func (in *inbox) add(e Event) {
	name := nameOf(e.ID)
	in.mu.Lock()
	defer in.mu.Unlock()
	if slices.Contains(in.working, name) || slices.Contains(in.answered, name) {
		return
	}
	in.working = append(in.working, name)
	in.list = append(in.list, e)
}

// answer notes that an event is answered.
func (in *inbox) answer(id string) {
	name := nameOf(id)
	in.mu.Lock()
	defer in.mu.Unlock()
	i := slices.Index(in.working, name)
	if i < 0 {
		return // it is none
	}
	in.working = slices.Delete(in.working, i, i+1)
	in.answered = append(in.answered, name)
	in.answered = in.answered[max(0, len(in.answered)-maxAnswered):]
}

// fits reports whether e is for those who ask for kind: "" is any, and an event of a kind without an address is for all of that kind.
func (e *Event) fits(kind string) bool {
	return kind == "" || e.Kind == kind || strings.HasPrefix(kind, e.Kind+" ")
}

// take takes the first event that fits. over: none will come any more.
func (in *inbox) take(kind string) (e Event, ok, over bool) {
	in.mu.Lock()
	defer in.mu.Unlock()
	i := in.find(kind)
	if i < 0 {
		return e, false, in.over(kind)
	}
	e = in.list[i]
	in.list = slices.Delete(in.list, i, i+1)
	return e, true, false
}

func (in *inbox) find(kind string) int {
	return slices.IndexFunc(in.list, func(e Event) bool { return e.fits(kind) })
}

func (in *inbox) over(kind string) bool { return !in.open || slices.Contains(in.stopped, kind) }

// ready reports whether who asks for kind need not wait.
func (in *inbox) ready(kind string) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.find(kind) >= 0 || in.over(kind)
}

func (in *inbox) key() unsafe.Pointer { return unsafe.Pointer(in) }

// NextEvent takes the next event of a kind, "" for any. It waits for one; ok is false if none will come any more: the host has none, or StopEvents was called.
func NextEvent(g *G, kind string) (id string, data []byte, ok bool) {
	if g.Before() {
		g.Concede(Wait{op: waitEvent, on: kind})
		return
	}
	in := &g.p.inbox
	var e Event
	try := func() bool {
		var over bool
		e, ok, over = in.take(kind)
		return ok || over
	}
	if !try() {
		in.waiters.Add(1)
		if g.pins != 0 {
			g.natively(Wait{op: waitEvent, on: kind}, func() {
				for !try() {
					time.Sleep(lookBusy)
				}
			})
		} else {
			g.await(in.key(), counter, Wait{op: waitEvent, on: kind}, try)
		}
		in.waiters.Add(-1)
	}
	return e.ID, e.Data, ok
}

// StopEvents makes NextEvent return for those who wait for events of exactly this kind.
func StopEvents(kind string) { cur.inbox.stop(kind, true) }

// StartEvents undoes StopEvents. Events of the kind that have come since then are forgotten.
func StartEvents(kind string) { cur.inbox.stop(kind, false) }

func (in *inbox) stop(kind string, yes bool) {
	in.mu.Lock()
	in.stopped = slices.DeleteFunc(in.stopped, func(k string) bool { return k == kind })
	if yes {
		in.stopped = append(in.stopped, kind)
	} else {
		in.list = slices.DeleteFunc(in.list, func(e Event) bool {
			gone := e.Kind == kind
			if gone {
				in.working = slices.DeleteFunc(in.working, func(name uint64) bool { return name == nameOf(e.ID) })
			}
			return gone
		})
	}
	in.mu.Unlock()
	wakeFirst(in.key())
}

// Respond answers the event with this id. The answer is visible after the next commit, for which it asks.
func Respond(id string, data []byte) {
	if h, ok := cur.host.(Eventer); ok {
		h.Respond(id, data)
		cur.inbox.answer(id)
		cur.answered.Store(true)
		cur.kick()
	}
}

// Linger makes the run end, with status 0, when none of its goroutines can go on. Without it that is a deadlock.
func Linger() { cur.lingers.Store(true) }

// receiveEvents takes the events that have come.
func (p *process) receiveEvents(h Eventer) {
	list := h.Events()
	if len(list) == 0 {
		return
	}
	for _, e := range list {
		p.taken = append(p.taken, e.ID)
		p.inbox.add(e)
	}
	p.pace.clean = false
	p.pace.moved = time.Now()
	wakeFirst(p.inbox.key())
}

// A savedInbox is the inbox in a snapshot.
type savedInbox struct {
	List              []Event
	Stopped           []string
	Working, Answered []uint64
}

func (in *inbox) saved() savedInbox {
	in.mu.Lock()
	defer in.mu.Unlock()
	return savedInbox{in.list, in.stopped, in.working, in.answered}
}

func (in *inbox) restore(s savedInbox) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.list, in.stopped, in.working, in.answered = s.List, s.Stopped, s.Working, s.Answered
}
