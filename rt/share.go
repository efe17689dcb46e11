package rt

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"
	"unsafe"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/snap"
)

// This file defines what the goroutines of one process share with those of others. See docs/processes.md.
//
// # The translation
//
// An operation on something that is shared is put into a queue, and its goroutine concedes; the monitor asks for a stop, and the next commit sends
// the queue as a batch to the exchange. When the reply has come the goroutine is resumed, executes the operation again, and finds the reply:
//
//	v := <-ch    native channel     try, park in a native select
//	             shared channel     ask: queue {select, case ch}; concede ... commit ... reply; resume; take the reply
//
// Nothing that other processes can see happens before a commit, so nothing is sent twice or lost.

// A Sharer is a Host of a process that may be one of several of a run.
type Sharer interface {
	// Arrived delivers a value when replies have come.
	Arrived() <-chan struct{}
	// Replies returns those that have come since it was called last, in order; first what the snapshot has not taken.
	Replies() []exchange.Reply
	// Unload delivers a value when the process is to be forgotten: the host has what it needs.
	Unload() <-chan struct{}
	// Awaited delivers a value when another process waits for this OS process.
	Awaited() <-chan struct{}
	// Idle reports whether the last commit said that the process has nothing to do, and nothing has come since.
	Idle() bool
	// Tend does what is due, and returns when it is to be called again. The monitor calls it before it waits.
	Tend(now time.Time) time.Duration
	// Again forgets the process, after which another may follow in this OS process, and reports whether it may; Load says which.
	Again() bool
}

// An ask is an operation in the queue. Values are encoded when the process is quiet.
type ask struct {
	g      *G // who waits for the reply, nil if nobody does
	op     exchange.Op
	value  any   // of op: a pointer to it
	old    any   // the same, of the value to compare with
	values []any // of its cases
}

// sharing is what a process shares. Its lock is for the operations of goroutines; nobody else looks while the process is not quiet.
type sharing struct {
	mu       sync.Mutex
	link     *snap.Link
	self     exchange.ProcessID
	made     uint32 // objects
	step     uint64 // of the last batch
	consumed uint64 // replies that have been delivered
	queue    []*ask
	draft    *exchange.Batch          // has been made, and is not committed
	since    time.Time                // when the monitor saw the queue first
	urgent   bool                     // somebody may wait for what is in the queue
	stores   []exchange.Stored        // have come, of memory that the process does not know yet
	known    map[uint64]*snap.Content // shared memory as it was sent or received last
	retired  map[uint64]retired       // see shareforget.go
	taken    uint64                   // the last step of which a reply says that the exchange has taken it
	feeds    []*feed
	ends     ends
	over     map[uint64]bool // contexts of whose cancellation the exchange knows
	heard    []ended         // since learn
	news     bool            // have come, and no goroutine goes on with them: the next batch takes note of them
	ending   bool            // nothing comes after the next batch
}

// savedSharing is sharing in a snapshot: what queue was is in the batch that goes with it, and known is what the memory is.
type savedSharing struct {
	Self           uint32
	Made           uint32
	Step, Consumed uint64
	Things         []savedThing
	Stores         []exchange.Stored
	Feeds          []savedFeed
	Retired        []retired
}

type savedThing struct {
	ID   uint64
	Kind snap.ThingKind
	Ref  any
}

