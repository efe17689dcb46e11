package engine

import (
	"context"
	"errors"
	"flag"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pages"
)

// This file executes the simulated programs while everything fails that may fail: the engine and its machine crash before and after operations of
// the store, answers get lost, operations take long, workers die and come back, batches and wake-ups are repeated late and out of order, clocks
// jump, and two engines execute one run. The output must be that of a run without faults.
//
// What fails follows from the seed and from what is done, not from the order in which goroutines happen to run: a seed that fails once fails
// again nearly always.

var (
	seedFlag  = flag.Uint64("seed", 0, "execute this seed of the fault tests, and the -seeds after it")
	seedsFlag = flag.Uint64("seeds", 0, "number of seeds of the fault tests")
)

// A simulation is a run that is executed in spite of faults.
type simulation struct {
	t    *testing.T
	seed uint64
	prog simProgram
	m    *memStore

	rand *rand.Rand // of the goroutine of the test

	mu      sync.Mutex
	shown   []exchange.Output
	jump    time.Duration // of the clock
	batches []sentBatch   // in this life of the machine
	engines []*simEngine
	crashes int
	visits  int // commits that workers have begun
	exit    *exchange.Exit
}

// A sentBatch has been given to an engine.
type sentBatch struct {
	to   *Engine
	data []byte
}

// A simEngine is an engine in one of its lives.
type simEngine struct {
	e      *Engine
	v      *view
	store  store.Store
	cancel context.CancelFunc
	done   chan struct{}
	err    error
	detach []func()
}

func TestFaults(t *testing.T) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 15
	}
	first := uint64(1)
	if *seedFlag != 0 {
		first, seeds = *seedFlag, 1
	}
	if *seedsFlag != 0 {
		seeds = *seedsFlag
	}
	crashes := 0
	for seed := first; seed < first+seeds && !t.Failed(); seed++ {
		for _, prog := range programs(seed) {
			synctest.Test(t, func(t *testing.T) {
				s := &simulation{t: t, seed: hash(seed, prog.name), prog: prog, m: newMemStore()}
				s.rand = rand.New(rand.NewPCG(s.seed, 0))
				s.run()
				crashes += s.crashes
				if t.Failed() {
					t.Logf("program %s, kind %d; repeat with: go test ./rt/engine -run TestFaults -seed %d", prog.name, kinds[s.seed/23%3], seed)
				}
			})
		}
	}
	t.Logf("%d seeds, %d crashes", seeds, crashes)
}

// run lets engines live and die until the run has ended.
func (s *simulation) run() {
	two := s.seed%3 == 0
	k := kinds[s.seed/23%3]
	for life := 0; s.exit == nil && !s.t.Failed(); life++ {
		if life > 300 {
			s.t.Fatalf("the run does not end: after %d lives, printed %q", life, s.printed())
		}
		n := 1
		if two {
			n = 2
		}
		s.engines = nil
		for i := range n {
			s.start(life, i, k)
		}
		s.disturb()
		s.reap(k)
	}
	if s.t.Failed() {
		return
	}
	if err := s.prog.wrong(s.exit, s.printed()); err != nil {
		s.t.Error(err)
	}
	time.Sleep(20 * time.Second) // workers that were away come back
	view, _ := s.m.view(s.seed, 1<<20, false, ordered, nil)
	for range 2 {
		if err := Delete(context.Background(), view, "r"); err != nil {
			s.t.Error(err)
		}
	}
	if len(s.m.records) > 0 || len(s.m.blobs) > 0 {
		s.t.Errorf("%d records and %d blobs are left", len(s.m.records), len(s.m.blobs))
	}
}

func (s *simulation) printed() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, o := range s.shown {
		b.Write(o.Data)
	}
	return b.String()
}

