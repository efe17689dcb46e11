package exchange

// This file defines what waits, and the queues in which it does.

// A waiter is an operation that waits.
type waiter struct {
	p      *process
	g      GID
	seq    uint64 // its place in the order in which operations began to wait
	op     wanted
	locked bool // OpCond: signalled, it waits for its lock

	places []place // one for each case of a select; else one
	single [1]place
}

// wanted is what must be kept of an Op that waits.
type wanted struct {
	Kind         OpKind
	Mode         Mode
	Object, Lock ObjectID
	Cases        []Case
}

type waitKey struct {
	p ProcessID
	g GID
}

// A place is a place in a queue.
type place struct {
	w          *waiter
	i          int // case
	q          *queue
	prev, next *place
}

// A queue is a list of those that wait, first in, first out.
type queue struct{ first, last *place }

func (q *queue) empty() bool { return q.first == nil }

func (q *queue) push(l *place) { // rule: fifo
	l.q, l.prev, l.next = q, q.last, nil
	if q.last == nil {
		q.first = l
	} else {
		q.last.next = l
	}
	q.last = l
}

// leave takes l out of its queue, if it is in one.
func (l *place) leave() {
	q := l.q
	if q == nil {
		return
	}
	if l.prev == nil {
		q.first = l.next
	} else {
		l.prev.next = l.next
	}
	if l.next == nil {
		q.last = l.prev
	} else {
		l.next.prev = l.prev
	}
	l.q, l.prev, l.next = nil, nil, nil
}

// park makes op wait. The caller puts the places of the result into queues.
func (x *Exchange) park(p *process, op *Op) *waiter {
	w := &waiter{p: p, g: op.G, op: wanted{op.Kind, op.Mode, op.Object, op.Lock, op.Cases}}
	w.places = w.single[:]
	if op.Kind == OpSelect && len(op.Cases) != 1 {
		w.places = make([]place, len(op.Cases))
	}
	for i := range w.places {
		w.places[i].w, w.places[i].i = w, i
	}
	x.arrive(w)
	x.waits[waitKey{p.id, op.G}] = w
	p.waiting++
	return w
}

// arrive puts w behind all that wait.
func (x *Exchange) arrive(w *waiter) {
	x.arrivals++
	w.seq = x.arrivals
}

// wake ends the wait of w with a reply.
func (x *Exchange) wake(w *waiter, y Reply) { // rule: one-case
	for i := range w.places {
		w.places[i].leave()
	}
	delete(x.waits, waitKey{w.p.id, w.g})
	w.p.waiting--
	y.G = w.g
	x.reply(w.p, y)
}

// done ends the wait of w, with nothing to say.
func (x *Exchange) done(w *waiter) { x.wake(w, Reply{Kind: ReplyDone}) }

// cancel gives up what the goroutine waits for. If it does not wait, the reply is on its way.
func (x *Exchange) cancel(p *process, op *Op) string { // rule: cancel
	w := x.waits[waitKey{p.id, op.G}]
	if w == nil || w.op.Kind == OpCond {
		return ""
	}
	x.wake(w, Reply{Kind: ReplyCancelled})
	if w.op.Kind == OpLock {
		x.objects[w.op.Object].(*lock).admit(x)
	}
	return ""
}

// requeue puts w, which comes from a checkpoint, into the queues it waits in.
func (x *Exchange) requeue(w *waiter) {
	switch w.op.Kind {
	case OpSelect:
		x.queueCases(w)
	case OpWait:
		x.objects[w.op.Object].(*group).waiters.push(&w.places[0])
	case OpLock:
		x.objects[w.op.Object].(*lock).queue(w)
	case OpCond:
		if w.locked {
			x.objects[w.op.Lock].(*lock).queue(w)
		} else {
			x.objects[w.op.Object].(*cond).waiters.push(&w.places[0])
		}
	}
}