// shares returns what the process shares, which may be nothing so far.
func (p *process) shares() *sharing {
	if s := p.shared(); s != nil {
		return s
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.share == nil {
		p.share = newSharing(exchange.ProcessID(p.start.Process), p.hooks())
		word.Or(bitShare)
	}
	return p.share
}

// shared returns what the process shares, nil if nothing is. It may be asked while goroutines run.
func (p *process) shared() *sharing {
	if word.Load()&bitShare == 0 {
		return nil
	}
	return p.share
}

func newSharing(self exchange.ProcessID, hooks snap.ContextHooks) *sharing {
	s := &sharing{self: self, known: map[uint64]*snap.Content{}, retired: map[uint64]retired{}, over: map[uint64]bool{}}
	s.link = snap.NewLink(func() uint64 {
		s.made++
		return uint64(exchange.NewObjectID(s.self, s.made))
	})
	s.link.Own()
	s.link.SetContexts(hooks)
	return s
}

// chanThing returns the shared thing that the channel is, nil if it is not shared.
func (g *G) chanThing(ch any) *snap.Thing {
	if word.Load()&bitShare == 0 || g == nil || g.p.share == nil || dataOf(ch) == nil {
		return nil
	}
	s := g.p.share
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.link.At(dataOf(ch))
}

// lockThing is chanThing of a lock.
func (g *G) lockThing(lock unsafe.Pointer) *snap.Thing {
	if word.Load()&bitShare == 0 || g == nil || g.p.share == nil {
		return nil
	}
	s := g.p.share
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.link.LockAt(lock)
}

// put adds an operation to the next batch.
func (p *process) put(a *ask) {
	s := p.shares()
	s.mu.Lock()
	news := len(s.queue) == 0
	s.queue = append(s.queue, a)
	if !s.urgent && a.op.Kind != exchange.OpSpawn && (a.op.Kind != exchange.OpAdd || a.op.N < 0) {
		s.urgent, news = true, true
	}
	s.mu.Unlock()
	if news {
		p.kick()
	}
}

// ask asks for an operation and returns its reply, or nil: g has conceded then. what names the operation, as Go's tracebacks do. The caller
// lets the reply arrive.
func (g *G) ask(what string, make func() *ask) *exchange.Reply {
	if r := g.reply; r != nil {
		g.reply, g.asked, g.cancelling = nil, false, false
		return r
	}
	if g.pins != 0 {
		os.Stderr.WriteString("harkgen: goroutine " + fmt.Sprint(g.id) + " uses something that processes share (" + what + ") while it panics, or in a call back from code that is not compiled; " +
			"it cannot be saved there, so others cannot be told; do it after the panic is recovered or the call has returned, or use -placement local\n")
		g.p.exit(2)
	}
	if !g.asked {
		g.asked = true
		a := make()
		a.g, a.op.G = g, exchange.GID(g.id)
		g.p.put(a)
	}
	g.Concede(Wait{op: waitShared, on: what})
	return nil
}

// expects reports whether g waits for the reply to an operation. p.mu is held.
func (g *G) expects() bool { return g.asked && g.reply == nil }

// arrive decodes the value of a reply into *v.
func (g *G) arrive(r *exchange.Reply, v any) {
	s := g.p.share
	s.mu.Lock()
	err := s.decode(r, v)
	s.mu.Unlock()
	if err != nil {
		panic("harkgen: " + err.Error())
	}
	g.p.learn()
}

// decode decodes the value of a reply. What has come of the content of memory that is new in it is put there.
func (s *sharing) decode(r *exchange.Reply, v any) error {
	if err := s.link.Decode(r.Value.Data, v); err != nil {
		return err
	}
	return s.flush()
}

// flush puts what has come into memory. It is called for each reply, in their order, before anybody hears of that: who acquires later must see what was told with an
// earlier reply, to another goroutine. What the process does not know yet waits until a value leads to it.
func (s *sharing) flush() error {
	for {
		if err := s.refill(); err != nil {
			return err
		}
		var rest []exchange.Stored
		for _, x := range s.stores {
			known, err := s.store(&x)
			if err != nil {
				return err
			}
			if !known {
				rest = append(rest, x)
			}
		}
		more := len(rest) < len(s.stores)
		s.stores = rest
		if !more {
			return nil
		}
	}
}

// store changes memory. It reports false if the process does not know it.
func (s *sharing) store(x *exchange.Stored) (known bool, err error) {
	t := s.link.Thing(uint64(x.Object))
	if t == nil {
		return false, nil
	}
	if t.Kind == snap.ThingContext {
		return true, s.hear(t, x)
	}
	if x.Patch {
		err = s.link.Apply(t, nil, []snap.Piece{{Offset: int(x.Offset), Value: snap.Value{Data: x.Value.Data}}})
	} else if t.Kind == snap.ThingMemory {
		err = s.link.Apply(t, x.Value.Data, nil)
	}
	if err == nil {
		s.told(t, x)
	}
	return true, err
}

// told notes what has come, so that it is not sent back.
func (s *sharing) told(t *snap.Thing, x *exchange.Stored) {
	c := s.known[t.ID]
	if c == nil || !x.Patch {
		c = &snap.Content{Raw: x.Value.Data, Borrowed: true}
		s.known[t.ID] = c
	}
	if x.Patch {
		c.Change(snap.Piece{Offset: int(x.Offset), Value: snap.Value{Data: x.Value.Data}, Slot: t.IsSlot(int(x.Offset))})
	}
}

// maxShareWait is how long an operation waits for others of its process to come to a stop by themselves, before they are stopped for it, and
// maxSpawnWait the same where only new processes wait, of which more may follow.
const (
	maxShareWait = 200 * time.Microsecond
	maxSpawnWait = 5 * time.Millisecond
)

// sharePatience returns how long the queue may wait, negative if there is none.
func (p *process) sharePatience(now time.Time, quiet bool) time.Duration {
	s := p.shared()
	if s == nil || p.pinned.Load() != 0 {
		return -1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.queue) == 0 && !s.news && !s.mustTell():
		s.since = time.Time{}
		return -1
	case quiet:
		return 0
	case s.since.IsZero():
		s.since = now
	}
	wait := maxSpawnWait
	if s.urgent {
		wait = maxShareWait
	}
	return max(0, wait-now.Sub(s.since))
}

