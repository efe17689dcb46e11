package exchange

import (
	"math/rand/v2"
	"testing"
)

// This file executes the programs of differential_test.go on the exchange: an rt in a few lines, that runs as far and takes as many replies as chance will.

// A process of the exchange, for the test.
type fake struct {
	id             ProcessID
	step, consumed uint64
	gs             []*fakeG
	ended          bool
}

type fakeG struct {
	g     int // of the sketch
	todo  []action
	event *event // it waits for
	cases []action
}

// A shared is a program that runs on the exchange.
type shared struct {
	*recorder
	s     *sketch
	m     *machine
	r     *rand.Rand
	procs []*fake
}

// runShared runs s until all goroutines have ended, or wait for ever.
func runShared(t *testing.T, s *sketch, r *rand.Rand) *recorder {
	h := &shared{recorder: &recorder{}, s: s, m: newMachine(t), r: r}
	h.m.slow = r.IntN(8) > 0
	h.first(s)
	ops := []Op{
		{Kind: OpShare, Object: theMutex, Share: &Share{Kind: KindMutex}}, {Kind: OpShare, Object: theRWMutex, Share: &Share{Kind: KindRWMutex}},
		{Kind: OpShare, Object: theGroup, Share: &Share{Kind: KindWaitGroup, Count: int64(s.dones)}}, {Kind: OpShare, Object: theWord, Share: &Share{Kind: KindRegion}},
		{Kind: OpPatch, Object: theWord, Value: Value{Data: make([]byte, 8)}},
	}
	all := Value{Refs: []ObjectID{theMutex, theRWMutex, theGroup, theWord}}
	for i, c := range s.caps {
		id := ObjectID(i + 1)
		ops = append(ops, Op{Kind: OpShare, Object: id, Share: &Share{Kind: KindChannel, Capacity: c}})
		all.Refs = append(all.Refs, id)
	}
	for i := range s.processes {
		h.procs = append(h.procs, &fake{id: ProcessID(i)})
		if i > 0 {
			ops = append(ops, Op{Kind: OpSpawn, Value: all})
		}
	}
	for g, code := range s.goroutines {
		p := h.procs[r.IntN(s.processes)]
		p.gs = append(p.gs, &fakeG{g: g, todo: code})
	}
	h.procs[0].step = 1
	h.m.apply(&Batch{Step: 1, Ops: ops})
	for h.m.x.Exit() == nil {
		h.turn(h.procs[r.IntN(s.processes)])
	}
	return h.recorder
}

// turn executes a step of p.
func (h *shared) turn(p *fake) {
	if p.ended {
		return
	}
	replies := h.m.x.Replies(p.id, p.consumed)
	replies = replies[:h.r.IntN(len(replies)+1)]
	for i := range replies {
		h.takes(p, &replies[i])
	}
	b := &Batch{From: p.id, Consumed: p.consumed, Idle: true, Ended: true}
	var unanswered []*event
	for _, i := range h.r.Perm(len(p.gs)) {
		for g := p.gs[i]; g.event == nil && len(g.todo) > 0 && h.r.IntN(5) > 0; {
			unanswered = append(unanswered, h.exec(g, GID(i), b)...)
		}
	}
	for _, g := range p.gs {
		b.Idle = b.Idle && (g.event != nil || len(g.todo) == 0)
		b.Ended = b.Ended && g.event == nil && len(g.todo) == 0
	}
	p.step++
	b.Step, p.ended = p.step, b.Ended
	encoded, err := DecodeBatch(b.Append(nil))
	if err != nil {
		h.m.t.Fatal(err)
	}
	h.m.apply(encoded)
	for _, e := range unanswered {
		e.end = h.clock.Add(1)
	}
}

func (h *shared) takes(p *fake, y *Reply) {
	p.consumed = y.Seq
	if y.Kind != ReplyDone && y.Kind != ReplyPanic {
		return
	}
	g := p.gs[y.G]
	e := g.event
	g.event = nil
	e.panics = y.Kind == ReplyPanic
	switch e.what {
	case "select":
		got := 0
		if y.OK {
			got = int(y.Value.Data[0])
		}
		h.chosen(e, h.s, g.cases, max(y.Case, 0), y.Case < 0, got, y.OK)
	case "lock":
		if !y.OK && g.cases != nil { // TryLock
			e.what, g.todo = "no lock", g.todo[2:]
		}
	case "add":
		e.got = int(y.N)
	}
	e.end = h.clock.Add(1)
}

// exec does the next action of g. It returns the events of operations without a reply.
func (h *shared) exec(g *fakeG, id GID, b *Batch) []*event {
	a := g.todo[0]
	g.todo, g.cases = g.todo[1:], nil
	expand := func(object int, names ...string) {
		code := []action{{what: "add", value: a.value}, {what: names[1], ch: object}}
		if names[0] != "" {
			code = append([]action{{what: names[0], ch: object}}, code...)
		}
		g.todo = append(code, g.todo...)
	}
	waits := func(op Op, what string, object int) {
		op.G = id
		g.event = h.call(g.g, what, object)
		g.event.value = a.value
		b.Ops = append(b.Ops, op)
	}
	goesOn := func(op Op, what string, object int) []*event {
		b.Ops = append(b.Ops, op)
		return []*event{h.call(g.g, what, object)}
	}
	switch a.what {
	case "critical":
		expand(theMutex, "lock", "unlock")
	case "rcritical":
		expand(theRWMutex, "rlock", "runlock")
	case "try lock":
		expand(theRWMutex, "", "unlock")
		waits(on(OpTryLock, 0, theRWMutex), "lock", theRWMutex)
		g.cases = []action{a}
	case "lock":
		waits(on(OpLock, 0, ObjectID(a.ch)), a.what, a.ch)
	case "rlock":
		waits(reading(on(OpLock, 0, ObjectID(a.ch))), a.what, a.ch)
	case "unlock":
		return goesOn(on(OpUnlock, 0, ObjectID(a.ch)), a.what, a.ch)
	case "runlock":
		return goesOn(reading(on(OpUnlock, 0, ObjectID(a.ch))), a.what, a.ch)
	case "close":
		waits(on(OpClose, 0, ObjectID(a.ch)), a.what, a.ch)
		g.event.capacity = h.s.caps[a.ch-1]
	case "done":
		return goesOn(Op{Kind: OpAdd, Object: theGroup, N: -1}, a.what, theGroup)
	case "wait":
		waits(on(OpWait, 0, theGroup), a.what, theGroup)
	case "add":
		waits(Op{Kind: OpAtomic, Object: theWord, Atomic: AtomicAdd, N: int64(a.value)}, a.what, theWord)
	default:
		cases, try := a.flat()
		op := Op{Kind: OpSelect, Default: try}
		for _, c := range cases {
			op.Cases = append(op.Cases, Case{ObjectID(c.ch), c.what == "send", Value{Data: []byte{byte(c.value)}}})
		}
		g.cases = cases
		waits(op, "select", 0)
	}
	return nil
}
