package exchange

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// This file defines the encoding of an Exchange: a checkpoint. Equal states have equal bytes.
//
// What follows from the rest is not written: the queues from the order in which operations began to wait, the counts, the list in which a known
// region stands. Of numbers that only order things (arrivals), the order is kept. A large value that is in several replies is written once: a thousand processes that
// begin may all wait to be told of the same.

// Append appends the encoding of x to dst.
func (x *Exchange) Append(dst []byte) []byte {
	b := append(dst, formatVersion)
	b = appendUint(b, uint32(x.next))
	b = appendUint(b, x.random)
	b = appendUint(appendUint(b, x.outputs), x.outBytes)
	b = appendUint(appendUint(b, x.garbage.events), x.garbage.cost)
	b = appendBool(b, x.exit != nil)
	if x.exit != nil {
		b = appendExit(b, x.exit)
	}
	objects := slices.SortedFunc(maps.Values(x.objects), func(a, b object) int { return cmp.Compare(a.head().id, b.head().id) })
	c := &repeated{at: map[*byte]uint64{}}
	b = appendList(b, objects, c.appendObject)
	b = appendUint(b, x.processes.n)
	var known []*known
	for p := range x.processes.all {
		known = p.knows.sorted(known)
		b = c.appendProcess(b, p, known)
	}
	waiters := slices.SortedFunc(maps.Values(x.waits), func(a, b *waiter) int { return cmp.Compare(a.seq, b.seq) })
	return appendList(b, waiters, appendWaiter)
}

// Decode returns the Exchange that Append has encoded; it shares no memory with src. Its errors wrap ErrFormat.
func Decode(src []byte) (*Exchange, error) {
	r := &reader{b: src}
	x := empty()
	r.version()
	x.next = ProcessID(r.uint32())
	x.random = r.uint64()
	x.outputs, x.outBytes = r.uint64(), r.uint64()
	x.garbage = collector{r.uint64(), r.uint64()}
	if r.bool() {
		x.exit = readExit(r)
	}
	c := &repeated{}
	readList(r, minObject, func(r *reader, _ *unused) { x.readObject(r, c) })
	x.readTrees(r)
	readList(r, minProcess, func(r *reader, _ *unused) { x.readProcess(r, c) })
	readList(r, minWaiter, x.readWaiter)
	if err := r.end(); err != nil {
		return nil, err
	}
	return x, nil
}

const (
	minObject  = 4
	minProcess = 7
	minKnown   = 4
	minAgain   = 5
	minSlot    = 6
	minWaiter  = 7
)

func (c *repeated) appendProcess(b []byte, p *process, knows []*known) []byte {
	b = appendUint(appendUint(appendUint(b, uint32(p.id)), p.step), p.sent)
	b = appendList(b, p.replies, func(b []byte, y *Reply) []byte { return appendReplyWith(b, y, c.appendStored) })
	b = appendInt(append(b, bits(p.idle, p.class != "")), p.wake)
	if p.class != "" {
		b = appendBytes(b, p.class)
	}
	return appendList(b, knows, func(b []byte, k **known) []byte {
		return appendUint(appendUint(appendID(b, (*k).id()), (*k).told), (*k).seen)
	})
}

// An unused is the element of a list whose elements go elsewhere.
type unused struct{}

func (x *Exchange) readProcess(r *reader, c *repeated) {
	p := &process{id: ProcessID(r.uint32()), step: r.uint64(), sent: r.uint64()}
	p.replies = readList(r, minReply, func(r *reader, y *Reply) { readReplyWith(r, y, minAgain, c.readStored) })
	if uint64(len(p.replies)) > p.sent || p.id >= x.next || x.processes.get(p.id) != nil {
		r.fail("impossible process")
		return
	}
	for i := range p.replies {
		if p.replies[i].Seq != p.sent-uint64(len(p.replies)-1-i) || p.replies[i].To != p.id {
			r.fail("impossible reply")
		}
	}
	mask := r.byte()
	if mask >= 4 {
		r.fail("unknown flag of a process")
	}
	p.idle, p.wake = mask&1 != 0, r.int()
	if mask&2 != 0 {
		p.class = r.string()
	}
	x.processes.add(p)
	x.awake++
	x.stir(p)
	readList(r, minKnown, func(r *reader, _ *unused) {
		id, told, seen := r.id(), r.uint64(), r.uint64()
		o := x.objects[id]
		if o == nil || p.knows.get(id) != nil || told > p.sent {
			r.fail("impossible reference")
			return
		}
		k := x.know(p, o)
		k.told = told
		if g, ok := o.(*region); ok && seen < g.version {
			k.seen = seen
			k.enter(stale)
		}
	})
}

