package exchange

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"testing"
)

// A machine is an Exchange under test. After every batch it checks the invariants, and that a copy restored from a checkpoint has done the same.
type machine struct {
	t    testing.TB
	x    *Exchange
	step map[ProcessID]uint64
	seen map[ProcessID]uint64 // replies that have been consumed
	made uint32
	out  []Output
	slow bool // no copy
}

func newMachine(t testing.TB) *machine {
	return &machine{t: t, x: New(), step: map[ProcessID]uint64{}, seen: map[ProcessID]uint64{}}
}

func (m *machine) apply(b *Batch) Result {
	m.t.Helper()
	if m.slow {
		return m.x.Apply(b)
	}
	copied := restored(m.t, m.x)
	result := m.x.Apply(b)
	again := copied.Apply(b)
	if !bytes.Equal(AppendReplies(nil, result.Replies), AppendReplies(nil, again.Replies)) || !slices.EqualFunc(result.Outputs, again.Outputs, equalOutputs) ||
		result.Taken != again.Taken || !reflect.DeepEqual(result.Exit, again.Exit) {
		m.t.Fatalf("%+v: the copy does\n%+v, not\n%+v", b, again, result)
	}
	if !bytes.Equal(m.x.Append(nil), copied.Append(nil)) {
		m.t.Fatalf("%+v: the copy has another state", b)
	}
	if err := m.x.Check(); err != nil {
		m.t.Fatalf("%+v: %v", b, err)
	}
	m.out = append(m.out, result.Outputs...)
	return result
}

func equalOutputs(a, b Output) bool {
	return a.Seq == b.Seq && a.FD == b.FD && bytes.Equal(a.Data, b.Data)
}

func restored(t testing.TB, x *Exchange) *Exchange {
	t.Helper()
	b := x.Append(nil)
	y, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if again := y.Append(nil); !bytes.Equal(b, again) {
		t.Fatalf("encoded again, the state is\n%x, not\n%x", again, b)
	}
	return y
}

// send applies a batch of p that takes note of all replies so far.
func (m *machine) send(p ProcessID, change func(*Batch), ops ...Op) Result {
	m.t.Helper()
	m.step[p]++
	if s, ok := m.x.Status(p); ok {
		m.seen[p] = s.Sent
	}
	b := &Batch{From: p, Step: m.step[p], Consumed: m.seen[p], Ops: ops}
	if change != nil {
		change(b)
	}
	return m.apply(b)
}

// do applies ops of process 0, and returns the replies.
func (m *machine) do(ops ...Op) []string {
	m.t.Helper()
	return texts(m.send(0, nil, ops...))
}

func (m *machine) by(p ProcessID, ops ...Op) []string {
	m.t.Helper()
	return texts(m.send(p, nil, ops...))
}

func idle(b *Batch)  { b.Idle = true }
func ended(b *Batch) { b.Ended = true }

// texts describes a result: "p/g what".
func texts(r Result) (list []string) {
	for i := range r.Replies {
		list = append(list, describe(&r.Replies[i]))
	}
	if r.Exit != nil {
		list = append(list, fmt.Sprintf("exit %d %s", r.Exit.Status, r.Exit.Text))
	}
	return list
}

func describe(y *Reply) string {
	s := fmt.Sprintf("%d/%d", y.To, y.G)
	switch y.Kind {
	case ReplyStart:
		return fmt.Sprintf("%d start %s%s", y.To, y.Value.Data, stores(y))
	case ReplyKill:
		return fmt.Sprintf("%d kill", y.To)
	case ReplyPanic:
		return s + " panic " + y.Text
	case ReplyCancelled:
		return s + " cancelled"
	case ReplyNews:
		return fmt.Sprintf("%d news%s", y.To, stores(y))
	}
	s += " done"
	if y.Case != 0 {
		s += fmt.Sprintf(" case %d", y.Case)
	}
	if !y.Value.empty() {
		s += " " + string(y.Value.Data)
	}
	if y.OK {
		s += " ok"
	}
	if y.N != 0 {
		s += fmt.Sprintf(" %d", y.N)
	}
	return s + stores(y)
}

func stores(y *Reply) (s string) {
	for _, w := range y.Stores {
		s += fmt.Sprintf(" [%d.%d", w.Object>>32, uint32(w.Object))
		if w.Patch {
			s += fmt.Sprintf("+%d", w.Offset)
		}
		s += fmt.Sprintf("=%s]", w.Value.Data)
	}
	return s
}

func (m *machine) share(s Share) ObjectID {
	m.t.Helper()
	m.made++
	id := NewObjectID(0, m.made)
	m.want(nil, m.do(Op{Kind: OpShare, Object: id, Share: &s}))
	return id
}

func (m *machine) channel(capacity int) ObjectID {
	m.t.Helper()
	return m.share(Share{Kind: KindChannel, Capacity: capacity})
}

// spawn begins a process that knows refs.
func (m *machine) spawn(refs ...ObjectID) ProcessID {
	m.t.Helper()
	p := m.x.next
	m.do(Op{Kind: OpSpawn, Value: Value{Refs: refs}})
	return p
}

func (m *machine) want(want, got []string) {
	m.t.Helper()
	if len(want) == 0 && len(got) == 0 {
		return
	}
	if !reflect.DeepEqual(want, got) {
		m.t.Errorf("got %q, want %q", got, want)
	}
}

func list(s ...string) []string { return s }

func value(s string, refs ...ObjectID) Value { return Value{Data: []byte(s), Refs: refs} }

func send(g GID, c ObjectID, s string) Op {
	return Op{Kind: OpSelect, G: g, Cases: []Case{{Channel: c, Send: true, Value: value(s)}}}
}

func recv(g GID, c ObjectID) Op { return Op{Kind: OpSelect, G: g, Cases: []Case{{Channel: c}}} }

func choose(g GID, cases ...Case) Op { return Op{Kind: OpSelect, G: g, Cases: cases} }

func on(kind OpKind, g GID, o ObjectID) Op { return Op{Kind: kind, G: g, Object: o} }

func reading(op Op) Op {
	op.Mode = Reading
	return op
}
