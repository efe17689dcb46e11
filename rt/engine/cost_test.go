package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/behind"
)

// This file counts operations of the store: what a message costs, that sleeping costs nothing, and that a restart does not look at what sleeps.

// ops returns how many operations of a kind there were, of records and blobs whose names begin with prefix.
func (v *view) ops(kind, prefix string) (n int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for key, c := range v.count {
		if strings.HasPrefix(key, kind+" "+prefix) {
			n += c
		}
	}
	return n
}

// requests returns how many operations there were.
func (v *view) requests() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.total
}

// begin opens an engine on m, and runs it until stop is called.
func begin(t *testing.T, m *memStore, epoch int, o Options, w Worker, slots int) (e *Engine, v *view, stop func() *exchange.Exit) {
	t.Helper()
	s, v := m.view(1, epoch, false, ordered, nil)
	o.Store, o.Run = s, "r"
	e, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if w != nil {
		e.Attach(w, slots)
	}
	ctx, cancel := context.WithCancel(context.Background())
	type result struct {
		exit *exchange.Exit
		err  error
	}
	done := make(chan result, 1)
	go func() {
		exit, err := e.Run(ctx)
		done <- result{exit, err}
	}()
	return e, v, func() *exchange.Exit {
		t.Helper()
		synctest.Wait()
		cancel()
		r := <-done
		if r.err != nil && !errors.Is(r.err, context.Canceled) {
			t.Error(r.err)
		}
		return r.exit
	}
}

func TestMessageCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 500
		_, v, stop := begin(t, newMemStore(), 0, Options{}, workerFunc(pingPongWorker(n)), 8)
		if exit := stop(); exit == nil {
			t.Fatal("it has not ended")
		}
		// Each way is a step of the one, which is a record and an entry.
		entries, records := v.ops("put", "r/l/"), v.ops("put", "r/p/")
		t.Logf("%d round trips: %d entries, %d records", n, entries, records)
		if entries > 2*n+5 || records > 2*n+5 {
			t.Errorf("%d entries and %d records for %d round trips", entries, records, n)
		}
		if gets := v.ops("get", ""); gets > 100 {
			t.Errorf("%d reads: the processes did not stay loaded", gets)
		}
	})
}

func TestFanOutCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 1000
		_, v, stop := begin(t, newMemStore(), 0, Options{}, workerFunc(fanOutWorker(n)), 8)
		if exit := stop(); exit == nil {
			t.Fatal("it has not ended")
		}
		if records, reads := v.ops("put", "r/p/"), v.ops("get", "r/p/"); records != 1 || reads > 3 {
			t.Errorf("%d records, %d reads of records: processes that end in their first step need none", records, reads)
		}
	})
}

