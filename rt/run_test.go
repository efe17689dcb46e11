package rt_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt"
)

func exitGoroutine() { runtime.Goexit() }

func init() {
	rt.RegisterVar("rt_test.out", &out)
	rt.RegisterClosure[counter__e]("rt_test.counter", (*counter__e)(nil).fn)
}

// A savedStep is a step with the bytes of its snapshot.
type savedStep struct {
	rt.Step
	snapshot []byte
}

// memHost keeps the last commit in memory.
type memHost struct {
	start   rt.Start
	from    []byte // snapshot to start from
	wanted  chan struct{}
	commits []savedStep
	verdict rt.Verdict // of idle commits
	fail    int        // commits whose snapshot cannot be written
}

func (h *memHost) Load(context.Context) (*rt.Start, error) {
	if h.from != nil {
		h.start.Snapshot, h.start.Size = bytes.NewReader(h.from), int64(len(h.from))
	}
	return &h.start, nil
}

func (h *memHost) Commit(_ context.Context, s *rt.Step) (rt.Verdict, error) {
	if h.fail--; h.fail >= 0 {
		return rt.Continue, errors.New("half written")
	}
	var b bytes.Buffer
	if _, err := s.Snapshot.WriteTo(&b); err != nil {
		return rt.Continue, err
	}
	h.commits = append(h.commits, savedStep{*s, b.Bytes()})
	if s.Reason == "idle" {
		return h.verdict, nil
	}
	return rt.Continue, nil
}

func (h *memHost) Wanted() <-chan struct{} { return h.wanted }
func (h *memHost) Alive() <-chan struct{}  { return nil }
func (h *memHost) Goroutines() int         { return runtime.NumGoroutine() - 1 }

// a restarter is a host that knows whether the program goes on from a snapshot.
type restarter interface {
	rt.Host
	restarts() bool
}

func (h *memHost) restarts() bool { return h.from != nil }

func run(t *testing.T, main rt.Thunk, h restarter) int {
	t.Helper()
	if !h.restarts() {
		out = nil
	}
	done := make(chan int, 1)
	go func() { done <- rt.Run(&rt.Program{Name: "test", Main: main}, h) }()
	select {
	case s := <-done:
		return s
	case <-time.After(60 * time.Second):
		buf := make([]byte, 1<<20)
		t.Fatalf("hangs; out %q\n%s", out, buf[:runtime.Stack(buf, true)])
		return 0
	}
}

func TestPlain(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			if s := run(t, p.main, &memHost{}); s != 0 {
				t.Errorf("status %d", s)
			}
			if !slices.Equal(out, p.want) {
				t.Errorf("out %q, want %q", out, p.want)
			}
			if n := rt.Leftover(); n != 0 {
				t.Errorf("%d waiters left", n)
			}
		})
	}
}

func TestChaosInProc(t *testing.T) {
	for _, n := range []int{1, 2, 7} {
		for _, p := range programs {
			t.Run(p.name, func(t *testing.T) {
				h := &memHost{start: rt.Start{Chaos: n, InProc: true}}
				if s := run(t, p.main, h); s != 0 {
					t.Errorf("status %d", s)
				}
				if !slices.Equal(out, p.want) {
					t.Errorf("chaos %d: out %q, want %q", n, out, p.want)
				}
				if n == 1 && len(h.commits) == 0 {
					t.Errorf("no commits")
				}
				t.Logf("chaos %d: %d commits", n, len(h.commits))
			})
		}
	}
}

// TestFailedCommit: a commit that fails half way is made later; nothing has happened.
func TestFailedCommit(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			h := &memHost{start: rt.Start{Chaos: 1}, fail: 2}
			if s := run(t, p.main, h); s != 0 {
				t.Errorf("status %d", s)
			}
			if p.name != "fifo" && !slices.Equal(out, p.want) {
				t.Errorf("out %q, want %q", out, p.want)
			}
			if h.fail == 2 {
				t.Error("no commits")
			}
		})
	}
}

// TestChaosInMemory stops and resumes from memory, without package snap's help.
func TestChaosInMemory(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			h := &memHost{start: rt.Start{Chaos: 1}}
			if s := run(t, p.main, h); s != 0 {
				t.Errorf("status %d", s)
			}
			if !slices.Equal(out, p.want) {
				t.Errorf("out %q, want %q", out, p.want)
			}
		})
	}
}

// TestWantedFlood commits as often as it can, at moments of its own choice.
func TestWantedFlood(t *testing.T) {
	defer rt.SetCommitWanted(rt.SetCommitWanted(0))
	total := 0
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			h := &memHost{wanted: make(chan struct{}, 1)}
			done := make(chan struct{})
			defer close(done)
			go func() {
				for {
					select {
					case h.wanted <- struct{}{}:
					case <-done:
						return
					}
				}
			}()
			if s := run(t, p.main, h); s != 0 {
				t.Errorf("status %d", s)
			}
			if p.name == "fifo" { // a stop that is called off costs some their place
				return
			}
			if !slices.Equal(out, p.want) {
				t.Errorf("out %q, want %q", out, p.want)
			}
			total += len(h.commits)
			if len(h.commits) == 0 || p.name == "timeout" { // from an old commit both of its deadlines have passed
				return
			}
			// Any commit is a state from which the program ends the same.
			for _, i := range []int{0, len(h.commits) / 2, len(h.commits) - 1} {
				again := &memHost{from: h.commits[i].snapshot}
				if s := run(t, p.main, again); s != 0 {
					t.Errorf("from commit %d: status %d", i, s)
				}
				if !slices.Equal(out, p.want) {
					t.Errorf("from commit %d of %d: out %q, want %q", i, len(h.commits), out, p.want)
				}
			}
		})
	}
	t.Logf("%d commits", total)
}
