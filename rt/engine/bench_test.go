package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pebble"
)

// The benchmarks execute processes that cost nothing themselves, on Pebble with fsync on. /synced is the same without store.Unsynced.

// A workerFunc is a Worker.
type workerFunc func(ctx context.Context, t *Task) error

func (f workerFunc) Execute(ctx context.Context, t *Task) error { return f(ctx, t) }

// A text is a state.
type text string

func (s text) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, string(s))
	return int64(n), err
}

// plain hides that a store is ordered.
type plain struct{ store.Store }

func benchStores(b *testing.B, f func(b *testing.B, s store.Store)) {
	for _, synced := range []bool{false, true} {
		name := "unsynced"
		if synced {
			name = "synced"
		}
		b.Run(name, func(b *testing.B) {
			s, err := pebble.Open(b.TempDir(), nil)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			if synced {
				f(b, plain{s})
			} else {
				f(b, s)
			}
		})
	}
}

// execute executes a run to its end.
func execute(b testing.TB, s store.Store, run string, w Worker, slots int) {
	e, err := Open(b.Context(), Options{Store: s, Run: run})
	if err != nil {
		b.Fatal(err)
	}
	e.Attach(w, slots)
	exit, err := e.Run(b.Context())
	if err != nil || exit.Text != "" {
		b.Fatal(exit, err)
	}
}

// BenchmarkFanOut begins processes, waits for all, and has the results in a region. It reports the time for all.
func BenchmarkFanOut(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			benchStores(b, func(b *testing.B, s store.Store) {
				i := 0
				for b.Loop() {
					i++
					execute(b, s, fmt.Sprint("run", i), workerFunc(fanOutWorker(n)), 64)
				}
			})
		})
	}
}

func fanOutWorker(n int) func(ctx context.Context, t *Task) error {
	wg, region := exchange.NewObjectID(0, 1), exchange.NewObjectID(0, 2)
	return func(ctx context.Context, t *Task) error {
		rs, err := t.Replies(ctx)
		if err != nil {
			return err
		}
		if t.Process() != 0 {
			v := rs[0].Value
			return t.Commit(ctx, &exchange.Batch{Consumed: 1, Ended: true, Ops: []exchange.Op{
				{Kind: exchange.OpPatch, Object: region, Offset: binary.LittleEndian.Uint32(v.Data), Value: exchange.Value{Data: v.Data}},
				{Kind: exchange.OpAdd, Object: wg, N: -1},
			}}, nil)
		}
		if t.Step() == 0 {
			ops := []exchange.Op{
				{Kind: exchange.OpShare, Object: wg, Share: &exchange.Share{Kind: exchange.KindWaitGroup, Count: int64(n)}},
				{Kind: exchange.OpShare, Object: region, Share: &exchange.Share{Kind: exchange.KindRegion}},
			}
			for i := range n {
				data := binary.LittleEndian.AppendUint32(nil, uint32(i))
				ops = append(ops, exchange.Op{Kind: exchange.OpSpawn, Value: exchange.Value{Data: data, Refs: []exchange.ObjectID{wg, region}}})
			}
			ops = append(ops, exchange.Op{Kind: exchange.OpWait, G: 1, Object: wg})
			if err := t.Commit(ctx, &exchange.Batch{Ops: ops, Idle: true}, text("waits")); err != nil {
				return err
			}
		}
		for len(rs) == 0 {
			if rs, err = t.Replies(ctx); err != nil {
				return err
			}
		}
		if len(rs[0].Stores) != n {
			return fmt.Errorf("%d results", len(rs[0].Stores))
		}
		return t.Commit(ctx, &exchange.Batch{Consumed: 1, Exit: &exchange.Exit{}}, nil)
	}
}

// BenchmarkPingPong sends a value to another process and back. An operation is a round trip: 4 entries of the log, and at least 2 records.
func BenchmarkPingPong(b *testing.B) {
	benchStores(b, func(b *testing.B, s store.Store) {
		execute(b, s, "run", workerFunc(pingPongWorker(b.N)), 64)
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "roundtrips/s")
	})
}