func TestSleepCost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3000
		m := newMemStore()
		wakeAt := time.Now().Add(10 * time.Hour)
		at := func(p exchange.ProcessID) time.Time { return wakeAt.Add(time.Duration(p) * time.Millisecond) }
		var worst time.Duration
		woken := make(chan time.Duration, n)
		w := workerFunc(sleeperWorker(n, at, func(late time.Duration) { woken <- late }, time.Now, func() {}))
		e, v, stop := begin(t, m, 0, Options{IdleAfter: time.Minute}, w, 50)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		e.mu.Lock()
		if len(e.procs) > 0 || len(e.wakes) != n {
			t.Errorf("%d processes are in memory, %d wake times", len(e.procs), len(e.wakes))
		}
		e.mu.Unlock()
		puts, gets, syncs := v.ops("put", ""), v.ops("get", ""), v.ops("sync", "")
		time.Sleep(time.Hour)
		synctest.Wait()
		if p, s := v.ops("put", ""), v.ops("sync", ""); p != puts || s != syncs {
			t.Errorf("%d puts, %d syncs while all sleep", p-puts, s-syncs)
		}
		if g := v.ops("get", "") - gets; g > 3601 {
			t.Errorf("%d reads in an hour: one a second looks for another engine", g)
		}
		stop()

		// Another engine begins where nothing is due: it reads the checkpoint and the log, and no process.
		e, v, stop = begin(t, m, 1, Options{}, w, 50)
		synctest.Wait()
		if n := v.ops("get", "r/p/") + v.ops("list", ""); n > 0 {
			t.Errorf("%d reads of processes that sleep", n)
		}
		if g := v.ops("get", "r/l/"); g > int(e.fold.next-e.base)+2*ahead {
			t.Errorf("%d reads of the log, which has %d entries", g, e.fold.next-e.base)
		}
		// All wake, each with one read and one delete of its record.
		gets = v.ops("get", "r/p/")
		time.Sleep(time.Until(at(n)) + time.Second)
		if exit := stop(); exit == nil {
			t.Fatal("it has not ended")
		}
		for range n {
			worst = max(worst, <-woken)
		}
		if worst > 0 {
			t.Errorf("one woke %v late", worst)
		}
		if g := v.ops("get", "r/p/") - gets; g > n+2 {
			t.Errorf("%d reads for %d processes", g, n)
		}
		if p := v.ops("put", "r/p/"); p > 1 {
			t.Errorf("%d puts of records of processes that end", p)
		}
	})
}

// TestFenced has a worker that comes back after its process was taken over.
func TestFenced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		block := make(chan bool)
		late := make(chan error, 2)
		step := func(t *Task) error {
			return t.Commit(context.Background(), &exchange.Batch{Consumed: 0, Idle: true, Wake: time.Now().Add(time.Hour).UnixNano()}, text("x"))
		}
		e, _, stop := begin(t, newMemStore(), 0, Options{}, nil, 0)
		detach := e.Attach(workerFunc(func(ctx context.Context, t *Task) error {
			<-block
			late <- step(t)
			late <- t.Commit(context.Background(), &exchange.Batch{Ended: true}, nil)
			return nil
		}), 1)
		synctest.Wait()
		detach()
		e.Attach(workerFunc(func(ctx context.Context, t *Task) error {
			if err := step(t); err != nil {
				return err
			}
			<-ctx.Done()
			return nil
		}), 1)
		synctest.Wait()
		close(block)
		for range 2 {
			if err := <-late; !errors.Is(err, ErrFenced) {
				t.Errorf("a commit of the first worker: %v", err)
			}
		}
		if st, live := e.fold.x.Status(0); !live || st.Step != 1 {
			t.Errorf("%+v, %v", st, live)
		}
		stop()
	})
}

// TestClockBack sets the clock back while a process sleeps: it wakes when the clock says so, and not before.
func TestClockBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		var jump atomic.Int64
		now := func() time.Time { return time.Now().Add(time.Duration(jump.Load())) }
		woken := make(chan time.Time, 1)
		at := start.Add(10 * time.Second)
		w := workerFunc(sleeperWorker(1, func(exchange.ProcessID) time.Time { return at }, func(time.Duration) { woken <- time.Now() }, now, func() {}))
		_, _, stop := begin(t, newMemStore(), 0, Options{Now: now, IdleAfter: time.Second}, w, 2)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		jump.Store(int64(-time.Minute))
		if got := (<-woken).Sub(start); got < 70*time.Second || got > 72*time.Second {
			t.Errorf("it woke after %v", got)
		}
		stop()
	})
}

// TestClockBackAtRestart sets the clock back when an engine that begins has found that a process is due.
func TestClockBackAtRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var jump atomic.Int64
		now := func() time.Time { return time.Now().Add(time.Duration(jump.Load())) }
		woken := make(chan time.Time, 1)
		at := time.Now().Add(10 * time.Second)
		w := workerFunc(sleeperWorker(1, func(exchange.ProcessID) time.Time { return at }, func(time.Duration) { woken <- time.Now() }, now, func() {}))
		m := newMemStore()
		_, _, stop := begin(t, m, 0, Options{Now: now, IdleAfter: time.Second}, w, 2)
		time.Sleep(5 * time.Second)
		stop()
		jump.Store(int64(time.Minute))
		e, _, stop := begin(t, m, 1, Options{Now: now, IdleAfter: time.Second}, nil, 0)
		synctest.Wait() // it is queued
		jump.Store(0)
		e.Attach(w, 2)
		select {
		case <-woken:
		case <-time.After(time.Minute):
			t.Error("it sleeps for ever")
		}
		stop()
	})
}

