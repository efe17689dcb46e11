package rt

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"unsafe"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/snap"
)

// This file defines contexts of programs whose goroutines may be in several processes.
//
// Each process that knows a context has one of its own in its place, made of the same types: package context works on it natively, so that ctx.Err() is a plain call,
// and what is derived from it is cancelled with it. What they share is that it is cancelled, and why:
//
//	cancel()   not shared     natively
//	           shared         queue {end}; wait for ctx.Done(), natively; the news close it (cancelled, when the exchange has decided whose reason counts)
//	           cannot wait    natively at once, and the next batch tells the others
//
// A deadline has a timer in each process. The Done channel belongs to the process, like that of a timer.
//
// Package context, as it is compiled along, calls the functions of this file (transform/load/context.go); a context is known here by its lock.

// contextFuncs is what rt uses of package context. ctx is a pointer to the memory of a context that can be cancelled.
type contextFuncs struct {
	lock   func(ctx any) *sync.Mutex
	parent func(ctx any) *sync.Mutex // of the context with which it is cancelled, nil if there is none
	done   func(ctx any) <-chan struct{}
	why    func(ctx any) (err, cause error) // nil: it is not cancelled
	cancel func(ctx any, err, cause error)
	attach func(ctx any) // joins one that has come from another process to its parent, and sets its timer
}

var contextPackage contextFuncs

// RegisterContexts registers the functions of package context. Only its copy calls it.
func RegisterContexts(lock, parent func(any) *sync.Mutex, done func(any) <-chan struct{}, why func(any) (error, error), cancel func(any, error, error), attach func(any)) {
	contextPackage = contextFuncs{lock, parent, done, why, cancel, attach}
}

// distributed says that the program starts goroutines in other processes.
var distributed bool

// RegisterDistributed registers that it does.
func RegisterDistributed() { distributed = true }

// Distributed reports whether the program starts goroutines in other processes.
func Distributed() bool { return distributed }

// A contextEnd is why a context is cancelled, as it goes from process to process.
type contextEnd struct{ Err, Cause error }

// dones are the contexts of a process that have a Done channel and are not cancelled. They are kept: who waits for the channel need not hold the context.
type dones struct {
	mu   sync.Mutex
	by   map[unsafe.Pointer]doneOf // by channel
	made uint64
}

type doneOf struct {
	ctx any
	seq uint64
}

// DoneMade says that ch has become the Done channel of a context, which is not cancelled.
func DoneMade(ctx any, ch <-chan struct{}) {
	p := cur
	if !distributed && p.host != nil { // before, this is not known yet
		return
	}
	d := &p.dones
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.by == nil {
		d.by = map[unsafe.Pointer]doneOf{}
	}
	d.made++
	d.by[dataOf(ch)] = doneOf{ctx, d.made}
}

// owner returns the context whose Done channel is at ch, nil if there is none.
func (d *dones) owner(ch unsafe.Pointer) any {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.by[ch].ctx
}

func (d *dones) none() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.by) == 0
}

// saved returns the contexts in the order in which their channels were made.
func (d *dones) saved() (list []any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]doneOf, 0, len(d.by))
	for _, x := range d.by {
		all = append(all, x)
	}
	slices.SortFunc(all, func(a, b doneOf) int { return int(a.seq) - int(b.seq) })
	for _, x := range all {
		list = append(list, x.ctx)
	}
	return list
}

func (d *dones) restore(list []any) {
	d.mu.Lock()
	d.by = nil
	d.mu.Unlock()
	for _, ctx := range list {
		DoneMade(ctx, contextPackage.done(ctx))
	}
}

// callbacks are what context.AfterFunc has been asked for, and has neither begun nor been stopped: they keep a process alive without goroutines.
type callbacks struct {
	mu   sync.Mutex
	set  map[any]uint64
	made uint64
}

// CallbackPending says that ctx calls a function when it is cancelled, or does not any more.
func CallbackPending(ctx any, pending bool) {
	c := &cur.callbacks
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case !pending:
		delete(c.set, ctx)
	case distributed:
		if c.set == nil {
			c.set = map[any]uint64{}
		}
		c.made++
		c.set[ctx] = c.made
	}
}

func (c *callbacks) none() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.set) == 0
}

func (c *callbacks) saved() []any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.SortedFunc(maps.Keys(c.set), func(a, b any) int { return cmp.Compare(c.set[a], c.set[b]) })
}

func (c *callbacks) restore(list []any) {
	c.mu.Lock()
	c.set = nil
	c.mu.Unlock()
	for _, ctx := range list {
		CallbackPending(ctx, true)
	}
}

// ContextCancelled says that the context with lock mu, whose Done channel is ch, has been cancelled in this process.
func ContextCancelled(mu *sync.Mutex, ch <-chan struct{}, err, cause error) {
	d := &cur.dones
	d.mu.Lock()
	delete(d.by, dataOf(ch))
	d.mu.Unlock()
	if word.Load()&bitShare != 0 {
		cur.share.ends.add(mu, err, cause)
		cur.kick()
	}
}