func pingPongWorker(n int) func(ctx context.Context, t *Task) error {
	there, back := exchange.NewObjectID(0, 1), exchange.NewObjectID(0, 2)
	send := func(ch exchange.ObjectID) exchange.Op {
		return exchange.Op{Kind: exchange.OpSelect, G: 2, Cases: []exchange.Case{{Channel: ch, Send: true, Value: exchange.Value{Data: []byte{1}}}}}
	}
	recv := func(ch exchange.ObjectID) exchange.Op {
		return exchange.Op{Kind: exchange.OpSelect, G: 1, Cases: []exchange.Case{{Channel: ch}}}
	}
	return func(ctx context.Context, t *Task) error {
		in, out, taken := there, back, uint64(0)
		var ops []exchange.Op
		if t.Process() == 0 {
			in, out = back, there
			ops = []exchange.Op{
				{Kind: exchange.OpShare, Object: there, Share: &exchange.Share{Kind: exchange.KindChannel}},
				{Kind: exchange.OpShare, Object: back, Share: &exchange.Share{Kind: exchange.KindChannel}},
				{Kind: exchange.OpSpawn, Value: exchange.Value{Refs: []exchange.ObjectID{there, back}}},
				send(out),
			}
		}
		ops = append(ops, recv(in))
		for {
			rs, err := t.Replies(ctx)
			if err != nil {
				return err
			}
			for _, r := range rs {
				taken = r.Seq
				if r.G != 1 {
					continue
				}
				if t.Process() == 0 {
					if n--; n == 0 {
						return t.Commit(ctx, &exchange.Batch{Consumed: taken, Exit: &exchange.Exit{}}, nil)
					}
				}
				ops = append(ops, send(out), recv(in))
			}
			if len(ops) == 0 {
				continue
			}
			if err := t.Commit(ctx, &exchange.Batch{Consumed: taken, Ops: ops, Idle: true}, text("a state of some length, as that of a program that waits would be")); err != nil {
				return err
			}
			ops = nil
		}
	}
}

// sleeperWorker begins n processes, each of which sleeps until a time that at returns, and tells how late it wakes.
func sleeperWorker(n int, at func(p exchange.ProcessID) time.Time, woken func(late time.Duration), now func() time.Time, begun func()) func(ctx context.Context, t *Task) error {
	wg := exchange.NewObjectID(0, 1)
	const chunk = 1000
	return func(ctx context.Context, t *Task) error {
		rs, err := t.Replies(ctx)
		if err != nil {
			return err
		}
		if t.Process() != 0 {
			if t.Step() == 0 {
				b := &exchange.Batch{Consumed: 1, Idle: true, Wake: at(t.Process()).UnixNano()}
				if err := t.Commit(ctx, b, text("a state of some length, as that of a program that sleeps would be: 100 bytes and a few more of them")); err != nil {
					return err
				}
				begun()
				_, err := t.Replies(ctx) // stays loaded until it is idle for long
				if err != nil {
					return err
				}
			}
			late := now().Sub(at(t.Process()))
			if late < 0 {
				return errors.New("woken early")
			}
			woken(late)
			return t.Commit(ctx, &exchange.Batch{Consumed: 1, Ended: true, Ops: []exchange.Op{{Kind: exchange.OpAdd, Object: wg, N: -1}}}, nil)
		}
		var begun uint64
		if r := t.State(ctx); r != nil {
			s, err := io.ReadAll(r)
			if err != nil {
				return err
			}
			begun = binary.LittleEndian.Uint64(s)
		}
		for begun < uint64(n) {
			var ops []exchange.Op
			if begun == 0 {
				ops = append(ops, exchange.Op{Kind: exchange.OpShare, Object: wg, Share: &exchange.Share{Kind: exchange.KindWaitGroup, Count: int64(n)}})
			}
			for range min(chunk, n-int(begun)) {
				ops = append(ops, exchange.Op{Kind: exchange.OpSpawn, Value: exchange.Value{Refs: []exchange.ObjectID{wg}}})
				begun++
			}
			last := begun == uint64(n)
			if last {
				ops = append(ops, exchange.Op{Kind: exchange.OpWait, G: 1, Object: wg})
			}
			if err := t.Commit(ctx, &exchange.Batch{Ops: ops, Idle: last}, text(binary.LittleEndian.AppendUint64(nil, begun))); err != nil {
				return err
			}
		}
		for len(rs) == 0 {
			if rs, err = t.Replies(ctx); err != nil {
				return err
			}
		}
		return t.Commit(ctx, &exchange.Batch{Consumed: 1, Exit: &exchange.Exit{}}, nil)
	}
}

// BenchmarkSleep1000 sleeps 1 s in 1,000 processes at once. It reports the time for all.
func BenchmarkSleep1000(b *testing.B) {
	benchStores(b, func(b *testing.B, s store.Store) {
		i := 0
		for b.Loop() {
			i++
			until := time.Now().Add(time.Second)
			execute(b, s, fmt.Sprint("run", i), workerFunc(sleeperWorker(1000, func(exchange.ProcessID) time.Time { return until }, func(time.Duration) {}, time.Now, func() {})), 64)
		}
	})
}

// heapInUse returns the bytes of memory in use.
func heapInUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkSleepers holds sleeping processes: it begins them, reports the memory that they take once they are unloaded and the CPU time
// of 3 s in which nothing is due, and then wakes them at a rate, and reports how late they are at worst.
//
//	go test ./rt/engine -run XXX -bench Sleepers -benchtime 1x -sleepers 100000
func BenchmarkSleepers(b *testing.B) {
	for b.Loop() {
		benchSleepers(b, *sleepers)
	}
}

var (
	sleepers = flag.Int("sleepers", 20_000, "processes of BenchmarkSleepers")
	rate     = flag.Int("rate", 4000, "processes that BenchmarkSleepers wakes in a second")
)

