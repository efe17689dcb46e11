package local

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt/store"
)

// testEvents is where the events of a test come from.
type testEvents struct {
	b        *bench
	appended chan struct{}

	mu      sync.Mutex
	answers []string
	listens [][]string
}

func newTestEvents(b *bench) *testEvents {
	return &testEvents{b: b, appended: make(chan struct{}, 1)}
}

func (e *testEvents) Appended() <-chan struct{} { return e.appended }

func (e *testEvents) Respond(id string, data []byte) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.answers = append(e.answers, id+": "+string(data[:min(len(data), 20)]))
	return nil
}

func (e *testEvents) Listen(addrs []string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.listens = append(e.listens, slices.Clone(addrs))
	return nil
}

// post appends an event.
func (e *testEvents) post(run, id, data string) {
	if err := store.AppendEvent(context.Background(), e.b.s, run, id, "kind", []byte(data)); err != nil {
		e.b.t.Error(err)
	}
	select {
	case e.appended <- struct{}{}:
	default:
	}
}

// TestEvents: the event that starts a run and one for which it waits are taken once, though the worker is killed with each of them.
func TestEvents(t *testing.T) {
	b := newBench(t)
	e := newTestEvents(b)
	b.o.Events = e
	large := strings.Repeat("large", 10_000)
	r := b.create("event", "kill:"+filepath.Join(b.dir, "1"), "commit", "event:idle", "kill:"+filepath.Join(b.dir, "2"), "commit", "event", "event", "commit", "say")
	first, err := store.NewEvent(t.Context(), b.s, r.rec.ID, "start", "first", []byte(large))
	if err != nil {
		t.Fatal(err)
	}
	r.rec.Program.Event = &first
	var states []store.State
	b.o.OnCommit = func(rec *store.Run) {
		states = append(states, rec.State)
		if rec.State != store.Waiting {
			return
		}
		if !rec.Wake.IsZero() || rec.Program.Event != nil {
			t.Errorf("wakes at %v, event %v", rec.Wake, rec.Program.Event)
		}
		e.post(rec.ID, "a", "second")
		e.post(rec.ID, "b", "third")
		e.post(rec.ID, "c", "fourth")
	}
	if res := b.execute(r); res.Exit != 0 {
		t.Errorf("exit %d", res.Exit)
	}
	b.want("init\n"+large+"|second|third|fourth\n", "")
	if want := []string{"start: first largelargelarg", "a: kind second", "b: kind third", "c: kind fourth"}; !slices.Equal(e.answers, want) {
		t.Errorf("answers %q, want %q", e.answers, want)
	}
	waiting := slices.DeleteFunc(states, func(s store.State) bool { return s != store.Waiting })
	if len(waiting) != 1 { // while events are there it is told to go on
		t.Errorf("has waited %d times", len(waiting))
	}
	b.wantClean(r)
	if names, _, err := b.s.Blobs(t.Context(), "e:"+r.rec.ID, "", 10); err != nil || names != nil {
		t.Errorf("blobs of events left: %q, %v", names, err)
	}
}

// TestEventsStopped: a supervisor that goes on finds what came meanwhile, what the last step has taken, and where the program is to be reached.
func TestEventsStopped(t *testing.T) {
	b := newBench(t)
	e := newTestEvents(b)
	b.o.Events = e
	r := b.create("tell:listen :1", "tell:listen :2", "commit", "event", "commit", "tell:close :1", "event:idle", "event:idle", "commit", "say")
	ctx, stop := context.WithCancel(t.Context())
	b.o.OnCommit = func(rec *store.Run) {
		switch {
		case rec.Step == 1:
			e.post(rec.ID, "a", "first")
		case rec.State == store.Waiting:
			stop()
		}
	}
	if _, err := r.Execute(ctx, &b.o); !errors.Is(err, ErrStopped) {
		t.Fatalf("error %v", err)
	}
	if want := []string{"a: kind first"}; !slices.Equal(e.answers, want) {
		t.Errorf("answers %q, want %q", e.answers, want)
	}
	e.post(r.rec.ID, "a", "first") // as if it had not been deleted
	e.post(r.rec.ID, "b", "second")
	taken := r.rec.Taken
	r = b.reopen(r)
	r.rec.Taken = append(taken, "a") // or been so by the step before
	b.o.OnCommit = func(rec *store.Run) {
		if rec.State == store.Waiting {
			time.AfterFunc(10*time.Millisecond, func() { e.post(rec.ID, "c", "third") })
		}
	}
	b.execute(r)
	b.want("init\nfirst|second|third\n", "")
	if want := [][]string{{":1", ":2"}, {":2"}, {":2"}}; !slices.EqualFunc(e.listens, want, slices.Equal) {
		t.Errorf("listens %q, want %q", e.listens, want)
	}
}
