package lambdahost

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
)

// ask invokes the function with a request.
func (l *tested) ask(r request, answer any) error {
	l.t.Helper()
	out, err := l.invoke(own(r), 60*time.Second)
	if err != nil || answer == nil {
		return err
	}
	return json.Unmarshal([]byte(out), answer)
}

func (l *tested) mustAsk(r request, answer any) {
	l.t.Helper()
	if err := l.ask(r, answer); err != nil {
		l.t.Fatal(err)
	}
}

// TestInspect describes a run of several processes, also by way of another version.
func TestInspect(t *testing.T) {
	t.Parallel()
	l := newCrowd(t)
	if res := l.start(60*time.Second, "r", "crowd", "2", "1", "1h"); res.State != "waiting" {
		t.Fatalf("%+v", res)
	}
	all := request{Inspect: &InspectEvent{Run: "r", Most: 10}}
	one := request{Inspect: &InspectEvent{Run: "r", Process: new(uint32), How: local.InspectOptions{Goroutines: 10}}}
	*one.Inspect.Process = 1
	for _, version := range []string{"3", "4"} {
		if version == "4" {
			old := *l.host
			l.fns.hosts["3"] = &old
			l.version, l.build = "4", buildName("4", "bbbb")
		}
		var a Inspected
		l.mustAsk(all, &a)
		if a.Spread == nil || len(a.Spread.Processes) != 3 || a.Run.State != store.Waiting {
			t.Errorf("version %s: %+v, %+v", version, a.Spread, a.Run)
		}
		a = Inspected{}
		l.mustAsk(one, &a)
		if a.Memory == nil || len(a.Memory.Goroutines) != 1 || a.Memory.Goroutines[0].Op != "sleep" {
			t.Errorf("version %s: %+v", version, a.Memory)
		}
	}
	delete(l.fns.hosts, "3")
	if err := l.ask(all, nil); err == nil || !strings.Contains(err.Error(), "does not exist any more") {
		t.Errorf("of a version that is gone: %v", err)
	}
}

func TestInspectOne(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	if err := l.ask(request{Inspect: &InspectEvent{Run: "nobody"}}, nil); err == nil {
		t.Error("a run that does not exist was described")
	}
}

// TestCancel ends runs that wait, and one that is being executed.
func TestCancel(t *testing.T) {
	t.Parallel()
	for _, spread := range []bool{false, true} {
		l := newFunction(t)
		args := []string{"sleep", "1h", "40000"}
		if l.spread = spread; spread {
			args = []string{"crowd", "2", "1", "1h"}
		}
		l.start(60*time.Second, "r", args...)
		var res Result
		l.mustAsk(request{Cancel: &CancelEvent{"r"}}, &res)
		if res.State != "done" || res.Signal != Canceled || res.Status != -1 {
			t.Errorf("%+v", res)
		}
		before := l.out.String()
		l.elapse("r")
		l.deliver(20*time.Second, l.aws.Receive()...)
		if l.out.String() != before {
			t.Error("it was executed afterwards")
		}
		if rs, _, err := l.store.List(t.Context(), "", "", 10); err != nil || len(rs) != 1 || len(l.aws.Objects()) > 0 {
			t.Errorf("%v; left are %d records, %q", err, len(rs), l.aws.Objects())
		}
		var again Result
		if l.mustAsk(request{Cancel: &CancelEvent{"r"}}, &again); again != res {
			t.Errorf("again: %+v", again)
		}
	}
}

// TestCancelRunning: whoever executes the run notices.
func TestCancelRunning(t *testing.T) {
	t.Parallel()
	l := newCrowd(t)
	done := make(chan string)
	go func() {
		out, err := l.Invoke(t.Context(), []byte(`{"run":"r","args":["crowd","2","100000","10ms"]}`))
		done <- fmt.Sprint(string(out), err)
	}()
	for !l.fns.busy() {
		time.Sleep(time.Millisecond)
	}
	env := *l.host // another environment
	if _, err := env.cancel(t.Context(), &CancelEvent{"r"}); err != nil {
		t.Fatal(err)
	}
	if out := <-done; !strings.Contains(out, Canceled) {
		t.Error(out)
	}
	if r := l.record("r"); r.Signal != Canceled {
		t.Errorf("%+v", r)
	}
}