// TestManyDue wakes more processes at once than are queued.
func TestManyDue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 5 * maxDue
		at := time.Now().Add(time.Hour)
		woken := make(chan time.Duration, n)
		w := workerFunc(sleeperWorker(n, func(exchange.ProcessID) time.Time { return at }, func(late time.Duration) { woken <- late }, time.Now, func() {}))
		e, _, stop := begin(t, newMemStore(), 0, Options{}, w, 8)
		for len(woken) < n {
			e.mu.Lock()
			if queued := e.queue.len(); queued > 2*maxDue && time.Now().After(at) {
				t.Errorf("%d are queued", queued)
			}
			e.mu.Unlock()
			time.Sleep(time.Second)
		}
		if exit := stop(); exit == nil {
			t.Error("it has not ended")
		}
		for range n {
			if late := <-woken; late > 0 {
				t.Fatalf("one is %v late", late)
			}
		}
	})
}

// TestClockBackAtWake sets the clock back between a wake-up and the load of the process.
func TestClockBackAtWake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var jump atomic.Int64
		now := func() time.Time { return time.Now().Add(time.Duration(jump.Load())) }
		woken := make(chan time.Time, 1)
		at := time.Now().Add(10 * time.Second)
		w := workerFunc(sleeperWorker(1, func(exchange.ProcessID) time.Time { return at }, func(time.Duration) { woken <- time.Now() }, now, func() {}))
		e, _, stop := begin(t, newMemStore(), 0, Options{Now: now, IdleAfter: time.Second}, w, 2)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		jump.Store(int64(time.Minute))
		e.mu.Lock()
		e.wakeDue()
		jump.Store(0)
		e.dispatch()
		e.mu.Unlock()
		select {
		case <-woken:
		case <-time.After(time.Minute):
			t.Error("it sleeps for ever")
		}
		stop()
	})
}

// TestUnloadLater: a process that is to be unloaded and gets something to do at the same moment is unloaded when it has been idle again.
func TestUnloadLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		heard, looks := make(chan error), make(chan struct{})
		at := time.Now().Add(time.Hour).UnixNano()
		w := workerFunc(func(ctx context.Context, t *Task) error {
			t.Poll()
			for {
				if err := t.Commit(ctx, &exchange.Batch{Idle: true, Wake: at}, text("x")); err != nil {
					return err
				}
				<-looks
				select {
				case <-t.Changed():
				case <-ctx.Done():
					return nil
				}
				_, err := t.Poll()
				if heard <- err; err != nil {
					return err
				}
			}
		})
		e, _, stop := begin(t, newMemStore(), 0, Options{}, w, 1)
		synctest.Wait()
		e.mu.Lock()
		e.idle.unload(e.idle.first)
		e.stir(0)
		e.mu.Unlock()
		close(looks)
		if err := <-heard; err != nil {
			t.Errorf("it was told %v before it was told that it is due", err)
		}
		select {
		case err := <-heard:
			if err != ErrUnload {
				t.Error(err)
			}
		case <-time.After(time.Minute):
			t.Error("it stays loaded for ever")
		}
		synctest.Wait()
		if e.mu.Lock(); e.idle.leaving != 0 {
			t.Errorf("%d are taken to be leaving", e.idle.leaving)
		}
		e.mu.Unlock()
		stop()
	})
}

