package lambdahost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harkgen/harkgen/internal/awsemu/emutest"
	"github.com/harkgen/harkgen/rt/store"
)

// TestCrashes cuts an invocation off from all services after its k-th request, in both ways: the k-th
// itself is refused, or takes effect. Whatever k is, the run ends as it should once the services are back.
func TestCrashes(t *testing.T) {
	for _, lose := range []bool{false, true} {
		t.Run(fmt.Sprint("lose=", lose), func(t *testing.T) {
			t.Parallel()
			for k := 1; ; k++ {
				c := &crashing{tested: newFunction(t), k: k, lose: lose}
				r, died := c.run("sleep", "1h", "40000")
				if !died {
					break
				}
				if r != nil && (r.Exit != 3 || r.Step != 4) {
					t.Errorf("k=%d: %+v", k, r)
				}
			}
		})
	}
}

// TestSpreadCrashes does the same to a coordinator, and to the steps that it has under way.
func TestSpreadCrashes(t *testing.T) {
	for _, lose := range []bool{false, true} {
		t.Run(fmt.Sprint("lose=", lose), func(t *testing.T) {
			t.Parallel()
			for k := 1; ; k++ {
				c := &crashing{tested: newCrowd(t), k: k, lose: lose}
				c.margin = func(time.Duration) time.Duration { return 200 * time.Millisecond }
				r, died := c.run("crowd", "3", "1", "1h")
				c.settleSteps()
				if !died {
					t.Logf("%d requests", k-1)
					break
				}
				if r != nil {
					c.wantCrowdAtLeast(3)
				}
				if r != nil && r.Exit != 0 || t.Failed() {
					t.Fatalf("k=%d: %+v", k, r)
				}
			}
		})
	}
}

// A crashing is a function that is cut off from all services.
type crashing struct {
	*tested
	k    int
	lose bool

	mu     sync.Mutex
	n      int                // requests while cut
	cut    bool               // or about to be
	cancel context.CancelFunc // of the invocation that is under way
}

func (c *crashing) misfortune(string) emutest.Fault {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.cut {
		return emutest.Fault{}
	}
	switch c.n++; {
	case c.n < c.k:
		return emutest.Fault{}
	case c.n == c.k && c.lose:
		return emutest.Fault{Lose: true}
	}
	c.cancel()
	c.fns.kill()
	return emutest.Fault{Status: 500}
}

// beset calls f, which invokes the function, while services may fail.
func (c *crashing) beset(f func(ctx context.Context)) {
	ctx, cancel := context.WithCancel(c.t.Context())
	defer cancel()
	c.mu.Lock()
	c.cut, c.cancel = true, cancel
	c.mu.Unlock()
	f(ctx)
	c.settleSteps()
	c.mu.Lock()
	c.cut = false
	c.mu.Unlock()
}

// settleSteps waits until no step is under way.
func (c *crashing) settleSteps() {
	for c.fns.busy() {
		time.Sleep(time.Millisecond)
	}
}

// run starts a run and wakes it until it has ended; what befalls the start and the first wake-up is said above. It reports whether anything did. The record is nil
// if the run has never begun, as whoever wanted to start it knows.
func (c *crashing) run(args ...string) (r *store.Run, died bool) {
	c.t.Helper()
	c.aws.SetFault(c.misfortune)
	var startErr error
	c.beset(func(ctx context.Context) {
		_, startErr = c.invokeIn(ctx, StartEvent{Run: "r", Args: args}, 60*time.Second)
	})
	var pending []emutest.Message
	for i := range 10 {
		pending = append(pending, c.aws.Receive()...)
		r, _, err := c.get(c.t.Context(), "r")
		switch {
		case errors.Is(err, store.ErrNotFound) && startErr != nil:
			return nil, true
		case err != nil:
			c.t.Fatalf("k=%d: %v", c.k, err)
		case r.State == store.Done:
			return r, c.n >= c.k
		case len(pending) == 0:
			c.t.Fatalf("k=%d: nobody will wake the run: %+v", c.k, r)
		}
		c.elapse("r")
		var failed []string
		deliver := func(ctx context.Context) { failed = c.deliverIn(ctx, 60*time.Second, pending...) }
		if i == 0 {
			c.beset(deliver)
		} else {
			deliver(c.t.Context())
		}
		pending = slices.DeleteFunc(pending, func(m emutest.Message) bool { return !slices.Contains(failed, m.ID) })
	}
	c.t.Fatalf("k=%d: the run has not ended; stderr %s", c.k, c.err.String())
	return nil, true
}

// A wary store checks before each blob that the record of the run says that there may be some.
type wary struct {
	store.Atomic
	t     *testing.T
	run   string
	blobs atomic.Int32
}

func (s *wary) check(ctx context.Context, n int) {
	if n == 0 {
		return
	}
	s.blobs.Add(int32(n))
	rec, err := s.Get(ctx, s.run)
	if err != nil {
		s.t.Error(err)
		return
	}
	if run, err := store.DecodeRun(rec); err != nil || run.Bare {
		s.t.Errorf("a blob is stored, and the record says that there are none; %v", err)
	}
}

func (s *wary) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (int64, error) {
	s.check(ctx, len(blobs))
	return s.Atomic.Put(ctx, r, blobs...)
}

func (s *wary) PutBlob(ctx context.Context, b store.Blob) error {
	s.check(ctx, 1)
	return s.Atomic.PutBlob(ctx, b)
}

// TestBare: nothing is looked for when a run has ended that never had more than its record, and others say so before they have.
func TestBare(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	count := func() int { return l.aws.Count("dynamodb.Query") + l.aws.Count("s3.GET") }
	before := count()
	if res := l.start(20*time.Second, "r", "exit", "0", "hello"); res.State != "done" {
		t.Errorf("%+v", res)
	}
	if n := count() - before; n > 0 || !l.record("r").Bare {
		t.Errorf("%d lists, record %+v", n, l.record("r"))
	}
	if err := l.clock.Advance(abandoned + time.Minute); err != nil {
		t.Fatal(err)
	}
	if res, err := l.sweep(t.Context()); err != nil || res.Cleaned != 0 {
		t.Errorf("%+v, %v", res, err)
	}
	w := &wary{Atomic: l.store, t: t, run: "large"}
	l.store = w
	if res := l.start(20*time.Second, "large", "large", "100000"); res.State != "waiting" || l.record("large").Bare || w.blobs.Load() == 0 {
		t.Errorf("%+v, %d blobs", res, w.blobs.Load())
	}
}
