package model

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/harkgen/harkgen/rt/exchange"
)

// This file defines the programs, and what a worker does with one: rt in a few lines.

// An instr is an instruction of a goroutine.
type instr struct {
	do      string // see exec
	a, b    int8   // object (index), value, target; as do needs
	cases   []arm
	timeout int8 // of a select: where it goes on when its timer fires; 0: it has none
	other   int8 // where a select goes on by its default clause, or a try-lock that has failed; 0: there is no such clause
}

// An arm is a case of a select.
type arm struct {
	ch   int8
	send bool
	val  int8
	to   int8 // where it goes on
}

// A program is what a process executes: the code of its goroutines.
type program [][]instr

// A scenario is a program of several processes, and all that may come of it.
type scenario struct {
	name     string
	objects  []exchange.Share // shared by process 0 in its first step; they have the numbers from 1 on
	programs []program        // process 0 executes the first, a spawned one that whose number its Value has
	want     []string         // outputs and exits that there may be: all of them, and no others
	one      bool             // always the same one of want
}

// allows reports whether what came of s is what may come of it.
func (s *scenario) allows(got []string) bool {
	if s.one {
		return len(got) == 1 && slices.Contains(s.want, got[0])
	}
	return slices.Equal(got, s.want)
}

// A proc is the snapshot of a process: all that its record holds of it.
type proc struct {
	started  bool
	prog     int8
	step     uint8
	consumed uint8
	idle     bool
	word     int8    // its copy of the word at offset 0 of the region
	ended    [2]int8 // why contexts 1 and 2 have been cancelled, as far as it has been told
	g        [2]goroutine
}

type goroutine struct {
	live   bool
	pc     int8
	waits  bool // for a reply
	timer  bool // which may fire while it waits
	cancel bool // has fired
	reg    int8
}

// A variant is what is left open in a step: how many replies a worker has got, whether a timer has fired, and whether it stops before all is idle.
type variant struct {
	replies int
	timer   bool
	early   bool
}

// A turn is a process while a worker executes it.
type turn struct {
	s     *scenario
	id    exchange.ProcessID
	p     proc
	batch exchange.Batch
}

// runs executes a step. The batch is the only thing of it that others can see.
func (s *scenario) runs(p proc, id exchange.ProcessID, replies []exchange.Reply, v variant) (proc, *exchange.Batch) {
	t := &turn{s: s, id: id, p: p}
	if id == 0 && !p.started {
		t.begin(0)
		for i := range s.objects {
			t.emit(exchange.Op{Kind: exchange.OpShare, Object: object(int8(i + 1)), Share: &s.objects[i]})
		}
	}
	for i := range replies[:v.replies] {
		t.takes(&replies[i])
	}
	if v.timer {
		t.fire()
	}
	for g := range t.p.g {
		if t.runnable(g) && t.batch.Exit == nil {
			t.goes(g)
			if v.early {
				break
			}
		}
	}
	t.p.step++
	t.finish()
	return t.p, &t.batch
}

func (t *turn) begin(prog int8) {
	t.p.started, t.p.prog = true, prog
	for i := range t.s.programs[prog] {
		t.p.g[i] = goroutine{live: true}
	}
}

func (t *turn) finish() {
	b := &t.batch
	b.From, b.Step, b.Consumed = t.id, uint64(t.p.step), uint64(t.p.consumed)
	b.Idle, b.Ended = true, true
	for g := range t.p.g {
		b.Idle = b.Idle && !t.runnable(g)
		b.Ended = b.Ended && !t.p.g[g].live
		if t.p.g[g].timer && !t.p.g[g].cancel {
			b.Wake = 1
		}
	}
	b.Ended = b.Ended || b.Exit != nil
	t.p.idle = b.Idle
}

func (t *turn) runnable(g int) bool {
	if !t.p.g[g].live || t.p.g[g].waits {
		return false
	}
	in := t.code(g)
	return in.do != "done" || t.p.ended[in.a-1] != 0
}

func (t *turn) code(g int) instr { return t.s.programs[t.p.prog][g][t.p.g[g].pc] }

func (t *turn) emit(op exchange.Op) { t.batch.Ops = append(t.batch.Ops, op) }

// takes takes note of a reply.
func (t *turn) takes(y *exchange.Reply) {
	if y.Seq != uint64(t.p.consumed)+1 {
		panic(fmt.Sprintf("process %d: reply %d after %d", t.id, y.Seq, t.p.consumed))
	}
	t.p.consumed++
	for _, s := range y.Stores {
		if len(s.Value.Data) == 8 {
			t.p.word = int8(binary.LittleEndian.Uint64(s.Value.Data))
		} else if n := uint32(s.Object) - 1; t.s.objects[n].Kind == exchange.KindContext {
			t.p.ended[n] = int8(s.Value.Data[0])
		}
	}
	switch y.Kind {
	case exchange.ReplyStart:
		t.begin(int8(y.Value.Data[0]))
		return
	case exchange.ReplyNews:
		return
	}
	g := &t.p.g[y.G]
	in := t.code(int(y.G))
	if !g.waits {
		panic(fmt.Sprintf("process %d: a reply for goroutine %d, which does not wait", t.id, y.G))
	}
	g.waits, g.timer, g.cancel = false, false, false
	switch y.Kind {
	case exchange.ReplyCancelled:
		g.pc = in.timeout
	case exchange.ReplyPanic:
		t.batch.Exit = &exchange.Exit{Status: 2, Text: "panic: " + y.Text}
	default:
		t.result(g, in, y)
	}
}