// TestStirForNothing: a process that was stirred and says that there was nothing is idle again, and unloaded; not one that has something to do by its wake time.
func TestStirForNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		unloaded := make(chan time.Time, 1)
		at := time.Now().Add(time.Hour)
		w := workerFunc(func(ctx context.Context, t *Task) error {
			t.Poll()
			if err := t.Commit(ctx, &exchange.Batch{Idle: true, Wake: at.UnixNano()}, text("x")); err != nil {
				return err
			}
			for {
				select {
				case <-t.Changed():
				case <-ctx.Done():
					return nil
				}
				if _, err := t.Poll(); err != nil {
					unloaded <- time.Now()
					return err
				}
				t.Rest()
			}
		})
		e, _, stop := begin(t, newMemStore(), 0, Options{IdleAfter: time.Minute}, w, 1)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		e.Stir()
		stirred := time.Now()
		select {
		case when := <-unloaded:
			if d := when.Sub(stirred); d < time.Minute || d > 62*time.Second {
				t.Errorf("unloaded after %v", d)
			}
		case <-time.After(10 * time.Minute):
			t.Error("it stays loaded")
		}
		synctest.Wait()
		stop()

		at = time.Now().Add(10 * time.Second)
		_, _, stop = begin(t, newMemStore(), 0, Options{IdleAfter: time.Minute}, w, 1)
		select {
		case <-unloaded:
			t.Error("unloaded while it is due")
		case <-time.After(10 * time.Minute):
		}
		stop()
		select { // it hears of the end
		case <-unloaded:
		default:
		}
	})
}