// How a Stored is written. The numbers are part of the format.
const (
	storedWhole = 0
	storedPatch = 1
	storedAgain = 2 // without the value, which the reader has
	storedDelta = 3 // the value by what makes it of one that the reader has
)

// repeated are the large values of a checkpoint, each of which is written once.
type repeated struct {
	at   map[*byte]uint64 // of what has been written, by its first byte
	list []Value          // that have been read
}

// leastRepeated is the size of values that are looked for. Shorter ones cost less than that.
const leastRepeated = 64

// written reports where v has been written, and else notes that it is written now.
func (c *repeated) written(v *Value) (n uint64, ok bool) {
	if len(v.Data) < leastRepeated {
		return 0, false
	}
	n, ok = c.at[&v.Data[0]]
	if !ok {
		c.at[&v.Data[0]] = uint64(len(c.at))
	}
	return n, ok
}

func (c *repeated) read(v *Value) {
	if len(v.Data) >= leastRepeated {
		c.list = append(c.list, *v)
	}
}

func (c *repeated) appendStored(b []byte, s *Stored) []byte {
	if s.Patch {
		return appendStored(b, s)
	}
	n, ok := c.written(&s.Value)
	if !ok {
		return appendStored(b, s)
	}
	return appendUint(appendUint(append(appendID(b, s.Object), storedAgain), s.Version), n)
}

func (c *repeated) readStored(r *reader, s *Stored) {
	s.Object = r.id()
	switch how := r.byte(); {
	case how == storedAgain:
		s.Version = r.uint64()
		n := r.uint64()
		if n >= uint64(len(c.list)) {
			r.fail("impossible repetition")
			return
		}
		s.Value = c.list[n]
	default:
		readStoredRest(r, s, how)
		if !s.Patch {
			c.read(&s.Value)
		}
	}
}

func (c *repeated) appendObject(b []byte, q *object) []byte {
	o := *q
	b = appendID(append(b, byte(o.kind())), o.head().id)
	switch o := o.(type) {
	case *channel:
		b = appendBool(appendUint(b, o.capacity), o.closed)
		b = appendList(b, o.buffer, appendValue)
	case *group:
		b = appendInt(b, o.count)
	case *lock:
		b = appendInt(appendBool(b, o.writer), o.readers)
	case *cond:
		b = append(b, 0)
	case *context:
		b = appendValue(appendBool(appendID(b, o.parent), o.done), &o.why)
	case *region:
		b = appendUint(appendUint(appendUint(b, o.version), o.contentAt), uint32(o.contentBy))
		b = appendValue(b, &o.content)
		c.written(&o.content)
		b = appendUint(appendUint(b, o.bytesAt), o.foldedAt)
		if o.foldedAt != o.contentAt {
			b = appendBytes(b, o.folded.Data)
			c.written(&o.folded)
		}
		b = appendUint(b, len(o.slots))
		for s := o.first; s != nil; s = s.next {
			b = appendUint(appendUint(appendUint(b, s.offset), s.at), uint32(s.by))
			b = appendValue(appendBool(b, s.bytes), &s.value)
		}
	}
	return b
}

func (x *Exchange) readObject(r *reader, c *repeated) {
	kind := ObjectKind(r.byte())
	h := header{id: r.id()}
	var o object
	switch kind {
	case KindChannel:
		c := &channel{header: h, capacity: int(r.uint(1<<63 - 1)), closed: r.bool()}
		c.buffer = readList(r, minValue, readValue)
		if c.capacity < 0 || len(c.buffer) > c.capacity {
			r.fail("a buffer does not fit")
		}
		o = c
	case KindWaitGroup:
		o = &group{header: h, count: r.int()}
	case KindMutex, KindRWMutex:
		l := &lock{header: h, rw: kind == KindRWMutex, writer: r.bool(), readers: r.int()}
		if l.readers < 0 || l.readers > 0 && (l.writer || !l.rw) {
			r.fail("impossible lock")
		}
		o = l
	case KindCond:
		if r.byte() != 0 {
			r.fail("impossible cond")
		}
		o = &cond{header: h}
	case KindRegion:
		o = readRegion(r, h, c)
	case KindContext:
		c := &context{header: h, parent: r.id(), done: r.bool()}
		readValue(r, &c.why)
		o = c
	default:
		r.fail("unknown kind of object")
	}
	if r.err == nil && x.objects[h.id] != nil {
		r.fail("an object stands twice")
	}
	x.objects[h.id] = o
}

