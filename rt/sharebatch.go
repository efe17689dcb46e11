package rt

import (
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/snap"
)

// This file makes batches. The process is quiet.

// batch takes the queue: what has become shared, what has changed of shared memory, then the operations. One that could not be committed comes again, with
// what is new. The outlook becomes that of timers that are shared now, too.
func (s *sharing) batch(o *outlook, gs []*G) (*exchange.Batch, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(gs)
	s.retract()
	var ops []exchange.Op
	for _, a := range s.queue {
		if err := s.encode(a); err != nil {
			return nil, err
		}
		ops = append(ops, a.op)
	}
	ends, err := s.endings()
	if err != nil {
		return nil, err
	}
	changed, err := s.changes()
	if err != nil {
		return nil, err
	}
	changed = append(changed, ends...) // who hears of an end sees what was written before it
	if s.draft == nil {
		s.draft = &exchange.Batch{From: s.self, Step: s.step + 1}
	}
	o.earlier(s.firstDue())
	b := s.draft
	b.Consumed, b.Wake = s.consumed, snap.Told(o.wake)
	b.Ops = append(append(b.Ops, changed...), ops...)
	for _, g := range gs {
		b.Ops = s.waitOn(g, b.Ops)
	}
	b.Idle = !o.runnable && !slices.ContainsFunc(gs, s.mustAsk)
	s.queue, s.news, s.urgent, s.since = nil, false, false, time.Time{}
	s.ends.told()
	return b, nil
}

// waitOn makes g, which is down, wait in the exchange for the signal that it waits for natively: the next one may come from another process.
func (s *sharing) waitOn(g *G, ops []exchange.Op) []exchange.Op {
	for _, w := range g.waits {
		if w.op != waitCond {
			continue
		}
		if t := s.link.LockAt(dataOf(w.on)); t != nil && !g.signalled(w.on.(*sync.Cond)) {
			g.asked = true
			g.waits = []Wait{{op: waitShared, on: w.reason()}}
			return append(ops, exchange.Op{Kind: exchange.OpCond, G: exchange.GID(g.id), Object: exchange.ObjectID(t.ID)})
		}
	}
	return ops
}

// mustAsk reports whether g, which is down, waits natively for something that has become shared meanwhile.
func (s *sharing) mustAsk(g *G) bool {
	return !g.asked && slices.ContainsFunc(g.waits, func(w Wait) bool {
		switch w.op {
		case waitReady, waitSleep, waitShared, waitEvent:
			return false
		case waitRecv, waitSend:
			return s.link.At(dataOf(w.on)) != nil
		}
		return s.link.LockAt(dataOf(w.on)) != nil
	})
}

// committed is called when the draft has been.
func (s *sharing) committed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step, s.draft = s.draft.Step, nil
}

// encode encodes the values of an operation.
func (s *sharing) encode(a *ask) (err error) {
	value := func(v any) (exchange.Value, error) {
		kept := v
		if x, ok := v.(*spawned); ok { // the list is nobody's
			kept = &x.Thunk
		}
		if err := s.link.Share(kept); err != nil { // the sender may keep what it sends, and change it
			return exchange.Value{}, err
		}
		x, err := s.link.Encode(v)
		return exchangeValue(x), err
	}
	if a.op.Kind == exchange.OpSpawn {
		constantThunk(a.value.(*spawned).Thunk)
	}
	if a.value != nil {
		if a.op.Value, err = value(a.value); err != nil {
			return err
		}
	}
	if a.old != nil {
		if a.op.OldValue, err = value(a.old); err != nil {
			return err
		}
	}
	for i, v := range a.values {
		if v == nil {
			continue
		}
		if a.op.Cases[i].Value, err = value(v); err != nil {
			return err
		}
	}
	return nil
}

// constantThunk tells that a thunk is as the go statement has made it.
func constantThunk(t Thunk) {
	if typ := reflect.TypeOf(t); typ.Kind() == reflect.Pointer {
		snap.Constant(typ.Elem())
	}
	if group, ok := t.(*groupThunk); ok {
		constantThunk(group.t)
	}
}

func exchangeValue(v snap.Value) exchange.Value {
	x := exchange.Value{Data: v.Data}
	for _, id := range v.Refs {
		x.Refs = append(x.Refs, exchange.ObjectID(id))
	}
	return x
}

// changes returns what has become shared, and what has changed of shared memory. What is found to be shared on the way is part of it.
func (s *sharing) changes() (ops []exchange.Op, err error) {
	var patches []exchange.Op
	seen := map[uint64]bool{}
	var late []exchange.Op // contexts, which are derived from each other
	for more := true; more; {
		more = false
		for _, t := range s.link.Fresh() {
			more = true
			op, err := s.describe(t)
			if err != nil {
				return nil, err
			}
			if t.Kind == snap.ThingContext {
				late = append(late, op)
			} else {
				ops = append(ops, op)
			}
		}
		for _, t := range s.link.Things() {
			if !t.Kind.IsMemory() || seen[t.ID] {
				continue
			}
			seen[t.ID] = true
			known := s.known[t.ID]
			if known != nil {
				if pieces, ok := t.PlainDiff(known); ok {
					patches = s.patch(patches, t, known, pieces)
					continue
				}
				if t.Unchanged() {
					continue
				}
			}
			more = true
			c, err := s.link.Content(t)
			if err != nil {
				return nil, err
			}
			if c == nil { // it goes at this moment
				continue
			}
			patches = s.patch(patches, t, nil, s.difference(t, c))
			s.known[t.ID] = c
		}
	}
	return s.forget(append(append(ops, parentsFirst(late)...), patches...)), nil
}

