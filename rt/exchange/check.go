package exchange

import "fmt"

// This file verifies the invariants, for tests.

// Check returns what is wrong with x, nil if nothing is. It visits the whole state.
func (x *Exchange) Check() error {
	for _, check := range []func() error{x.checkProcesses, x.checkWaiters, x.checkObjects, x.checkKnown} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (x *Exchange) checkProcesses() error {
	awake, waiting := 0, map[*process]int{}
	for _, w := range x.waits {
		waiting[w.p]++
	}
	n := 0
	for p := range x.processes.all {
		id := p.id
		n++
		if !p.asleep {
			awake++
		}
		if x.processes.get(id) != p || id >= x.next || p.waiting != waiting[p] {
			return fmt.Errorf("process %d: not in its place, or %d operations wait, not %d", id, waiting[p], p.waiting)
		}
		for i, y := range p.replies {
			if y.Seq != p.sent-uint64(len(p.replies)-1-i) || y.To != id {
				return fmt.Errorf("process %d: reply %d stands in the place of another", id, y.Seq)
			}
		}
	}
	if n != x.processes.n {
		return fmt.Errorf("%d processes are live, not %d", n, x.processes.n)
	}
	if awake != x.awake {
		return fmt.Errorf("%d processes are awake, not %d", awake, x.awake)
	}
	if x.exit == nil && awake == 0 {
		return fmt.Errorf("a deadlock was not seen")
	}
	return nil
}

func (x *Exchange) checkWaiters() error {
	for key, w := range x.waits {
		if key != (waitKey{w.p.id, w.g}) || x.processes.get(key.p) != w.p {
			return fmt.Errorf("goroutine %v waits under another name", key)
		}
		for i := range w.places {
			l := &w.places[i]
			if none := w.op.Kind == OpSelect && w.op.Cases[i].Channel == 0; none != (l.q == nil) {
				return fmt.Errorf("goroutine %v: case %d is not where it should wait", key, i)
			}
			if l.q == nil {
				continue
			}
			if l.next != nil && l.next.w.seq < w.seq {
				return fmt.Errorf("goroutine %v is before one that came earlier", key)
			}
			if w.op.Kind == OpSelect && x.objects[w.op.Cases[i].Channel].(*channel).ready(w.op.Cases[i].Send) {
				if !x.onlySelf(w, i) {
					return fmt.Errorf("goroutine %v waits, but case %d is ready", key, i)
				}
			}
		}
	}
	return nil
}

// onlySelf reports whether case i of w is ready only because of another case of w.
func (x *Exchange) onlySelf(w *waiter, i int) bool {
	c := x.objects[w.op.Cases[i].Channel].(*channel)
	q := &c.senders
	if w.op.Cases[i].Send {
		q = &c.receivers
	}
	if c.closed || q.empty() || len(c.buffer) > 0 && !w.op.Cases[i].Send || len(c.buffer) < c.capacity && w.op.Cases[i].Send {
		return false
	}
	for l := q.first; l != nil; l = l.next {
		if l.w != w {
			return false
		}
	}
	return true
}

func (x *Exchange) checkObjects() error {
	for id, o := range x.objects {
		bad := ""
		switch o := o.(type) {
		case *channel:
			switch {
			case len(o.buffer) > o.capacity:
				bad = "the buffer holds too much"
			case !o.receivers.empty() && len(o.buffer) > 0:
				bad = "receivers wait though there are values"
			case !o.senders.empty() && len(o.buffer) < o.capacity:
				bad = "senders wait though there is room"
			}
		case *lock:
			switch {
			case o.writer && o.readers > 0 || !o.rw && o.readers > 0 || o.readers < 0:
				bad = "impossible state of a lock"
			case !o.writer && o.readers == 0 && !o.waitingWriters.empty():
				bad = "a writer waits for nobody"
			case !o.writer && o.waitingWriters.empty() && !o.waitingReaders.empty():
				bad = "a reader waits for nobody"
			}
		case *context:
			parent, ok := find[*context](x, o.parent)
			switch {
			case o.parent != 0 && (!ok || o.done || parent.done || parent.children[id] != o):
				bad = "it is not where its parent has it"
			case o.done && len(o.children)+len(o.watchers) > 0:
				bad = "something waits for a context that is cancelled"
			}
		case *group:
			if o.count < 0 || o.count == 0 && !o.waiters.empty() {
				bad = "impossible state of a wait group"
			}
		}
		if bad != "" {
			return fmt.Errorf("object %d.%d: %s", id>>32, uint32(id), bad)
		}
	}
	return nil
}

func (x *Exchange) checkKnown() error {
	knowers := map[*header]int{}
	for p := range x.processes.all {
		n := 0
		for k := range p.knows.all {
			n++
			h := k.o.head()
			knowers[h]++
			if x.objects[h.id] != k.o || k.p != p || p.knows.get(h.id) != k {
				return fmt.Errorf("process %d: what it knows of object %d is wrong", p.id, h.id)
			}
			right := true
			switch o := k.o.(type) {
			case *region:
				right = k.list != none && (k.seen == o.version) == (k.list == fresh)
			case *context:
				right = o.done == (k.list == none) && o.done == (k.seen == 1) && k.list != stale
			}
			if !right || k.list != none && (*k.members())[k.at] != k {
				return fmt.Errorf("process %d: object %d is not in the right list", p.id, h.id)
			}
		}
		if n != p.knows.n || n > fewKnown && p.knows.index == nil || p.knows.index != nil && len(p.knows.index) != n {
			return fmt.Errorf("process %d: it knows %d objects, not %d", p.id, n, p.knows.n)
		}
	}
	for _, o := range x.objects {
		if o.head().knower != knowers[o.head()] {
			return fmt.Errorf("object %d: %d know it, not %d", o.head().id, knowers[o.head()], o.head().knower)
		}
	}
	return nil
}