// readTrees joins contexts to their parents.
func (x *Exchange) readTrees(r *reader) {
	for _, o := range x.objects {
		c, ok := o.(*context)
		if !ok || c.parent == 0 {
			continue
		}
		if parent, ok := find[*context](x, c.parent); ok && !parent.done && !c.done && parent != c {
			parent.adopt(c)
		} else {
			r.fail("impossible context")
		}
	}
}

func readRegion(r *reader, h header, c *repeated) *region {
	g := newRegion(h, Value{}, 0)
	version, at := r.uint64(), r.uint64()
	g.version, g.contentBy = version, ProcessID(r.uint32())
	var content Value
	readValue(r, &content)
	c.read(&content)
	g.hold(content, at)
	g.bytesAt = r.uint64()
	if g.foldedAt = r.uint64(); g.foldedAt != at {
		g.folded.Data = r.bytes()
		c.read(&g.folded)
	}
	if at > g.foldedAt || g.foldedAt > g.bytesAt || g.bytesAt > version || len(g.folded.Data) != len(content.Data) {
		r.fail("impossible region")
	}
	last := g.contentAt
	readList(r, minSlot, func(r *reader, _ *unused) {
		s := &slot{offset: r.uint32(), at: r.uint64(), by: ProcessID(r.uint32())}
		s.bytes = r.bool()
		readValue(r, &s.value)
		if s.bytes && (!g.holds(s.offset, &s.value) || s.at > g.bytesAt) {
			r.fail("impossible slot")
		}
		if s.at <= last || g.slots[s.offset] != nil {
			r.fail("impossible slot")
		}
		last = s.at
		g.slots[s.offset] = s
		g.link(s)
	})
	if g.contentAt == 0 || last != g.version {
		r.fail("impossible region")
	}
	return g
}

func appendWaiter(b []byte, q **waiter) []byte {
	w := *q
	op := Op{Kind: w.op.Kind, G: w.g, Mode: w.op.Mode, Object: w.op.Object, Lock: w.op.Lock, Cases: w.op.Cases}
	return appendBool(appendOp(appendUint(b, uint32(w.p.id)), &op), w.locked)
}

func (x *Exchange) readWaiter(r *reader, _ *unused) {
	id := ProcessID(r.uint32())
	var op Op
	readOp(r, &op)
	locked := r.bool()
	p := x.processes.get(id)
	if r.err != nil || p == nil || x.waits[waitKey{id, op.G}] != nil || locked && op.Kind != OpCond {
		r.fail("impossible operation")
		return
	}
	if problem := x.waitable(&op); problem != "" {
		r.fail(fmt.Sprintf("impossible operation: %s", problem))
		return
	}
	w := x.park(p, &op)
	w.locked = locked
	x.requeue(w)
}

// waitable returns why op, which comes from a checkpoint, cannot be one that waits; or "".
func (x *Exchange) waitable(op *Op) (problem string) {
	ok := true
	switch op.Kind {
	case OpSelect:
		for i := range op.Cases {
			if id := op.Cases[i].Channel; id != 0 {
				_, is := find[*channel](x, id)
				ok = ok && is
			}
		}
	case OpWait:
		_, ok = find[*group](x, op.Object)
	case OpLock:
		_, problem = x.lockOf(op.Object, op.Mode)
	case OpCond:
		if _, ok = find[*cond](x, op.Object); ok && op.Lock != 0 {
			_, problem = x.lockOf(op.Lock, op.Mode)
		}
	default:
		problem = "it does not wait"
	}
	if !ok {
		return noSuch
	}
	return problem
}