func (t *turn) result(g *goroutine, in instr, y *exchange.Reply) {
	g.pc++
	switch in.do {
	case "select":
		if y.Case < 0 {
			g.pc = in.other
			return
		}
		g.pc = in.cases[y.Case].to
		fallthrough
	case "recv":
		g.reg = -1
		if y.OK && len(y.Value.Data) > 0 {
			g.reg = int8(y.Value.Data[0])
		}
	case "trylock":
		if !y.OK {
			g.pc = in.other
		}
	case "len":
		g.reg = int8(y.N)
	case "atomic":
		t.p.word = int8(y.N)
		g.reg = int8(y.N)
	}
}

// fire lets timers fire.
func (t *turn) fire() {
	for i := range t.p.g {
		if g := &t.p.g[i]; g.timer && !g.cancel {
			g.cancel = true
			t.emit(exchange.Op{Kind: exchange.OpCancel, G: exchange.GID(i)})
		}
	}
}

// goes executes goroutine g until it waits or ends.
func (t *turn) goes(g int) {
	for t.runnable(g) && t.batch.Exit == nil {
		t.exec(g, &t.p.g[g], t.code(g))
	}
}

func object(i int8) exchange.ObjectID { return exchange.NewObjectID(0, uint32(i)) }

func val(n int8) exchange.Value { return exchange.Value{Data: []byte{byte(n)}} }

// exec executes an instruction: one without a reply moves the pc itself, the others wait.
func (t *turn) exec(i int, g *goroutine, in instr) {
	op := exchange.Op{G: exchange.GID(i), Object: object(in.a)}
	waits := func(kind exchange.OpKind) {
		op.Kind, g.waits = kind, true
		t.emit(op)
	}
	goesOn := func(kind exchange.OpKind) {
		op.Kind = kind
		g.pc++
		t.emit(op)
	}
	switch in.do {
	case "send", "recv":
		op.Object = 0
		op.Cases = []exchange.Case{{Channel: object(in.a), Send: in.do == "send", Value: val(in.b)}}
		waits(exchange.OpSelect)
	case "sendref": // object b
		op.Object = 0
		op.Cases = []exchange.Case{{Channel: object(in.a), Send: true, Value: exchange.Value{Data: []byte{byte(in.b)}, Refs: []exchange.ObjectID{object(in.b)}}}}
		waits(exchange.OpSelect)
	case "select":
		op.Object = 0
		for _, c := range in.cases {
			op.Cases = append(op.Cases, exchange.Case{Channel: object(c.ch), Send: c.send, Value: val(c.val)})
		}
		g.timer, op.Default = in.timeout != 0, in.other != 0
		waits(exchange.OpSelect)
	case "close":
		waits(exchange.OpClose)
	case "len":
		waits(exchange.OpLen)
	case "lock":
		waits(exchange.OpLock)
	case "rlock":
		op.Mode = exchange.Reading
		waits(exchange.OpLock)
	case "trylock":
		waits(exchange.OpTryLock)
	case "wait":
		waits(exchange.OpWait)
	case "cond": // a: cond, b: mutex
		op.Lock = object(in.b)
		waits(exchange.OpCond)
	case "atomic":
		op.Atomic, op.N = exchange.AtomicAdd, int64(in.b)
		waits(exchange.OpAtomic)
	case "unlock":
		goesOn(exchange.OpUnlock)
	case "runlock":
		op.Mode = exchange.Reading
		goesOn(exchange.OpUnlock)
	case "signal":
		goesOn(exchange.OpSignal)
	case "cancel": // context a, because of b; it hears of it like all others
		op.Value = val(in.b)
		goesOn(exchange.OpEnd)
	case "done": // context a has been cancelled
		g.pc++
		g.reg = t.p.ended[in.a-1]
	case "err": // of context a, as it looks here
		g.pc++
		g.reg = t.p.ended[in.a-1]
	case "broadcast":
		goesOn(exchange.OpBroadcast)
	case "forget":
		goesOn(exchange.OpForget)
	case "add":
		op.N = int64(in.b)
		goesOn(exchange.OpAdd)
	case "word": // the region a: word += b
		t.p.word += in.b
		op.Value.Data = binary.LittleEndian.AppendUint64(nil, uint64(t.p.word))
		goesOn(exchange.OpPatch)
	case "spawn":
		op.Object, op.Value = 0, val(in.a)
		for o := range t.s.objects {
			op.Value.Refs = append(op.Value.Refs, object(int8(o+1)))
		}
		goesOn(exchange.OpSpawn)
	case "print": // the register, or b if a is 1, or the word if a is 2
		n := [...]int8{g.reg, in.b, t.p.word}[in.a]
		op.Object, op.N, op.Value.Data = 0, 1, fmt.Append(nil, n, " ")
		goesOn(exchange.OpOutput)
	case "unless": // goes to b unless the word is a
		g.pc++
		if t.p.word != in.a {
			g.pc = in.b
		}
	case "goto":
		g.pc = in.a
	case "end":
		g.live = false
	case "exit":
		t.batch.Exit = &exchange.Exit{Status: int(in.a)}
	default:
		panic("unknown instruction " + in.do)
	}
}
