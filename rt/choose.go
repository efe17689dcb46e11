package rt

import (
	"math"
	"reflect"
	"slices"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
)

// This file defines select in programs whose goroutines may be in several processes.
//
// If one of the channels is shared, all are: the exchange decides which case it is. Only the channel of a timer stays in the process, unless it is shared already (see
// sharetimer.go). When it is ready the operation is cancelled, and if the exchange has not chosen meanwhile, the timer has won.

// Native is what Choose returns when no channel is shared.
const Native = -2

// SendingValue is Sending with the value.
func SendingValue[T any](ch chan<- T, v T) Wait { return Wait{waitSend, ch, &v} }

// Choose is a select of cases. It returns the number of the one that has happened, -1 for the default clause, or Native: then nothing has, and the caller does it
// natively. What it returns means nothing if g is Suspending afterwards.
func (g *G) Choose(hasDefault bool, cases ...Wait) int {
	if !g.asked && g.reply == nil && !g.anyShared(cases) {
		return Native
	}
	r := g.ask("select", func() *ask {
		a := &ask{op: exchange.Op{Kind: exchange.OpSelect, Default: hasDefault}}
		for _, w := range cases {
			c, value := exchange.Case{Send: w.op == waitSend}, w.value
			if w.channel() == nil || g.timed(w) {
				value = nil // never ready, as far as the exchange is concerned
			} else {
				c.Channel = g.p.share.channel(w.on)
			}
			a.op.Cases = append(a.op.Cases, c)
			a.values = append(a.values, value)
		}
		return a
	})
	if r == nil {
		for _, w := range cases {
			if g.timed(w) {
				g.waits = append(g.waits, Wait{op: w.op, on: w.on})
			}
		}
		return -1
	}
	if r.Kind == exchange.ReplyCancelled {
		return g.chooseTimer(hasDefault, cases)
	}
	g.chosen, g.chosenOK = nil, r.OK
	if r.OK {
		g.chosen = reflect.New(reflect.TypeOf(cases[r.Case].on).Elem()).Interface()
		g.arrive(r, g.chosen)
	}
	g.panics(r)
	return r.Case
}

// anyShared reports whether the channel of some case is shared.
func (g *G) anyShared(cases []Wait) bool {
	return slices.ContainsFunc(cases, func(w Wait) bool { return g.chanThing(w.on) != nil })
}

// timed reports whether w is for the channel of a timer which is not shared.
func (g *G) timed(w Wait) bool {
	ch := w.channel()
	return ch != nil && ch.timer != nil && g.chanThing(w.on) == nil
}

// channel returns the id of a channel, which becomes shared if it is not.
func (s *sharing) channel(ch any) exchange.ObjectID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return exchange.ObjectID(s.link.ShareChan(ch).ID)
}

// chooseTimer takes the case of a timer that is ready. If none is any more, the operation is asked for again.
func (g *G) chooseTimer(hasDefault bool, cases []Wait) int {
	for i, w := range cases {
		if g.timed(w) {
			if v, ok := reflect.ValueOf(w.on).TryRecv(); ok {
				at := v.Interface().(time.Time)
				g.chosen, g.chosenOK = &at, true
				return i
			}
		}
	}
	return g.Choose(hasDefault, cases...)
}

// Chosen returns what the case has received that Choose returned.
func Chosen[T any](g *G) (v T, ok bool) {
	if p, ok := g.chosen.(*T); ok {
		v = *p
	}
	g.chosen = nil
	return v, g.chosenOK
}

// untilTimed does what timers that are ready demand, and returns how long it takes until there is another.
func (p *process) untilTimed(now time.Time) time.Duration {
	if p.share == nil {
		return math.MaxInt64
	}
	var o outlook
	o.earlier(p.share.feed(now.UnixNano()))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cancelTimed(now.UnixNano())
	for _, g := range p.gs {
		if g.down && g.expects() && !g.cancelling {
			for _, w := range g.waits {
				o.earlier(w.until(g))
			}
		}
	}
	if o.wake == 0 {
		return math.MaxInt64
	}
	return max(0, time.Duration(o.wake-now.UnixNano()))
}

// cancelTimed gives up operations whose goroutines have a timer that is ready, or whose channel has become shared meanwhile. p.mu is held.
func (p *process) cancelTimed(now int64) {
	for _, g := range p.gs {
		if !g.down || !g.expects() || g.cancelling {
			continue
		}
		if slices.ContainsFunc(g.waits, func(w Wait) bool { return w.op == waitRecv && (w.possible(now, g) || !g.timed(w)) }) {
			g.cancelling = true
			s := p.share
			s.mu.Lock()
			s.queue = append(s.queue, &ask{op: exchange.Op{Kind: exchange.OpCancel, G: exchange.GID(g.id)}})
			s.mu.Unlock()
		}
	}
}