// TestLastBatchTaken: who waits for the batch that has ended the run hears that it was taken.
func TestLastBatchTaken(t *testing.T) {
	e := &Engine{finished: make(chan struct{})}
	close(e.finished)
	s := &sending{done: make(chan struct{})}
	if err := e.wait(t.Context(), s); err != ErrEnded {
		t.Errorf("not taken: %v", err)
	}
	close(s.done)
	for range 100 {
		if err := e.wait(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
}

// A distantStore takes its time for each request.
type distantStore struct {
	store.Atomic
	latency time.Duration
}

func (s distantStore) Apply(ctx context.Context, changes ...store.Change) error {
	time.Sleep(s.latency)
	return s.Atomic.Apply(ctx, changes...)
}

func (s distantStore) DeleteRecords(ctx context.Context, ids ...string) error {
	time.Sleep(s.latency)
	return s.Atomic.DeleteRecords(ctx, ids...)
}

func (s distantStore) Get(ctx context.Context, id string) (store.Record, error) {
	time.Sleep(s.latency)
	return s.Atomic.Get(ctx, id)
}

func (s distantStore) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (int64, error) {
	time.Sleep(s.latency)
	return s.Atomic.Put(ctx, r, blobs...)
}

func (s distantStore) Delete(ctx context.Context, id string, version int64) error {
	time.Sleep(s.latency)
	return s.Atomic.Delete(ctx, id, version)
}

// TestAway counts the requests that processes cost which are executed elsewhere, and says how long it takes to start them and to wait for their results when each request, of the store or to
// execute a process, takes 5 ms. The clock is a simulated one, which processor time does not advance.
func TestAway(t *testing.T) {
	for _, test := range []struct {
		main  string
		n     int64
		most  time.Duration
		calls int64 // requests for each at most
	}{
		{"fork", 1, 60 * time.Millisecond, 10}, {"fork", 100, time.Second, 1}, {"fork", 1000, 3 * time.Second, 1},
		{"collect", 100, time.Second, 2}, {"collect", 1000, 3 * time.Second, 2}, {"in turn", 20, 2 * time.Second, 5},
	} {
		synctest.Test(t, func(t *testing.T) {
			const latency = 5 * time.Millisecond
			_, v := newMemStore().view(1, 0, false, durable, nil)
			away := distantStore{v, latency}
			invocations := atomic.Int64{}
			w := &awayWorker{simWorker: simWorker{main: simState{Func: test.main, N: []int64{test.n}}, now: time.Now}, store: away}
			w.step = func(k *Ticket, step func() (*Outcome, error)) (*Outcome, error) {
				invocations.Add(1)
				time.Sleep(latency)
				return step()
			}
			began := time.Now()
			b := behind.New(away)
			e, err := Open(t.Context(), Options{Store: b, Run: "r", PollAfter: time.Minute, PauseAfter: 100 * time.Millisecond, SyncAfter: 100 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			e.Attach(w, 1001)
			exit, err := e.Run(t.Context())
			if err != nil || exit.Status != 0 {
				t.Fatal(exit, err)
			}
			requests, took := v.requests(), time.Since(began)
			if err := e.Delete(t.Context()); err != nil {
				t.Error(err)
			}
			b.Close()
			if left := len(v.m.records) + len(v.m.blobs); left > 0 || int64(v.total-requests) > 20+test.n {
				t.Errorf("%d requests to delete all, %d records and blobs are left", v.total-requests, left)
			}
			t.Logf("%s, %d processes: %d requests of the store, %d invocations, %v", test.main, test.n, requests, invocations.Load(), took)
			if k := invocations.Load(); k < test.n || k > 2*test.n || test.main == "fork" && k > test.n {
				t.Errorf("%d invocations for %d processes", k, test.n)
			}
			if int64(requests) > test.calls*test.n {
				t.Errorf("%d requests for %d processes", requests, test.n)
			}
			if took > test.most {
				t.Errorf("it took %v, more than %v", took, test.most)
			}
		})
	}
}

func init() {
	simFuncs["fork"] = simFork
	simFuncs["forked"] = simForked
	simFuncs["collect"] = simCollect
	simFuncs["in turn"] = simInTurn
	simFuncs["sender"] = simSender
}

// simCollect starts N[0] processes, and receives their results, one after the other.
func simCollect(s *simState, c *simCall, y *exchange.Reply) {
	if s.PC == 0 {
		s.Refs = []exchange.ObjectID{c.channel(0)}
		for i := range s.N[0] {
			c.spawn("sender", []int64{i}, s.Refs[0])
		}
	}
	if s.PC++; int64(s.PC) > s.N[0] {
		c.quit()
		return
	}
	c.recv(s.Refs[0])
}

// simInTurn starts N[0] processes, each when it has the result of the one before.
func simInTurn(s *simState, c *simCall, y *exchange.Reply) {
	if s.PC++; int64(s.PC) > s.N[0] {
		c.quit()
		return
	}
	ch := c.channel(1)
	c.spawn("sender", []int64{int64(s.PC)}, ch)
	c.recv(ch)
}

func simSender(s *simState, c *simCall, y *exchange.Reply) {
	if s.PC == 1 {
		s.Done = true
		return
	}
	s.PC = 1
	c.send(s.Refs[0], intValue(s.N[0]))
}

// simFork starts N[0] processes, and waits for their results.
func simFork(s *simState, c *simCall, y *exchange.Reply) {
	if s.PC == 1 {
		if len(y.Stores) != int(s.N[0]) {
			panic(fmt.Sprint(len(y.Stores), " results"))
		}
		c.quit()
		return
	}
	wg := c.share(exchange.Share{Kind: exchange.KindWaitGroup, Count: s.N[0]})
	results := c.share(exchange.Share{Kind: exchange.KindRegion})
	for i := range s.N[0] {
		c.spawn("forked", []int64{i}, wg, results)
	}
	s.PC = 1
	c.block(exchange.Op{Kind: exchange.OpWait, Object: wg})
}

func simForked(s *simState, c *simCall, y *exchange.Reply) {
	c.do(exchange.Op{Kind: exchange.OpPatch, Object: s.Refs[1], Offset: uint32(s.N[0]), Value: intValue(s.N[0])})
	c.do(exchange.Op{Kind: exchange.OpAdd, Object: s.Refs[0], N: -1})
	s.Done = true
}
