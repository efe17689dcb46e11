package exchange

import (
	"encoding/binary"
	"flag"
	"math/rand/v2"
	"testing"
)

// This file applies random batches: most of them are those of a program, some are nonsense.

var seeds = flag.Int("seeds", 150, "number of random runs")

// A generator makes batches out of bytes. It knows the machine, so that most operations make sense.
type generator struct {
	bytes []byte
	x     *Exchange
	made  map[ProcessID]uint32
	wild  bool // nonsense is allowed
	used  map[GID]bool
}

// n returns a number below limit.
func (g *generator) n(limit int) int {
	if len(g.bytes) == 0 {
		return 0
	}
	v := int(g.bytes[0])
	g.bytes = g.bytes[1:]
	return v % limit
}

func (g *generator) batch() *Batch {
	var ids []ProcessID
	for p := range g.x.Live {
		ids = append(ids, p)
	}
	if len(ids) == 0 {
		g.bytes = nil
		return &Batch{}
	}
	p := ids[g.n(len(ids))]
	s, _ := g.x.Status(p)
	b := &Batch{From: p, Step: s.Step + 1, Consumed: s.Sent - uint64(g.n(int(min(s.Sent-s.Acked, 9))+1))}
	g.wild = g.n(200) == 199
	g.used = map[GID]bool{}
	for range g.n(5) {
		b.Ops = append(b.Ops, g.op(p))
	}
	b.Idle = g.n(5) == 0
	b.Wake = int64(max(0, g.n(6)-4))
	switch last := g.n(256); {
	case last < 4:
		b.Step--
	case last < 12 && p > 0:
		b.Ended = g.x.processes.get(p).waiting == 0 && (len(b.Ops) == 0 || g.wild)
	case last == 13 && g.wild:
		b.Consumed += 2
	case last == 14:
		b.Exit = &Exit{Status: g.n(3)}
	}
	return b
}

// object returns an object of a kind, if there is one; sometimes any.
func (g *generator) object(kinds ...ObjectKind) ObjectID {
	var found []ObjectID
	for p := range ProcessID(4) {
		for n := range uint32(12) {
			o := g.x.objects[NewObjectID(p, n)]
			for _, k := range kinds {
				if o != nil && (g.wild || o.kind() == k) {
					found = append(found, o.head().id)
				}
			}
		}
	}
	if len(found) == 0 {
		return 0
	}
	return found[g.n(len(found))]
}

func (g *generator) value() Value {
	v := Value{Data: []byte{byte(g.n(256)), 0, 0, 0}}
	if g.n(3) == 0 {
		v.Refs = []ObjectID{g.object(KindRegion, KindChannel, KindContext)}
	}
	return v
}

var kinds = []OpKind{
	OpShare, OpShare, OpStore, OpPatch, OpPatch, OpSpawn, OpAdd, OpUnlock, OpUnlock, OpSignal, OpBroadcast, OpOutput, OpForget, OpEnd,
	OpSelect, OpSelect, OpSelect, OpSelect, OpClose, OpLen, OpWait, OpLock, OpLock, OpTryLock, OpCond, OpAtomic, OpCancel,
}

