package exchange

// This file defines locks, conditions and wait groups.

// A lock is a Mutex or a RWMutex.
type lock struct {
	header
	rw      bool
	writer  bool  // locked for writing
	readers int64 // number of those who have locked it for reading

	waitingWriters, waitingReaders queue
}

const maxReaders = 1 << 30 // of a RWMutex, in Go

func (l *lock) kind() ObjectKind {
	if l.rw {
		return KindRWMutex
	}
	return KindMutex
}

// try locks l, if it can be locked now.
func (l *lock) try(m Mode) bool {
	switch {
	case l.writer, m == Exclusive && l.readers > 0:
		return false
	case m == Exclusive:
		l.writer = true
		return true
	case !l.waitingWriters.empty(): // rule: writer-first
		return false
	}
	l.readers++
	return true
}

func (l *lock) queue(w *waiter) {
	if w.op.Mode == Exclusive {
		l.waitingWriters.push(&w.places[0])
	} else {
		l.waitingReaders.push(&w.places[0])
	}
}

// admit gives l to those who wait, if it can be had. Who waits to read goes first here: this is called after a writer has unlocked, when Go lets
// all readers in that have come meanwhile, and after the last reader has, when readers wait only because a writer does.
func (l *lock) admit(x *Exchange) { // rule: hand-over
	if !l.writer && (l.readers == 0 || l.waitingWriters.empty()) {
		l.admitReaders(x)
		if w := l.waitingWriters.first; w != nil && l.try(Exclusive) {
			x.done(w.w)
		}
	}
}

func (l *lock) admitReaders(x *Exchange) {
	for !l.waitingReaders.empty() {
		l.readers++
		x.done(l.waitingReaders.first.w)
	}
}

// lockOf returns the lock with the number id, if it can be locked in mode m.
func (x *Exchange) lockOf(id ObjectID, m Mode) (*lock, string) {
	l, ok := find[*lock](x, id)
	switch {
	case !ok:
		return nil, noSuch
	case m > Reading || m == Reading && !l.rw:
		return nil, "no such mode"
	}
	return l, ""
}

func (x *Exchange) lock(p *process, op *Op) string {
	l, problem := x.lockOf(op.Object, op.Mode)
	if problem != "" {
		return problem
	}
	ok := l.try(op.Mode)
	if ok || op.Kind == OpTryLock { // rule: try-lock
		x.reply(p, Reply{Kind: ReplyDone, G: op.G, OK: ok})
		return ""
	}
	l.queue(x.park(p, op))
	return ""
}

func (x *Exchange) unlock(id ObjectID, m Mode) string { // rule: unlock
	l, problem := x.lockOf(id, m)
	switch {
	case problem != "":
		return problem
	case m == Exclusive && !l.writer && l.rw:
		return x.fatal("fatal error: sync: Unlock of unlocked RWMutex")
	case m == Exclusive && !l.writer:
		return x.fatal("fatal error: sync: unlock of unlocked mutex")
	case m == Reading && l.readers == 0:
		return x.fatal("fatal error: sync: RUnlock of unlocked RWMutex")
	case m == Exclusive:
		l.writer = false
		l.admit(x)
		return ""
	}
	if l.readers--; l.readers == 0 {
		if w := l.waitingWriters.first; w != nil {
			l.writer = true
			x.done(w.w)
		}
	}
	return ""
}

// A cond is a Cond.
type cond struct {
	header
	waiters queue
}

func (c *cond) kind() ObjectKind { return KindCond }

func (x *Exchange) condWait(p *process, op *Op) string { // rule: cond
	c, ok := find[*cond](x, op.Object)
	if !ok {
		return noSuch
	}
	if op.Lock != 0 {
		if _, problem := x.lockOf(op.Lock, op.Mode); problem != "" {
			return problem
		}
	}
	c.waiters.push(&x.park(p, op).places[0])
	if op.Lock != 0 {
		return x.unlock(op.Lock, op.Mode)
	}
	return ""
}

func (x *Exchange) signal(op *Op) string {
	c, ok := find[*cond](x, op.Object)
	if !ok {
		return noSuch
	}
	for l := c.waiters.first; l != nil; l = c.waiters.first {
		x.signalled(l)
		if op.Kind == OpSignal {
			break
		}
	}
	return ""
}

// signalled lets a Cond.Wait go on: it has to lock again.
func (x *Exchange) signalled(l *place) {
	w := l.w
	if w.op.Lock == 0 {
		x.done(w)
		return
	}
	m := x.objects[w.op.Lock].(*lock)
	if m.try(w.op.Mode) {
		x.done(w)
		return
	}
	l.leave()
	w.locked = true
	x.arrive(w)
	m.queue(w)
}

// A group is a WaitGroup.
type group struct {
	header
	count   int64
	waiters queue
}

func (g *group) kind() ObjectKind { return KindWaitGroup }

func (x *Exchange) add(op *Op) string { // rule: wait-group
	g, ok := find[*group](x, op.Object)
	if !ok {
		return noSuch
	}
	g.count += op.N
	if g.count < 0 {
		return x.fatal("panic: sync: negative WaitGroup counter")
	}
	for g.count == 0 && !g.waiters.empty() {
		x.done(g.waiters.first.w)
	}
	return ""
}

func (x *Exchange) wait(p *process, op *Op) string {
	g, ok := find[*group](x, op.Object)
	if !ok {
		return noSuch
	}
	if g.count == 0 {
		x.reply(p, Reply{Kind: ReplyDone, G: op.G})
		return ""
	}
	g.waiters.push(&x.park(p, op).places[0])
	return ""
}
