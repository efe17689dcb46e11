package exchange

import "slices"

// This file defines processes: how they begin and end, and their replies.

// A process is a live process. There may be a million: the order of the fields leaves no holes.
type process struct {
	id      ProcessID
	idle    bool
	asleep  bool    // nothing but a reply makes it go on, and there is none
	step    uint64  // of the last batch taken
	sent    uint64  // number of the last reply
	replies []Reply // those that are not acknowledged
	wake    int64
	waiting int // operations that wait
	class   string

	knows knownSet
	stale []*known // regions of which it has to be told
}

// begin makes the next process.
func (x *Exchange) begin() *process {
	p := &process{id: x.next}
	x.next++
	x.processes.add(p)
	x.awake++
	return p
}

func (x *Exchange) spawn(op *Op) string {
	if x.next == 1<<32-1 {
		return "too many processes"
	}
	p := x.begin()
	p.class = op.Class
	x.reply(p, Reply{Kind: ReplyStart, Value: op.Value, Text: op.Text}) // rule: spawn-order
	return ""
}

// remove forgets p, which has ended.
func (x *Exchange) remove(p *process) { // rule: end
	for k := range p.knows.all {
		x.unknow(k)
	}
	if !p.asleep {
		x.awake--
	}
	x.processes.remove(p)
}

// reply sends y to p, with what p has to be told.
func (x *Exchange) reply(p *process, y Reply) { // rule: reply-numbers
	p.sent++
	y.To, y.Seq, y.Step = p.id, p.sent, p.step
	if y.Kind != ReplyKill {
		x.tell(p, &y)
	}
	p.replies = append(p.replies, y)
	x.result.Replies = append(x.result.Replies, y)
	x.stir(p)
}

// acknowledge forgets the replies up to number n.
func (x *Exchange) acknowledge(p *process, n uint64) { // rule: acknowledge
	old := int(n) - int(p.sent) + len(p.replies)
	if old <= 0 {
		return
	}
	rest := p.replies[old:]
	switch {
	case len(rest) == 0:
		rest = nil
	case old > len(rest):
		rest = slices.Clone(rest) // what has been consumed is to be freed
	}
	p.replies = rest
}

// stir brings awake up to date with p.
func (x *Exchange) stir(p *process) {
	asleep := p.idle && p.wake == 0 && len(p.replies) == 0 // rule: asleep
	if asleep == p.asleep {
		return
	}
	p.asleep = asleep
	if asleep {
		x.awake--
	} else {
		x.awake++
	}
}

// A Status is what the exchange knows of a live process.
type Status struct {
	Step  uint64 // of the last batch taken
	Sent  uint64 // number of the last reply
	Acked uint64 // number of the last reply that it has consumed
	Idle  bool   // as its last batch said
	Wake  int64  // as its last batch said
	Class string // as its OpSpawn said
}

// Status returns the status of process p; false if it is not live.
func (x *Exchange) Status(p ProcessID) (Status, bool) {
	q := x.processes.get(p)
	if q == nil {
		return Status{}, false
	}
	return q.status(), true
}

func (p *process) status() Status {
	return Status{p.step, p.sent, p.sent - uint64(len(p.replies)), p.idle, p.wake, p.class}
}

// Ended reports whether process p has ended. One that has not begun has not.
func (x *Exchange) Ended(p ProcessID) bool { return p < x.next && x.processes.get(p) == nil }

// Len returns the number of live processes.
func (x *Exchange) Len() int { return x.processes.n }

// Live yields the live processes, by number.
func (x *Exchange) Live(yield func(ProcessID, Status) bool) {
	for p := range x.processes.all {
		if !yield(p.id, p.status()) {
			return
		}
	}
}

// Replies returns the replies of process p with numbers above after, as far as they are not acknowledged. The caller does not write to them.
func (x *Exchange) Replies(p ProcessID, after uint64) []Reply {
	q := x.processes.get(p)
	if q == nil || after >= q.sent {
		return nil
	}
	acked := q.sent - uint64(len(q.replies))
	if after < acked {
		after = acked
	}
	return slices.Clip(q.replies[after-acked:])
}
