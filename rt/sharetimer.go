package rt

import (
	"reflect"
	"slices"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/snap"
)

// This file defines timers whose channels are shared. The timer stays Go's own, in the process that has made it. When it is due that process sends on the channel, as a
// goroutine would that says `for { c <- <-t.C }`:
//
//	native       c <- now is in the channel until it is taken; what the timer sends meanwhile is dropped
//	exchange     the send waits, at most one; when it is taken, what is in the native channel is dropped

// firstFeed is the first number that a feed has in the exchange; goroutines have smaller ones.
const firstFeed exchange.GID = 1 << 31

// A feed passes on what a timer sends.
type feed struct {
	t      *snap.Thing // the channel
	held   any         // the same, held while the timer may send: what nobody in this process refers to may be all that others wait for
	g      exchange.GID
	sent   bool  // a value waits in the exchange
	due    int64 // of the timer, then
	giveUp bool  // the value is to be taken back
}

// A savedFeed is a feed in a snapshot.
type savedFeed struct {
	Chan         any
	G            exchange.GID
	Sent, GiveUp bool
	Due          int64
}

// addFeed makes a feed for the channel t. The lock is held.
func (s *sharing) addFeed(t *snap.Thing) {
	g := firstFeed
	for _, f := range s.feeds {
		g = max(g, f.g+1)
	}
	s.feeds = append(s.feeds, &feed{t: t, held: t.Ref(), g: g})
}

// feed sends what timers have to send, and returns when the next is due, UnixNano, 0 if none is.
func (s *sharing) feed(now int64) (next int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look(func(f *feed, due int64) {
		if f.sent || due == 0 || due > now {
			return
		}
		if v, ok := reflect.ValueOf(f.held).TryRecv(); ok {
			p := reflect.New(v.Type())
			p.Elem().Set(v)
			f.sent, f.due, f.giveUp = true, snap.ChanDue(f.held), false
			op := exchange.Op{Kind: exchange.OpSelect, G: f.g, Cases: []exchange.Case{{Channel: exchange.ObjectID(f.t.ID), Send: true}}}
			s.queue = append(s.queue, &ask{op: op, values: []any{p.Interface()}})
		}
	})
	return s.firstDue()
}

// retract takes back what timers have sent that were stopped, or set again, before all that waits in the queue: who has done that may look at the channel next. The lock is held.
func (s *sharing) retract() {
	s.look(func(f *feed, due int64) {
		if !f.sent || due == f.due || f.giveUp {
			return
		}
		n := len(s.queue)
		s.queue = slices.DeleteFunc(s.queue, func(a *ask) bool { return a.op.G == f.g })
		if f.sent = len(s.queue) == n; f.sent { // it has been sent with an earlier batch
			f.giveUp = true
			s.queue = slices.Insert(s.queue, 0, &ask{op: exchange.Op{Kind: exchange.OpCancel, G: f.g}})
		}
	})
}

// look calls do for each feed, with the time at which its timer is due. Feeds whose channels are gone are forgotten. The lock is held.
func (s *sharing) look(do func(f *feed, due int64)) {
	kept := s.feeds[:0]
	for _, f := range s.feeds {
		c := f.t.Ref()
		if c == nil {
			continue
		}
		kept = append(kept, f)
		f.held = c
		due := snap.ChanDue(c)
		do(f, due)
		if !f.sent && snap.ChanDue(c) == 0 {
			f.held = nil // who can set it again has it
		}
	}
	clear(s.feeds[len(kept):])
	s.feeds = kept
}

// nextFeed returns when the next timer is due that has something to send, UnixNano, 0 if none is.
func (s *sharing) nextFeed() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.firstDue()
}

// firstDue is nextFeed. The lock is held.
func (s *sharing) firstDue() int64 {
	var o outlook
	s.look(func(f *feed, due int64) {
		if !f.sent {
			o.earlier(due)
		}
	})
	return o.wake
}

// feeding reports whether a timer has something to send, now or later.
func (s *sharing) feeding() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	yes := false
	s.look(func(f *feed, due int64) { yes = yes || f.sent || due != 0 })
	return yes
}

// fed takes the reply to what a feed has sent.
func (s *sharing) fed(r *exchange.Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.look(func(f *feed, due int64) {
		if f.g != r.G {
			return
		}
		f.sent = false
		if r.Kind != exchange.ReplyCancelled && due == f.due {
			reflect.ValueOf(f.held).TryRecv()
		}
	})
}

// savedFeeds returns the feeds for a snapshot. The lock is held.
func (s *sharing) savedFeeds() (list []savedFeed) {
	s.look(func(f *feed, _ int64) { list = append(list, savedFeed{f.held, f.g, f.sent, f.giveUp, f.due}) })
	return list
}

// restore makes a feed that a snapshot has brought.
func (x *savedFeed) restore(l *snap.Link) *feed {
	return &feed{t: l.At(dataOf(x.Chan)), held: x.Chan, g: x.G, sent: x.Sent, giveUp: x.GiveUp, due: x.Due}
}