func (g *generator) op(p ProcessID) Op {
	op := Op{Kind: kinds[g.n(len(kinds))], G: GID(g.n(3)), N: int64(g.n(3)), Mode: Mode(g.n(2)), Offset: uint32(g.n(2))}
	for op.Kind != OpCancel && (g.x.waits[waitKey{p, op.G}] != nil || g.used[op.G] && !g.wild) {
		op.G++
	}
	g.used[op.G] = true
	switch op.Kind {
	case OpShare:
		g.share(p, &op)
	case OpStore, OpPatch, OpAtomic, OpForget:
		op.Object = g.object(KindRegion)
		if op.Kind == OpForget && g.n(2) == 0 {
			op.Object = g.object(KindContext)
		}
		op.Atomic = AtomicOp(g.n(int(AtomicCompareAndSwapValue) + 1))
		op.Value = g.value()
		op.Bytes = op.Kind == OpPatch && g.n(2) == 0
		if r, ok := find[*region](g.x, op.Object); ok && op.Kind == OpAtomic && r.slots[op.Offset] == nil && !g.wild {
			op.Kind = OpPatch
		} else if ok && op.Kind == OpAtomic && !g.wild {
			if _, _, ok := word(&r.slots[op.Offset].value); !ok {
				op.Atomic = max(op.Atomic, AtomicLoadValue)
			}
		}
	case OpEnd:
		op.Object, op.Value = g.object(KindContext), g.value()
	case OpSpawn:
		if g.x.Len() < 4 {
			op.Value = g.value()
		} else {
			op = Op{Kind: OpLen, G: op.G}
		}
	case OpAdd, OpWait:
		op.Object = g.object(KindWaitGroup)
		if w, ok := find[*group](g.x, op.Object); ok && w.count > 0 {
			op.N = int64(g.n(2))*2 - 1
		}
	case OpOutput:
		op.N = 1
	case OpLock, OpTryLock, OpUnlock:
		op.Object = g.object(KindMutex, KindRWMutex)
		if l, ok := find[*lock](g.x, op.Object); ok {
			op.Mode = min(op.Mode, map[bool]Mode{true: Reading}[l.rw])
			if op.Kind == OpUnlock && !l.writer && l.readers == 0 && !g.wild {
				op.Kind = OpTryLock
			} else if op.Kind == OpUnlock {
				op.Mode = map[bool]Mode{true: Reading}[l.readers > 0]
			}
		}
	case OpCond:
		op.Object, op.Mode = g.object(KindCond), Exclusive
		op.Lock = g.object(KindMutex)
		if l, ok := find[*lock](g.x, op.Lock); ok && !l.writer && !g.wild {
			op.Lock = 0
		}
	case OpSignal, OpBroadcast:
		op.Object = g.object(KindCond)
	case OpSelect:
		for range g.n(4) {
			op.Cases = append(op.Cases, Case{g.object(KindChannel), g.n(2) == 0, g.value()})
		}
		op.Default = g.n(8) == 0
	case OpClose, OpLen:
		if op.Object = g.object(KindChannel); g.n(4) > 0 {
			op.Kind = OpLen
		}
	}
	if op.Object == 0 && op.Kind != OpSelect && op.Kind != OpSpawn && op.Kind != OpCancel && op.Kind != OpOutput && !g.wild {
		op = Op{Kind: OpSelect, G: op.G, Default: true}
	}
	return op
}

func (g *generator) share(p ProcessID, op *Op) {
	if g.made == nil {
		g.made = map[ProcessID]uint32{}
	}
	if g.made[p] > 9 {
		*op = Op{Kind: OpLen, G: op.G}
		g.used[op.G] = true
		return
	}
	g.made[p]++
	op.Object = NewObjectID(p, g.made[p])
	op.Share = &Share{Kind: ObjectKind(g.n(7) + 1), Capacity: g.n(3), Count: int64(g.n(2))}
	if op.Share.Kind == KindRegion {
		op.Share.Content = g.value()
	}
	if op.Share.Kind == KindContext {
		op.Share.Parent = g.object(KindContext)
	}
	if g.n(4) == 0 && op.Share.Capacity > 0 {
		op.Share.Buffer = []Value{g.value()}
	}
}

// randomRun applies up to n random batches.
func randomRun(t testing.TB, seed uint64, n int) *machine {
	m := newMachine(t)
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	random := rand.NewChaCha8(key)
	g := &generator{x: m.x}
	for range n {
		g.bytes = make([]byte, 128)
		random.Read(g.bytes)
		b := g.batch()
		if m.apply(b).Exit != nil && n > 30 {
			break
		}
	}
	return m
}

// TestRandom applies random batches; the machine checks itself after each.
func TestRandom(t *testing.T) {
	steps, misused, waited := 0, 0, 0
	for seed := range uint64(*seeds) {
		m := randomRun(t, seed, 200)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
		for s := range m.x.processes.all {
			steps += int(s.step)
		}
		waited += int(m.x.arrivals)
		if e := m.x.Exit(); e != nil && len(e.Text) > 20 && e.Text[:20] == "fatal error: harkgen" {
			misused++
		}
	}
	t.Logf("%d steps, %d waits, %d of %d runs ended by a misuse", steps, waited, misused, *seeds)
	if waited < steps/4 {
		t.Error("the programs do too little")
	}
}

// FuzzApply applies the batches that the bytes stand for.
func FuzzApply(f *testing.F) {
	f.Add([]byte("\x00\x00\x04\x01\x02\x03\x05\x08\x00\x09\x07"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m := newMachine(t)
		g := &generator{bytes: b, x: m.x}
		for len(g.bytes) > 0 {
			m.apply(g.batch())
		}
	})
}
