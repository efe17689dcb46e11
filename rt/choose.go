package rt

import (
	"math"
	"reflect"
	"slices"
	"time"
	"unsafe"

	"github.com/harkgen/harkgen/rt/exchange"
)

// This file defines select in programs whose goroutines may be in several processes.
//
// If one of the channels is shared, all are: the exchange decides which case it is. Only the Done channel of a context, one that is closed, and that of a timer that is not shared already
// (see sharetimer.go) stay in the process. When one of them is ready the operation is cancelled, and if the exchange has not chosen meanwhile, the channel has won. If one is ready from the
// beginning it has its turn every other time, else the exchange is asked first whether another case can be done at once.

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
	ready := false
	if !g.asked && g.reply == nil {
		ready = slices.ContainsFunc(cases, func(w Wait) bool { return g.isOwn(w) && w.possible(time.Now().UnixNano(), g) })
		if g.favour = ready && !g.favour; g.favour {
			if i := g.chooseOwn(cases); i >= 0 {
				return i
			}
		}
	}
	r := g.ask("select", func() *ask {
		a := &ask{op: exchange.Op{Kind: exchange.OpSelect, Default: hasDefault || ready}}
		for _, w := range cases {
			c, value := exchange.Case{Send: w.op == waitSend}, w.value
			if w.channel() == nil || g.isOwn(w) {
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
			if g.isOwn(w) {
				g.waits = append(g.waits, Wait{op: w.op, on: w.on})
			}
		}
		return -1
	}
	if r.Kind == exchange.ReplyCancelled || r.Case < 0 {
		i := g.chooseOwn(cases)
		if i < 0 && !hasDefault {
			return g.Choose(false, cases...)
		}
		return i
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

// channel returns the id of a channel, which becomes shared if it is not.
func (s *sharing) channel(ch any) exchange.ObjectID {
	s.mu.Lock()
	defer s.mu.Unlock()
	return exchange.ObjectID(s.link.ShareChan(ch).ID)
}

// isOwn reports whether w receives from a channel that belongs to the process also where others are shared.
func (g *G) isOwn(w Wait) bool {
	ch := w.channel()
	if ch == nil || w.op != waitRecv || g.chanThing(w.on) != nil {
		return false
	}
	return ch.timer != nil || ch.closed != 0 && ch.qcount == 0 || g.p.dones.owner(unsafe.Pointer(ch)) != nil
}

// chooseOwn takes a case that the process owns and that is ready; -1 if there is none.
func (g *G) chooseOwn(cases []Wait) int {
	for i, w := range cases {
		if !g.isOwn(w) {
			continue
		}
		if v, ok := reflect.ValueOf(w.on).TryRecv(); v.IsValid() {
			x := reflect.New(v.Type())
			x.Elem().Set(v)
			g.chosen, g.chosenOK = x.Interface(), ok
			return i
		}
	}
	return -1
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
	if p.shared() == nil {
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
		if slices.ContainsFunc(g.waits, func(w Wait) bool { return w.op == waitRecv && (w.possible(now, g) || !g.isOwn(w)) }) {
			g.cancelling = true
			s := p.share
			s.mu.Lock()
			s.queue = append(s.queue, &ask{op: exchange.Op{Kind: exchange.OpCancel, G: exchange.GID(g.id)}})
			s.mu.Unlock()
		}
	}
}