// TestSweep wakes a run whose wake-up was lost, and one whose invocation was, and no others.
func TestSweep(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	for _, run := range []string{"lost", "waits", "ended", "dead", "busy"} {
		args := []string{"sleep", "1h"}
		if run == "ended" {
			args = []string{"exit", "0", "x"}
		}
		l.start(20*time.Second, run, args...)
	}
	l.aws.Receive()
	l.change("lost", func(r *store.Run) { r.Wake = l.clock.Now().Add(-time.Hour) })
	l.change("dead", func(r *store.Run) { r.State, r.Wake = store.Running, time.Now().Add(-time.Hour) })
	l.change("busy", func(r *store.Run) { r.State, r.Wake = store.Running, time.Now().Add(time.Minute) })
	l.change("ended", func(r *store.Run) { r.Updated, r.Bare = l.clock.Now().Add(-time.Hour), false })
	if err := l.store.PutBlob(t.Context(), store.NewBlob("ended", []byte("left behind"))); err != nil {
		t.Fatal(err)
	}
	if _, err := l.store.Put(t.Context(), store.Record{ID: "waits/c", Data: []byte("part of a run that lives")}); err != nil {
		t.Fatal(err)
	}
	var res Swept
	if l.mustAsk(request{Sweep: &SweepEvent{}}, &res); res != (Swept{Woken: 2, Cleaned: 1}) {
		t.Errorf("%+v", res)
	}
	bodies := map[string]bool{}
	for _, m := range l.aws.Receive() {
		bodies[m.Body] = true
	}
	if len(bodies) != 2 || !bodies[`{"run":"lost","step":1}`] || !bodies[`{"run":"dead","step":1}`] {
		t.Errorf("messages %v", bodies)
	}
	if names, _, err := l.store.Blobs(t.Context(), "ended", "", 10); len(names) > 0 || err != nil {
		t.Errorf("left are %q, %v", names, err)
	}
	if _, err := l.store.Get(t.Context(), "waits/c"); err != nil {
		t.Error(err)
	}
}

// TestRetention: the record of a run that is done expires.
func TestRetention(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	l.retention = 24 * time.Hour
	s := &expiring{l.store, map[string]time.Time{}}
	l.store = s
	l.start(20*time.Second, "done", "exit", "0", "x")
	l.start(20*time.Second, "waits", "sleep", "1h")
	for run, want := range map[string]bool{"done": true, "waits": false} {
		at, ok := s.expires[run]
		if left := at.Sub(l.clock.Now()); ok != want || ok && (left > l.retention || left < l.retention-time.Minute) {
			t.Errorf("run %s expires: %v, in %v", run, ok, left)
		}
	}
}

// An expiring store notes what expires.
type expiring struct {
	store.Atomic
	expires map[string]time.Time
}

func (s *expiring) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (int64, error) {
	if !r.Expires.IsZero() {
		s.expires[r.ID] = r.Expires
	}
	return s.Atomic.Put(ctx, r, blobs...)
}

func TestInput(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	text := strings.Repeat("line\n", 50_000)
	for _, payload := range []string{`{"run":"a","args":["cat"],"input":%q}`, `{"hark":{"start":{"run":"b","args":["cat"],"input":%q}}}`} {
		out, err := l.invoke(json.RawMessage(fmt.Sprintf(payload, text)), 20*time.Second)
		if err != nil || !strings.Contains(out, `"done"`) {
			t.Errorf("%s %v", out, err)
		}
	}
	l.wantOut(text + text)
	if ms, err := l.store.Messages(t.Context(), "a", store.Key{}, 10); len(ms) > 0 || err != nil {
		t.Errorf("%d messages are left, %v", len(ms), err)
	}
}