// deliver gives a reply to the goroutine that waits for it, which goes on.
func (p *process) deliver(r *exchange.Reply) {
	s := p.shares()
	s.mu.Lock()
	if r.Seq != s.consumed+1 { // a repeat, or one that will come again
		s.mu.Unlock()
		return
	}
	s.consumed, s.taken = r.Seq, max(s.taken, r.Step)
	p.pace.clean = false // though no goroutine may go on: the exchange hears only by a commit that it was taken
	s.stores = append(s.stores, r.Stores...)
	r.Stores = nil
	err := s.flush()
	s.mu.Unlock()
	if err != nil {
		p.exit(p.giveUp("cannot take what other processes have changed: " + err.Error()))
	}
	p.learn()
	switch {
	case r.Kind == exchange.ReplyStart:
		p.begin(r)
		return
	case r.Kind == exchange.ReplyNews:
		s.mu.Lock()
		s.news = true
		s.mu.Unlock()
		return
	case r.G >= firstFeed:
		s.fed(r)
		return
	}
	if r.G == 0 {
		p.unheard(r)
		return
	}
	p.mu.Lock()
	i := slices.IndexFunc(p.gs, func(g *G) bool { return exchange.GID(g.id) == r.G })
	if i < 0 {
		p.mu.Unlock()
		return
	}
	g := p.gs[i]
	g.reply = r
	p.pace.rest, p.pace.idle = false, census{} // it is not as at the last quiet point any more
	up := g.down && !p.stopping && !p.pending
	if up {
		g.down = false
		g.fresh = resumed
		p.running++
		p.unsettled++
		word.Or(bitSettle)
	}
	p.mu.Unlock()
	if up {
		g.start()
	}
}

// begin starts the goroutine of a process that has been started with r.
func (p *process) begin(r *exchange.Reply) {
	var x spawned
	p.origin = r.Text
	p.share.mu.Lock()
	err := p.share.decode(r, &x)
	p.share.mu.Unlock()
	if err != nil {
		p.exit(p.giveUp("cannot start process " + fmt.Sprint(p.share.self) + ": " + err.Error()))
	}
	p.learn()
	restoreSettings(x.Settings)
	p.spawn(x.Thunk)
}

// nextBatch makes the batch of a commit, nil if nothing is shared.
func (p *process) nextBatch(o *outlook) (*exchange.Batch, error) {
	if p.share == nil {
		return nil, nil
	}
	if _, ok := p.host.(Sharer); !ok {
		return nil, errors.New("it has goroutines that run in processes of their own, which this host does not have; compile it with -placement local, without comments //hark:go remote")
	}
	return p.share.batch(o, p.gs)
}

// finish sends the last batch: the process has ended, or with exit the run.
func (p *process) finish(exit *exchange.Exit) {
	p.share.ending = true
	b, err := p.share.batch(new(outlook), nil)
	if err != nil {
		p.giveUp(explain(err))
		return
	}
	b.Idle, b.Ended, b.Exit = false, true, exit
	if _, err := p.host.Commit(context.Background(), &Step{Reason: "ended", Batch: b}); err != nil {
		p.giveUp("cannot tell others of the end: " + err.Error())
	}
}

// hasEnded reports whether the process is not that of main, all its goroutines have ended, and nothing will start one, or send.
func (p *process) hasEnded() bool {
	if p.start.Process == 0 || p.count() > 0 {
		return false
	}
	alarms := p.alarms.saved()
	if slices.ContainsFunc(alarms, func(a savedAlarm) bool { return a.When != 0 && !a.Alarm.context }) || len(alarms) > 0 && !p.alone() {
		return false
	}
	p.mu.Lock()
	idle := p.lastID > 0 && len(p.gs) == 0
	p.mu.Unlock()
	return idle && !p.share.feeding() && p.callbacks.none()
}