// ends are contexts that have been cancelled in this process since the last batch. The lock is for this alone: package context holds its own meanwhile.
type ends struct {
	mu   sync.Mutex
	list []end
}

type end struct {
	lock *sync.Mutex
	why  contextEnd
}

func (e *ends) add(lock *sync.Mutex, err, cause error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, end{lock, contextEnd{err, cause}})
}

// told forgets them.
func (e *ends) told() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = nil
}

// EndContext is EndContextG in a function that cannot wait.
func EndContext(*sync.Mutex, error, error) bool { return false }

// EndContextG cancels the context with lock mu for all processes, if it is shared: it reports true, and the caller waits until it is cancelled here. Else the caller cancels it.
func EndContextG(g *G, mu *sync.Mutex, err, cause error) bool {
	t := g.lockThing(unsafe.Pointer(mu))
	if t == nil || g.pins != 0 {
		return false
	}
	if cause == nil {
		cause = err
	}
	g.p.put(&ask{op: exchange.Op{Kind: exchange.OpEnd, Object: exchange.ObjectID(t.ID)}, value: &contextEnd{err, cause}})
	return true
}

// An ended is a context that has been cancelled by another process, or by this one through the exchange.
type ended struct {
	t   *snap.Thing
	why contextEnd
}

// hear takes note of the end of context t; learn does what it means. s.mu is held.
func (s *sharing) hear(t *snap.Thing, x *exchange.Stored) error {
	e := ended{t: t}
	if err := s.link.Decode(x.Value.Data, &e.why); err != nil {
		return err
	}
	s.over[t.ID] = true
	s.heard = append(s.heard, e)
	return nil
}

// learn sets up the contexts that have come, and cancels those that have been. One that is both is cancelled before it is joined to its parent, which may have been cancelled
// later for another reason.
func (p *process) learn() {
	s := p.share
	s.mu.Lock()
	come, heard := s.link.Contexts(), s.heard
	s.heard = nil
	s.mu.Unlock()
	if len(come)+len(heard) == 0 {
		return
	}
	new := map[*snap.Thing]bool{}
	for _, t := range come {
		new[t] = true
		if ctx := s.link.Around(t); ctx != nil {
			contextPackage.lock(ctx) // it knows itself from now on: another may be joined to it
		}
	}
	cancel := func(e ended) {
		if ctx := s.link.Around(e.t); ctx != nil {
			contextPackage.cancel(ctx, e.why.Err, e.why.Cause)
		}
	}
	for _, e := range heard {
		if new[e.t] {
			cancel(e)
		}
	}
	for _, t := range come {
		if ctx := s.link.Around(t); ctx != nil {
			contextPackage.attach(ctx)
		}
	}
	for _, e := range heard {
		if !new[e.t] {
			cancel(e)
		}
	}
	p.kick()
}

// mustTell reports whether a shared context has been cancelled in this process. s.mu is held.
func (s *sharing) mustTell() bool {
	e := &s.ends
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = slices.DeleteFunc(e.list, func(x end) bool {
		t := s.link.LockAt(unsafe.Pointer(x.lock))
		return t == nil || s.over[t.ID]
	})
	return len(e.list) > 0
}

// endings returns operations that tell of the contexts that have been cancelled in this process.
func (s *sharing) endings() (ops []exchange.Op, err error) {
	if !s.mustTell() {
		return nil, nil
	}
	for _, e := range s.ends.list {
		t := s.link.LockAt(unsafe.Pointer(e.lock))
		a := &ask{op: exchange.Op{Kind: exchange.OpEnd, Object: exchange.ObjectID(t.ID)}, value: &e.why}
		if err := s.encode(a); err != nil {
			return nil, err
		}
		ops = append(ops, a.op)
	}
	return ops, nil
}

// describeContext describes context t.
func (s *sharing) describeContext(t *snap.Thing, d *exchange.Share) error {
	d.Kind = exchange.KindContext
	ctx := s.link.Around(t)
	if ctx == nil { // it goes at this moment
		return nil
	}
	err, cause := contextPackage.why(ctx)
	if err != nil {
		a := &ask{value: &contextEnd{err, cause}}
		s.over[t.ID] = true
		d.Closed = true
		err := s.encode(a)
		d.Content = a.op.Value
		return err
	}
	if mu := contextPackage.parent(ctx); mu != nil {
		if parent := s.link.ContextAt(unsafe.Pointer(mu)); parent != nil {
			d.Parent = exchange.ObjectID(parent.ID)
		}
	}
	return nil
}

// hooks are what the codec asks about contexts.
func (p *process) hooks() snap.ContextHooks {
	return snap.ContextHooks{
		Owner: p.dones.owner,
		Done:  func(ctx any) unsafe.Pointer { return dataOf(contextPackage.done(ctx)) },
	}
}