// parentsFirst sorts operations that share contexts: each comes after that of its parent.
func parentsFirst(ops []exchange.Op) (sorted []exchange.Op) {
	left := map[exchange.ObjectID]*exchange.Op{}
	for i := range ops {
		left[ops[i].Object] = &ops[i]
	}
	var add func(op *exchange.Op)
	add = func(op *exchange.Op) {
		if op != nil && left[op.Object] != nil {
			delete(left, op.Object)
			add(left[op.Share.Parent])
			sorted = append(sorted, *op)
		}
	}
	for i := range ops {
		add(&ops[i])
	}
	return sorted
}

// patch appends the operations that tell of pieces of t, which become part of known, unless that is nil.
func (s *sharing) patch(ops []exchange.Op, t *snap.Thing, known *snap.Content, pieces []snap.Piece) []exchange.Op {
	for _, x := range pieces {
		ops = append(ops, exchange.Op{Kind: exchange.OpPatch, Object: exchange.ObjectID(t.ID), Offset: uint32(x.Offset), Value: exchangeValue(x.Value), Bytes: !x.Slot})
		if known != nil && !s.ending {
			known.Change(x)
		}
	}
	return ops
}

// difference returns what of c is to be sent.
func (s *sharing) difference(t *snap.Thing, c *snap.Content) []snap.Piece {
	if old := s.known[t.ID]; old != nil {
		return t.Diff(old, c)
	}
	return c.Slots // the bytes are in its description
}

// describe tells what t is, which has become shared.
func (s *sharing) describe(t *snap.Thing) (exchange.Op, error) {
	d := &exchange.Share{}
	op := exchange.Op{Kind: exchange.OpShare, Object: exchange.ObjectID(t.ID), Share: d}
	switch t.Kind {
	case snap.ThingMemory, snap.ThingMap:
		d.Kind = exchange.KindRegion
		c, err := s.link.Content(t)
		if err != nil {
			return op, err
		}
		d.Content = exchange.Value{Data: c.Raw}
	case snap.ThingChan:
		d.Kind = exchange.KindChannel
		return op, s.describeChan(t, d)
	case snap.ThingSyncMap:
		d.Kind = exchange.KindMutex
	case snap.ThingMutex:
		d.Kind = exchange.KindMutex
		m := t.Ref().(*sync.Mutex)
		if mutexLocked(m) {
			d.Count = 1
		}
	case snap.ThingRWMutex:
		d.Kind = exchange.KindRWMutex
		m := t.Ref().(*sync.RWMutex)
		if writing(m) {
			d.Count = 1
		} else {
			d.Count = -int64(readers(m))
		}
	case snap.ThingWaitGroup:
		d.Kind = exchange.KindWaitGroup
		d.Count = int64(groupCount(t.Ref().(*sync.WaitGroup)))
	case snap.ThingCond:
		d.Kind = exchange.KindCond
	case snap.ThingContext:
		return op, s.describeContext(t, d)
	}
	return op, nil
}

// describeChan moves what is in the channel to the exchange.
func (s *sharing) describeChan(t *snap.Thing, d *exchange.Share) error {
	ch := reflect.ValueOf(t.Ref())
	d.Capacity = t.Count
	if chanOf(t.Ref()).timer != nil {
		s.addFeed(t)
	}
	d.Closed = chanOf(t.Ref()).closed != 0
	for range ch.Len() {
		x, ok := ch.TryRecv()
		if !ok {
			break
		}
		p := reflect.New(t.Type)
		p.Elem().Set(x)
		v, err := s.link.Encode(p.Interface())
		if err != nil {
			return err
		}
		d.Buffer = append(d.Buffer, exchangeValue(v))
	}
	return nil
}

// saved returns s as part of a snapshot.
func (s *sharing) saved() *savedSharing {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	x := &savedSharing{Self: uint32(s.self), Made: s.made, Step: s.draft.Step, Consumed: s.consumed, Stores: s.stores, Feeds: s.savedFeeds(), Retired: s.savedRetired()}
	for _, t := range s.link.Things() {
		if ref := t.Ref(); ref != nil {
			x.Things = append(x.Things, savedThing{t.ID, t.Kind, ref})
		}
	}
	return x
}

// restore makes what a snapshot has brought. Shared memory is as it was sent last.
func (x *savedSharing) restore(hooks snap.ContextHooks) (*sharing, error) {
	s := newSharing(exchange.ProcessID(x.Self), hooks)
	s.made, s.step, s.consumed, s.stores = x.Made, x.Step, x.Consumed, x.Stores
	for _, t := range x.Things {
		s.link.Restore(t.ID, t.Kind, t.Ref)
	}
	for _, r := range x.Retired {
		s.retired[r.ID] = r
	}
	for _, f := range x.Feeds {
		s.feeds = append(s.feeds, f.restore(s.link))
	}
	for _, t := range s.link.Things() {
		if t.Kind.IsMemory() {
			c, err := s.link.Content(t)
			if err != nil {
				return nil, err
			}
			if c != nil {
				s.known[t.ID] = c
			}
		}
	}
	return s, nil
}
