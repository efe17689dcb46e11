package exchange

import (
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"
)

// This file checks that no operation is linear in what lives or waits.

// A crowd is an Exchange with n live processes, each of which waits for one of the channels, for a lock, and knows a region.
type crowd struct {
	x    *Exchange
	step uint64
	c    ObjectID // n processes wait to receive
	l    ObjectID // locked; n wait for it
	wg   ObjectID
	r    ObjectID // n know it
	c2   ObjectID // nobody waits
}

func newCrowd(n int) *crowd {
	k := &crowd{x: New(), c: 1, l: 2, wg: 3, r: 4, c2: 5}
	k.do(
		Op{Kind: OpShare, Object: k.c, Share: &Share{Kind: KindChannel}},
		Op{Kind: OpShare, Object: k.l, Share: &Share{Kind: KindMutex, Count: 1}},
		Op{Kind: OpShare, Object: k.wg, Share: &Share{Kind: KindWaitGroup, Count: 1 << 40}},
		Op{Kind: OpShare, Object: k.r, Share: &Share{Kind: KindRegion}},
		Op{Kind: OpShare, Object: k.c2, Share: &Share{Kind: KindChannel, Capacity: 1}},
	)
	for range n {
		k.do(Op{Kind: OpSpawn, Value: value("f", k.c, k.l, k.wg, k.r, k.c2)})
	}
	for p := ProcessID(1); p <= ProcessID(n); p++ {
		k.x.Apply(&Batch{From: p, Step: 1, Consumed: 1, Idle: true, Ops: []Op{
			choose(1, Case{Channel: k.c}, Case{Channel: k.c2, Send: true}, Case{}), on(OpLock, 2, k.l), on(OpWait, 3, k.wg),
		}})
	}
	// c2 has room: what was sent to it is taken, and they wait for c.
	return k
}

func (k *crowd) do(ops ...Op) Result {
	k.step++
	s, _ := k.x.Status(0)
	return k.x.Apply(&Batch{Step: k.step, Consumed: s.Sent, Ops: ops})
}

var crowdOps = []struct {
	name string
	ops  func(k *crowd, i int) []Op
}{
	{"send", func(k *crowd, i int) []Op { return []Op{send(1, k.c, "x")} }},
	{"unlock", func(k *crowd, i int) []Op { return []Op{on(OpUnlock, 1, k.l)} }},
	{"wait and cancel", func(k *crowd, i int) []Op {
		return []Op{on(OpWait, 1, k.wg), on(OpCancel, 1, 0), on(OpLock, 1, k.l), on(OpCancel, 1, 0)}
	}},
	{"add", func(k *crowd, i int) []Op { return []Op{{Kind: OpAdd, Object: k.wg, N: 1}} }},
	{"patch", func(k *crowd, i int) []Op {
		return []Op{{Kind: OpPatch, Object: k.r, Offset: uint32(i % 8), Value: value("x")}}
	}},
	{"spawn", func(k *crowd, i int) []Op { return []Op{{Kind: OpSpawn, Value: value("f", k.c, k.r)}} }},
	{"close", func(k *crowd, i int) []Op {
		id := NewObjectID(0, uint32(100+i))
		return []Op{{Kind: OpShare, Object: id, Share: &Share{Kind: KindChannel}}, on(OpClose, 1, id), on(OpForget, 0, id)}
	}},
	{"len", func(k *crowd, i int) []Op { return []Op{on(OpLen, 1, k.c)} }},
	{"end", func(k *crowd, i int) []Op {
		p := ProcessID(i + 1)
		k.x.Apply(&Batch{From: p, Step: 2, Consumed: 1, Ops: []Op{on(OpCancel, 1, 0), on(OpCancel, 2, 0), on(OpCancel, 3, 0)}})
		k.x.Apply(&Batch{From: p, Step: 3, Consumed: 4, Ended: true})
		return nil
	}},
}

// TestGrowth: with a hundred times as many processes and waiters, an operation allocates as much, and takes about as long. One that visited all
// of them would take fifty times as long or more; caches that miss more often make five times of it.
func TestGrowth(t *testing.T) {
	if testing.Short() {
		t.Skip("makes 100,000 processes")
	}
	const few, many = 1000, 100_000
	small, large := newCrowd(few), newCrowd(many)
	for _, test := range crowdOps {
		m, n := cost(t, small, test.ops), cost(t, large, test.ops)
		t.Logf("%-16s %8v %6d B with %d, %8v %6d B with %d", test.name, m.time, m.bytes, few, n.time, n.bytes, many)
		if n.time > 20*m.time || n.bytes > 2*m.bytes+1024 {
			t.Errorf("%s: %v with %d processes, %v with %d", test.name, m, few, n, many)
		}
	}
}

type costs struct {
	time  time.Duration
	bytes uint64
}

// cost returns the cost of the cheapest of several blocks of operations: what happens from time to time, as the growth of a map, is in the others.
func cost(t *testing.T, k *crowd, ops func(*crowd, int) []Op) costs {
	const blocks, size = 12, 30
	least := costs{math.MaxInt64, math.MaxUint64}
	var before, after runtime.MemStats
	for b := range blocks {
		runtime.ReadMemStats(&before)
		start := time.Now()
		for i := range size {
			if r := k.do(ops(k, b*size+i)...); r.Exit != nil {
				t.Fatal(r.Exit.Text)
			}
		}
		least.time = min(least.time, time.Since(start)/size)
		runtime.ReadMemStats(&after)
		least.bytes = min(least.bytes, (after.TotalAlloc-before.TotalAlloc)/size)
	}
	return least
}

func BenchmarkApply(b *testing.B) {
	for _, n := range []int{100, 100_000} {
		for _, test := range crowdOps {
			if test.name == "end" {
				continue
			}
			b.Run(fmt.Sprintf("%s/%d", test.name, n), func(b *testing.B) {
				k := newCrowd(n)
				i := 0
				for b.Loop() {
					k.do(test.ops(k, i)...)
					i++
				}
			})
		}
	}
}

// BenchmarkCheckpoint measures the state of 100,000 processes of which each knows five objects and waits for three, and of as many that sleep.
func BenchmarkCheckpoint(b *testing.B) {
	sleepers := New()
	ops := make([]Op, 100_000)
	for i := range ops {
		ops[i] = Op{Kind: OpSpawn, Value: value("f")}
	}
	sleepers.Apply(&Batch{Step: 1, Ops: ops})
	for p := range ProcessID(len(ops)) {
		sleepers.Apply(&Batch{From: p + 1, Step: 1, Consumed: 1, Idle: true, Wake: 1})
	}
	for _, state := range []struct {
		name string
		x    *Exchange
	}{{"waiting", newCrowd(100_000).x}, {"sleeping", sleepers}} {
		encoded := state.x.Append(nil)
		b.Run("encode/"+state.name, func(b *testing.B) {
			for b.Loop() {
				encoded = state.x.Append(encoded[:0])
			}
			b.ReportMetric(float64(len(encoded))/100_000, "bytes/process")
		})
		b.Run("decode/"+state.name, func(b *testing.B) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var x *Exchange
			for b.Loop() {
				x, _ = Decode(encoded)
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/100_000, "heap/process")
			runtime.KeepAlive(x)
		})
	}
}