func benchSleepers(b *testing.B, n int) {
	s, err := pebble.Open(b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	before := heapInUse()
	var base atomic.Int64 // when process 1 wakes; later ones follow at the rate
	base.Store(time.Now().Add(1000 * time.Hour).UnixNano())
	var woken, begun atomic.Int64
	began := time.Now()
	at := func(p exchange.ProcessID) time.Time {
		return time.Unix(0, base.Load()).Add(time.Duration(p) * time.Second / time.Duration(*rate))
	}
	// The first wake time is far; when all sleep, they are told the real one, as if the clock had jumped.
	var jump atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(jump.Load())) }
	var mu sync.Mutex
	var lates []time.Duration
	w := workerFunc(sleeperWorker(n, at, func(late time.Duration) {
		mu.Lock()
		lates = append(lates, late)
		mu.Unlock()
		woken.Add(1)
	}, now, func() { begun.Add(1) }))
	e, err := Open(b.Context(), Options{Store: s, Run: "run", IdleAfter: 200 * time.Millisecond, Now: now})
	if err != nil {
		b.Fatal(err)
	}
	e.Attach(w, 64)
	done := make(chan error, 1)
	go func() {
		_, err := e.Run(b.Context())
		done <- err
	}()
	for begun.Load() < int64(n) {
		time.Sleep(10 * time.Millisecond)
	}
	b.ReportMetric(time.Since(began).Seconds(), "begin-s")
	time.Sleep(4 * time.Second) // unloaded by now, and synced; Pebble has come to rest
	b.ReportMetric(float64(heapInUse()-before)/1e6, "heap-MB")
	b.ReportMetric(float64(maxRSS())/1e6, "maxRSS-MB")
	cpu := cpuTime()
	time.Sleep(3 * time.Second)
	b.ReportMetric(float64(cpuTime()-cpu)/3e6, "idle-ms/s")
	cpu = cpuTime()
	jump.Store(base.Load() - time.Now().UnixNano() - 2e9) // 2 s before the first
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	if woken.Load() != int64(n) {
		b.Fatalf("%d woke", woken.Load())
	}
	slices.Sort(lates)
	b.ReportMetric(lates[len(lates)/2].Seconds(), "late-median-s")
	b.ReportMetric(lates[len(lates)*999/1000].Seconds(), "late-p99.9-s")
	b.ReportMetric(lates[len(lates)-1].Seconds(), "late-worst-s")
	b.ReportMetric(float64(cpuTime()-cpu)/float64(n)/1e3, "wake-cpu-µs")
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func maxRSS() int64 {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return u.Maxrss << 10
}

// BenchmarkRestart opens a run with 100,000 sleeping processes of which one is due, in a store that was not closed, and reports the time until that one
// is given to a worker.
func BenchmarkRestart(b *testing.B) {
	const n = 100_000
	fs := vfs.NewCrashableMem()
	s, err := pebble.Open("state", &pebble.Options{FS: fs})
	if err != nil {
		b.Fatal(err)
	}
	far := time.Now().Add(1000 * time.Hour)
	var begun atomic.Int64
	due := time.Now().Add(time.Minute)
	w := workerFunc(sleeperWorker(n, func(p exchange.ProcessID) time.Time {
		if p == n/2 {
			return due
		}
		return far
	}, func(time.Duration) {}, time.Now, func() { begun.Add(1) }))
	ctx, cancel := context.WithCancel(b.Context())
	e, err := Open(ctx, Options{Store: s, Run: "run"})
	if err != nil {
		b.Fatal(err)
	}
	e.Attach(w, 64)
	done := make(chan bool)
	go func() { e.Run(ctx); close(done) }()
	for begun.Load() < n {
		time.Sleep(10 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond)
	crashed := fs.CrashClone(vfs.CrashCloneCfg{})
	cancel()
	<-done
	s.Close()
	dir := b.TempDir()
	if _, err := vfs.Clone(crashed, vfs.Default, "state", dir, vfs.CloneSync); err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		i++
		b.StopTimer()
		copied := fmt.Sprint(dir, "-", i)
		if _, err := vfs.Clone(vfs.Default, vfs.Default, dir, copied, vfs.CloneSync); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		s, err := pebble.Open(copied, nil)
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		e, err := Open(ctx, Options{Store: s, Run: "run", Now: func() time.Time { return due.Add(time.Second) }})
		if err != nil {
			b.Fatal(err)
		}
		if got := e.fold.x.Len(); got != n+1 {
			b.Fatalf("%d live processes", got)
		}
		e.Attach(workerFunc(func(ctx context.Context, t *Task) error {
			if t.Process() == n/2 && t.Step() == 1 {
				cancel()
			}
			return nil
		}), 64)
		if _, err := e.Run(ctx); !errors.Is(err, context.Canceled) {
			b.Fatal(err)
		}
		b.StopTimer()
		s.Close()
		os.RemoveAll(copied)
		b.StartTimer()
	}
}
