package rt

import (
	"runtime"
	"time"
)

// This file defines the quiet point: is it one, and who can go on.

// An outlook says how the process goes on from a quiet point.
type outlook struct {
	runnable bool  // some goroutine can go on now
	wake     int64 // else: the first deadline, UnixNano, 0 = none
	external bool  // else: some goroutine waits for an event
}

// sides are the goroutines that wait on one channel: up to two of each side, which suffices to tell whether two different ones meet.
type sides struct{ recv, send [2]*G }

func enter(s *[2]*G, g *G) {
	switch {
	case s[0] == nil:
		s[0] = g
	case s[0] != g:
		s[1] = g
	}
}

// meets reports whether a receiver and a sender are two different goroutines.
func (s *sides) meets() bool {
	return s.recv[0] != nil && s.send[0] != nil && (s.recv[0] != s.send[0] || s.recv[1] != nil || s.send[1] != nil)
}

// outlook computes the outlook of gs, of which none runs.
func (p *process) outlook(gs []*G, now int64) (o outlook) {
	chans := make(map[*hchan]*sides)
	for _, g := range gs {
		for _, w := range g.waits {
			if w.possible(now, g) {
				o.runnable = true
				return
			}
			o.earlier(w.until(g))
			o.external = o.external || w.op == waitEvent
			c := w.channel()
			if c == nil {
				continue
			}
			s := chans[c]
			if s == nil {
				s = new(sides)
				chans[c] = s
			}
			if w.op == waitRecv {
				enter(&s.recv, g)
			} else {
				enter(&s.send, g)
			}
			if s.meets() {
				o.runnable = true
				return
			}
		}
	}
	o.earlier(p.alarms.next())
	if p.share != nil {
		o.earlier(p.share.nextFeed())
	}
	return
}

func (o *outlook) earlier(at int64) {
	if at != 0 && (o.wake == 0 || at < o.wake) {
		o.wake = at
	}
}

// alone reports whether no native goroutine runs that is not accounted for. It waits a little for those that are about to end, and leaves
// those that do not in p.foreign.now.
func (p *process) alone() bool {
	p.foreign.now = p.foreign.now[:0]
	var since time.Time
	for i := 0; ; i++ {
		n := runtime.NumGoroutine()
		if n < p.base { // one of those there were at the start has ended
			p.strange = max(p.strange-(p.base-n), 0)
			p.stirring = min(p.stirring, p.strange)
			p.base = n
		}
		late := !since.IsZero() && time.Since(since) > 2*time.Millisecond
		known := n <= p.base && p.strange == 0
		// Where there are strange ones the number proves nothing: one of them may have ended as another began.
		if known || (n <= p.base || i == 100 || late) && !p.foreign.look() {
			return p.adopted.Load() == 0 && p.pinned.Load() == 0
		}
		switch {
		case i < 100 && n > p.base:
			runtime.Gosched()
			continue
		case since.IsZero():
			since = time.Now()
		case late:
			return false
		}
		time.Sleep(20 * time.Microsecond)
	}
}
