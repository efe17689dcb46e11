package exchange

// This file defines channels and selects.

// A channel is a channel. If receivers wait, the buffer is empty; if senders wait, it is full.
type channel struct {
	header
	capacity  int
	buffer    []Value
	closed    bool
	receivers queue
	senders   queue
}

func (c *channel) kind() ObjectKind { return KindChannel }

func (c *channel) refs(visit func(*Value)) {
	for i := range c.buffer {
		visit(&c.buffer[i])
	}
}

const (
	sendOnClosed  = "send on closed channel"
	closeOfClosed = "close of closed channel"
	closeOfNil    = "close of nil channel"
)

// ready reports whether a case can be done now.
func (c *channel) ready(send bool) bool {
	switch {
	case c.closed:
		return true
	case send:
		return !c.receivers.empty() || len(c.buffer) < c.capacity
	}
	return len(c.buffer) > 0 || !c.senders.empty()
}

// take removes the first value of the buffer.
func (c *channel) take() Value {
	v := c.buffer[0]
	c.buffer[0] = Value{}
	if c.buffer = c.buffer[1:]; len(c.buffer) == 0 {
		c.buffer = nil
	}
	return v
}

// choose does a select: one of the cases that are ready, else the default clause, else it waits.
func (x *Exchange) choose(p *process, op *Op) string {
	ready, first := 0, -1
	for i := range op.Cases {
		if op.Cases[i].Channel == 0 { // rule: nil-channel
			continue
		}
		c, ok := find[*channel](x, op.Cases[i].Channel)
		if !ok {
			return noSuch
		}
		if c.ready(op.Cases[i].Send) {
			if ready++; first < 0 {
				first = i
			}
		}
	}
	switch {
	case ready > 0:
		x.run(p, op, x.pick(op, ready, first))
	case op.Default: // rule: default
		x.reply(p, Reply{Kind: ReplyDone, G: op.G, Case: -1})
	default:
		x.queueCases(x.park(p, op))
	}
	return ""
}

// pick returns one of the cases that are ready, each with the same chance, as Go does.
func (x *Exchange) pick(op *Op, ready, first int) int { // rule: fair-choice
	if ready == 1 {
		return first
	}
	n := x.chance() % uint64(ready)
	for i := first; ; i++ {
		if id := op.Cases[i].Channel; id == 0 || !x.objects[id].(*channel).ready(op.Cases[i].Send) {
			continue
		}
		if n == 0 {
			return i
		}
		n--
	}
}

// chance returns the next of a fixed sequence of numbers (splitmix64).
func (x *Exchange) chance() uint64 {
	x.random += 0x9e3779b97f4a7c15
	z := x.random
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// run does case i of op, which is ready.
func (x *Exchange) run(p *process, op *Op, i int) {
	c := x.objects[op.Cases[i].Channel].(*channel)
	if op.Cases[i].Send {
		x.send(p, op.G, i, c, op.Cases[i].Value)
	} else {
		x.receive(p, op.G, i, c)
	}
}

func (x *Exchange) send(p *process, g GID, i int, c *channel, v Value) {
	switch {
	case c.closed: // rule: send-closed
		x.reply(p, Reply{Kind: ReplyPanic, G: g, Case: i, Text: sendOnClosed})
		return
	case !c.receivers.empty(): // rule: rendezvous
		x.receives(c.receivers.first, v, true)
	default:
		c.buffer = append(c.buffer, v) // rule: buffer
	}
	x.reply(p, Reply{Kind: ReplyDone, G: g, Case: i})
}

func (x *Exchange) receive(p *process, g GID, i int, c *channel) {
	y := Reply{Kind: ReplyDone, G: g, Case: i}
	switch {
	case len(c.buffer) > 0:
		y.Value, y.OK = c.take(), true
		if !c.senders.empty() {
			c.buffer = append(c.buffer, x.sends(c.senders.first))
		}
	case !c.senders.empty():
		y.Value, y.OK = x.sends(c.senders.first), true
	}
	x.reply(p, y) // rule: receive-closed
}

// receives ends the wait of a receiver.
func (x *Exchange) receives(l *place, v Value, ok bool) {
	x.wake(l.w, Reply{Kind: ReplyDone, Case: l.i, Value: v, OK: ok})
}

// sends ends the wait of a sender and returns its value.
func (x *Exchange) sends(l *place) Value {
	v := l.w.op.Cases[l.i].Value
	x.wake(l.w, Reply{Kind: ReplyDone, Case: l.i})
	return v
}

// queueCases puts w into the queues of its channels. A goroutine is in no queue while its select looks for a partner: it does not meet itself.
func (x *Exchange) queueCases(w *waiter) {
	for i := range w.op.Cases {
		if w.op.Cases[i].Channel == 0 {
			continue
		}
		c := x.objects[w.op.Cases[i].Channel].(*channel)
		if w.op.Cases[i].Send {
			c.senders.push(&w.places[i])
		} else {
			c.receivers.push(&w.places[i])
		}
	}
}

func (x *Exchange) close(p *process, op *Op) string {
	panics := func(text string) string {
		x.reply(p, Reply{Kind: ReplyPanic, G: op.G, Text: text})
		return ""
	}
	if op.Object == 0 {
		return panics(closeOfNil)
	}
	c, ok := find[*channel](x, op.Object)
	switch {
	case !ok:
		return noSuch
	case c.closed:
		return panics(closeOfClosed)
	}
	c.closed = true // rule: close
	for !c.receivers.empty() {
		x.receives(c.receivers.first, Value{}, false)
	}
	for !c.senders.empty() {
		l := c.senders.first
		x.wake(l.w, Reply{Kind: ReplyPanic, Case: l.i, Text: sendOnClosed})
	}
	x.reply(p, Reply{Kind: ReplyDone, G: op.G})
	return ""
}

func (x *Exchange) length(p *process, op *Op) string {
	n := 0
	if op.Object != 0 {
		c, ok := find[*channel](x, op.Object)
		if !ok {
			return noSuch
		}
		n = len(c.buffer)
	}
	x.reply(p, Reply{Kind: ReplyDone, G: op.G, N: int64(n)})
	return ""
}