// show is the terminal of all engines. What was shown once must be the same the next time.
func (s *simulation) show(outs []exchange.Output) error {
	if h := hash(s.seed, "show", outs[0].Seq, s.crashes); h%3 == 0 {
		time.Sleep(time.Duration(h / 3 % 200 * uint64(time.Millisecond)))
		if h/3%2 == 0 {
			return errKilled // before it was shown
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range outs {
		switch n := uint64(len(s.shown)); {
		case o.Seq == n+1:
			s.shown = append(s.shown, o)
		case o.Seq > n+1:
			s.t.Errorf("output %d after %d", o.Seq, n)
		case string(s.shown[o.Seq-1].Data) != string(o.Data):
			s.t.Errorf("output %d was %q, is %q", o.Seq, s.shown[o.Seq-1].Data, o.Data)
		}
	}
	return nil
}

func (s *simulation) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.jump)
}

// start begins a life of engine i.
func (s *simulation) start(life, i int, k kind) {
	ctx, cancel := context.WithCancel(context.Background())
	en := &simEngine{cancel: cancel, done: make(chan struct{})}
	faults := life < 40 // then let it come to an end
	st, v := s.m.view(s.seed, life*2+i, faults, k, cancel)
	en.v, en.store = v, st
	s.engines = append(s.engines, en)
	go func() {
		defer close(en.done)
		size := normalSize
		if s.seed/5%3 > 0 { // many checkpoints
			size.ring, size.checkpoint = 8+s.seed/15%8, 100
		}
		o := Options{Store: st, Run: "r", Show: s.show, IdleAfter: time.Duration(1+s.seed%400) * time.Millisecond, Now: s.now}
		if s.seed/19%3 == 0 {
			o.PauseAfter = time.Duration(1+s.seed%50) * time.Millisecond
		}
		e, err := open(ctx, o, size)
		if err != nil {
			en.err = err
			return
		}
		s.mu.Lock()
		en.e = e
		s.mu.Unlock()
		for range 1 + s.seed%3 {
			s.attach(en)
		}
		exit, err := e.Run(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		if en.err = err; err == nil {
			s.exit = exit
		}
	}()
}

func (s *simulation) attach(en *simEngine) {
	slots := 1 + int(s.seed/7%5)
	w := &simWorker{main: s.prog.main, now: s.now}
	w.hook = func(t Activation, b *exchange.Batch) error {
		s.mu.Lock()
		s.visits++
		n := s.visits
		s.mu.Unlock()
		switch h := hash(s.seed, "worker", n); h % 40 {
		case 0: // it is away for a while
			time.Sleep(time.Duration(h/40%8000) * time.Millisecond)
		case 1:
			return errors.New("the worker has died")
		}
		return nil
	}
	w.after = func(t Activation, b *exchange.Batch) {
		data := b.Append(nil)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.batches = append(s.batches, sentBatch{en.e, data})
		if s.seed/13%4 > 0 {
			return
		}
		for range 2 { // every batch comes twice more, later than others, or after its process has ended
			h := hash(s.seed, "again", s.visits, len(s.batches))
			time.AfterFunc(time.Duration(h%2000)*time.Millisecond, func() { s.sendAgain(en.e, data) })
		}
	}
	var worker Worker = w
	if s.seed/17%2 == 0 {
		worker = &awayWorker{simWorker: *w, store: en.v.elsewhere(en.store), step: func(k *Ticket, step func() (*Outcome, error)) (*Outcome, error) {
			o, err := step()
			s.mu.Lock()
			n := s.visits
			s.mu.Unlock()
			if hash(s.seed, "answer", n)%30 == 0 {
				return nil, errors.New("the worker has died: its answer was lost")
			}
			return o, err
		}}
	}
	detach := en.e.Attach(worker, slots)
	s.mu.Lock()
	defer s.mu.Unlock()
	en.detach = append(en.detach, detach)
}

// disturb makes trouble until the first engine is gone.
func (s *simulation) disturb() {
	for began := time.Now(); ; {
		if time.Since(began) > 2*time.Minute {
			s.t.Errorf("nothing goes on; printed %q", s.printed())
			return
		}
		select {
		case <-s.engines[0].done:
			return
		case <-time.After(time.Duration(s.rand.IntN(60_000)) * time.Microsecond):
		}
		en := s.engines[s.rand.IntN(len(s.engines))]
		s.mu.Lock()
		e := en.e
		s.mu.Unlock()
		if e == nil {
			continue
		}
		switch s.rand.IntN(7) {
		case 0: // a worker dies, or seems to; another comes
			s.mu.Lock()
			var detach func()
			if n := len(en.detach); n > 0 {
				detach = en.detach[0]
				en.detach = en.detach[1:]
			}
			s.mu.Unlock()
			if detach != nil {
				detach()
				s.attach(en)
			}
		case 1: // a batch comes again
			s.mu.Lock()
			var b sentBatch
			if n := len(s.batches); n > 0 {
				b = s.batches[s.rand.IntN(n)]
			}
			s.mu.Unlock()
			if b.data != nil && en.v.kind == writtenBehind { // it may not have left the memory of that engine
				e = b.to
			}
			if b.data != nil {
				s.sendAgain(e, b.data)
			}
		case 2: // a wake-up for nothing; not always, as it would make up for one that was lost
			if s.seed/11%3 > 0 {
				continue
			}
			e.mu.Lock()
			e.stir(exchange.ProcessID(s.rand.IntN(10)))
			e.dispatch()
			e.mu.Unlock()
		case 3:
			s.mu.Lock()
			s.jump += time.Duration(s.rand.IntN(4000)-2000) * time.Millisecond
			s.mu.Unlock()
		case 4:
			if s.rand.IntN(10) == 0 {
				e.Drain()
			}
		}
	}
}

// sendAgain brings a batch to an engine that it may have come to before, in this life of the machine: what the machine has lost nobody has been sent.
func (s *simulation) sendAgain(e *Engine, data []byte) {
	b, err := exchange.DecodeBatch(data)
	if err != nil {
		s.t.Error(err)
		return
	}
	e.send(b, data, garbage{})
}

// reap ends the lives of all engines; sometimes the machine loses what was not synced.
func (s *simulation) reap(k kind) {
	lost := s.rand.IntN(2) == 0
	for _, en := range s.engines {
		if en != s.engines[0] && !lost && s.rand.IntN(2) == 0 {
			select { // the other may live on for a while
			case <-en.done:
			case <-time.After(time.Duration(s.rand.IntN(5000)) * time.Millisecond):
			}
		}
	}
	for _, en := range s.engines {
		en.v.die()
		en.cancel()
		en.store.Close()
	}
	for _, en := range s.engines {
		<-en.done
		if err := en.err; err != nil && !errors.Is(err, context.Canceled) && !errors.Is(err, errKilled) && !errors.Is(err, ErrPaused) && !errors.Is(err, store.ErrLost) && !errors.Is(err, store.ErrClosed) && !strings.Contains(err.Error(), "the worker has died") {
			s.t.Errorf("engine: %v", err)
		}
	}
	if e := s.engines[0].e; errors.Is(s.engines[0].err, ErrPaused) {
		for wake := e.Wake(); s.now().Before(wake); {
			time.Sleep(wake.Sub(s.now()))
		}
	}
	s.crashes++
	if lost && s.exit == nil {
		if k == ordered {
			s.m.crash(s.rand.IntN(len(s.m.undo) + 1))
		}
		s.batches = nil
	}
	if k == writtenBehind { // its memory is lost with an engine
		s.batches = nil
	}
}

// TestMain makes what package pages shares among all its users: made inside of synctest, others could not use it.
func TestMain(m *testing.M) {
	flag.Parse()
	ctx := context.Background()
	view, _ := newMemStore().view(0, 0, false, ordered, nil)
	set, err := pages.Open(ctx, view, "o", nil)
	if err != nil {
		panic(err)
	}
	d, err := set.Write(ctx, strings.NewReader(strings.Repeat("0123456789", 10_000)))
	if err != nil {
		panic(err)
	}
	for _, b := range d.Blobs {
		if err := view.PutBlob(ctx, b); err != nil {
			panic(err)
		}
	}
	r := pages.NewReader(ctx, view, "o", 1, d.Snapshot)
	if _, err := io.Copy(io.Discard, r); err != nil {
		panic(err)
	}
	r.Close()
	os.Exit(m.Run())
}
