package engine

import (
	"context"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
)

// This file has two engines on one run, where there should be one.

// A terminal shows outputs, each once.
type terminal struct {
	mu  sync.Mutex
	seq uint64
	b   strings.Builder
}

func (o *terminal) show(outs []exchange.Output) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, out := range outs {
		if out.Seq == o.seq+1 {
			o.seq++
			o.b.Write(out.Data)
		}
	}
	return nil
}

// small has a checkpoint every few entries.
var small = size{ring: 16, checkpoint: 500}

func openSmall(t *testing.T, m *memStore, epoch int, show func([]exchange.Output) error, main simState) (*Engine, *view) {
	s, v := m.view(1, epoch, false, ordered, nil)
	e, err := open(t.Context(), Options{Store: s, Run: "r", Show: show}, small)
	if err != nil {
		t.Fatal(err)
	}
	e.Attach(&simWorker{main: main, now: time.Now}, 3)
	return e, v
}

// TestTwoEngines: both execute the run to its end, with the results of one.
func TestTwoEngines(t *testing.T) {
	for _, prog := range programs(1) {
		synctest.Test(t, func(t *testing.T) {
			var out terminal
			m := newMemStore()
			a, _ := openSmall(t, m, 0, out.show, prog.main)
			b, _ := openSmall(t, m, 1, out.show, prog.main)
			var done sync.WaitGroup
			for _, e := range []*Engine{a, b} {
				done.Go(func() {
					exit, err := e.Run(t.Context())
					if err == nil {
						err = prog.wrong(exit, out.b.String())
					}
					if err != nil {
						t.Errorf("%s: %v", prog.name, err)
					}
				})
			}
			done.Wait()
		})
	}
}

// TestSleptEngine: an engine stops in the middle, while another goes on through many rounds of the log to the end of the run. When the first goes on, it puts
// nothing, but for a checkpoint of what it has read, and sees how the run has ended.
func TestSleptEngine(t *testing.T) {
	main := simState{Func: "pingpong", N: []int64{300}}
	for stop := 1; stop < 40; stop += 3 { // operations of the store
		synctest.Test(t, func(t *testing.T) {
			var out terminal
			m := newMemStore()
			gate := make(chan struct{})
			a, v := openSmall(t, m, 0, out.show, main)
			v.mu.Lock()
			v.stopAt, v.gate = v.total+stop, gate
			v.mu.Unlock()
			type end struct {
				exit *exchange.Exit
				err  error
			}
			ended := make(chan end, 1)
			go func() {
				exit, err := a.Run(context.Background())
				ended <- end{exit, err}
			}()
			time.Sleep(time.Minute)
			b, _ := openSmall(t, m, 1, out.show, main)
			if next := b.fold.next; next > uint64(stop) {
				t.Fatalf("the first engine did not stop: %d entries", next)
			}
			exit, err := b.Run(t.Context())
			if err != nil || exit.Text != "" || b.fold.next < 10*small.ring {
				t.Fatal(exit, err, b.fold.next)
			}
			before := maps.Clone(m.records)
			close(gate)
			if e := <-ended; e.err != nil || e.exit == nil || e.exit.Text != "" {
				t.Errorf("the engine that has slept: %+v, %v", e.exit, e.err)
			}
			for id, r := range m.records {
				if old := before[id]; old.Version != r.Version && id != checkpointID("r") && !strings.HasPrefix(id, "r/p/") { // the record of a process that has ended does no harm: rule sweep
					t.Errorf("it has put %s: version %d, not %d", id, r.Version, old.Version)
				}
			}
			if got := out.b.String(); got != "pong 300\n" {
				t.Errorf("printed %q", got)
			}
		})
	}
}
