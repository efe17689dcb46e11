package lambdahost

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt/engine"
	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
)

// This file tests runs of several processes, with real workers.

func newCrowd(t *testing.T) *tested {
	l := newFunction(t)
	l.spread = true
	return l
}

// settle delivers wake-ups until the run has ended.
func (l *tested) settle(run string, timeout time.Duration) *store.Run {
	l.t.Helper()
	for range 60 {
		if r := l.record(run); ended(r) {
			return r
		}
		for _, m := range l.aws.Receive() {
			if r := l.record(run); r.State == store.Waiting || time.Until(r.Wake) > time.Second {
				l.elapse(run)
			}
			l.deliver(timeout, m)
		}
	}
	l.t.Fatalf("the run does not end: %+v", l.record(run))
	return nil
}

// wantCrowd checks that each of n processes has written its lines, once and in order.
func (l *tested) wantCrowd(n int) { l.t.Helper(); l.wantLines(n, 1) }

// wantCrowdAtLeast is for what an invocation may have shown that died before it could say so.
func (l *tested) wantCrowdAtLeast(n int) { l.t.Helper(); l.wantLines(n, 100) }

func (l *tested) wantLines(n, most int) {
	l.t.Helper()
	lines := strings.Split(strings.TrimSpace(l.out.String()), "\n")
	begun, over := map[string]int{}, map[string]int{}
	for _, line := range lines {
		what, i, _ := strings.Cut(line, " ")
		switch what {
		case "begin":
			begun[i]++
		case "end":
			over[i]++
			if begun[i] == 0 {
				l.t.Errorf("%q comes before its begin", line)
			}
		}
	}
	for i := range n {
		if k := fmt.Sprint(i); begun[k] < 1 || over[k] < 1 || begun[k] > most || over[k] > most {
			l.t.Errorf("process %d has begun %d times and ended %d times", i, begun[k], over[k])
		}
	}
	if lines[len(lines)-1] != "done" || strings.Count(l.out.String(), "done") > most {
		l.t.Errorf("the end of the output: %q", lines[len(lines)-1])
	}
	if l.t.Failed() {
		l.t.Log(l.out.String(), l.err.String())
	}
}

func TestSpread(t *testing.T) {
	t.Parallel()
	l := newCrowd(t)
	if res := l.start(60*time.Second, "r", "crowd", "20", "1", "1ms"); res.State != "done" || res.Status != 0 {
		t.Fatalf("%+v %s", res, l.err.String())
	}
	l.wantCrowd(20)
	if l.fns.steps < 20 || len(l.fns.all) > l.fns.most {
		t.Errorf("%d steps in %d environments", l.fns.steps, len(l.fns.all))
	}
	if r := l.record("r"); r.Step < 21 || !r.Program.Spread {
		t.Errorf("%+v", r)
	}
	if keys := l.aws.Objects(); len(keys) > 0 {
		t.Errorf("left in the bucket: %q", keys)
	}
	if rs, _, err := l.store.List(t.Context(), "r/", "", 10); err != nil || len(rs) > 0 {
		t.Errorf("%v, %d records are left", err, len(rs))
	}
}

// TestSpreadSleep: nobody executes the run while all its processes sleep.
func TestSpreadSleep(t *testing.T) {
	t.Parallel()
	l := newCrowd(t)
	if res := l.start(60*time.Second, "r", "crowd", "3", "1", "3s"); res.State != "waiting" {
		t.Fatalf("%+v %s", res, l.err.String())
	}
	if r := l.record("r"); r.State != store.Waiting || time.Until(r.Wake) > 3*time.Second || r.Step < 4 {
		t.Errorf("%+v", r)
	}
	ms := l.aws.Receive()
	if len(ms) != 2 || ms[1].Delay > 3*time.Second {
		t.Errorf("messages %v", ms)
	}
	time.Sleep(time.Until(l.record("r").Wake))
	l.deliver(60*time.Second, ms[1])
	l.settle("r", 60*time.Second)
	l.wantCrowd(3)
}

// TestSpreadOutOfTime: processes that are executed for longer than an invocation are saved, and go on in the next.
func TestSpreadOutOfTime(t *testing.T) {
	t.Parallel()
	l := newCrowd(t)
	l.fns.timeout = 8 * time.Second
	res := l.start(8*time.Second, "r", "crowd", "2", "400", "10ms")
	if res.State == "done" || res.State == "failed" {
		t.Fatalf("%+v %s", res, l.err.String())
	}
	if r := l.settle("r", 8*time.Second); r.State != store.Done {
		t.Errorf("%+v", r)
	}
	l.wantCrowd(2)
}

// TestSpreadThrottled has less concurrency than there are processes.
func TestSpreadThrottled(t *testing.T) {
	t.Parallel()
	l := newCrowd(t)
	l.fns.limit = 2
	if res := l.start(60*time.Second, "r", "crowd", "12", "1", "1ms"); res.State != "done" {
		t.Fatalf("%+v %s", res, l.err.String())
	}
	l.wantCrowd(12)
}

// TestSpreadFaults kills step invocations and loses their answers.
func TestSpreadFaults(t *testing.T) {
	t.Parallel()
	l := newCrowd(t)
	l.fns.fault = func(p exchange.ProcessID, n int) fault { // another first for each
		if n > 3 {
			return 0
		}
		return fault((int(p)+n)%3 + 1)
	}
	if res := l.start(60*time.Second, "r", "crowd", "15", "1", "1ms"); res.State != "done" {
		t.Fatalf("%+v %s", res, l.err.String())
	}
	l.wantCrowd(15)
}

// TestSpreadCrash has a process that kills its worker again and again.
func TestSpreadCrash(t *testing.T) {
	t.Parallel()
	l := newCrowd(t)
	res := l.start(60*time.Second, "r", "crowd", "2", "kill")
	if res.State != "failed" || !strings.Contains(res.Error, "five times") || !strings.Contains(res.Error, "killed") {
		t.Errorf("%+v", res)
	}
}

// TestSpreadTrouble lets Lambda answer with 5xx for longer than a step that crashes would be tried.
func TestSpreadTrouble(t *testing.T) {
	t.Parallel()
	l := newCrowd(t)
	l.fns.fault = func(p exchange.ProcessID, n int) fault {
		if n <= 6 {
			return refuse
		}
		return 0
	}
	if res := l.start(60*time.Second, "r", "crowd", "2", "0", "0s"); res.State != "done" {
		t.Errorf("%+v", res)
	}
	l.wantCrowd(2)
}

func TestSpreadRefused(t *testing.T) {
	t.Parallel()
	l := newCrowd(t)
	res := l.start(60*time.Second, "r", "crowd", "2", "refuse")
	if res.State != "failed" || !strings.Contains(res.Error, "os.File") {
		t.Errorf("%+v", res)
	}
}

// TestSpreadTwice has several coordinators at the same time: wake-ups come twice, and a lease is taken away from an invocation that lives on.
func TestSpreadTwice(t *testing.T) {
	t.Parallel()
	l := newCrowd(t)
	if res := l.start(60*time.Second, "r", "crowd", "6", "1", "1h"); res.State != "waiting" {
		t.Fatalf("%+v", res)
	}
	l.elapse("r")
	var all sync.WaitGroup
	for range 3 {
		env := *l.host
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			for run := (&store.Run{}); !ended(run); {
				var version int64
				var err error
				if run, version, err = env.get(ctx, "r"); err != nil {
					t.Error(err)
					return
				}
				if !ended(run) { // whoever has the lease
					if _, err := env.execute(ctx, run, version, wakeUp{}); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	all.Wait()
	if r := l.record("r"); r.State != store.Done || r.Exit != 0 {
		t.Errorf("%+v", r)
	}
	l.wantCrowdAtLeast(6)
}

// A contested store has somebody else come first, once.
type contested struct {
	store.Atomic
	left atomic.Int32 // groups of changes until then
}

func (s *contested) Apply(ctx context.Context, changes ...store.Change) error {
	if s.left.Add(-1) == 0 {
		return &store.ConflictError{IDs: []string{changes[0].ID}}
	}
	return s.Atomic.Apply(ctx, changes...)
}

// TestSpreadLost: a coordinator that finds too late that somebody has written to the log goes on from what is stored, in the same invocation.
func TestSpreadLost(t *testing.T) {
	t.Parallel()
	for _, n := range []int32{1, 2, 4} {
		l := newCrowd(t)
		s := &contested{Atomic: l.store}
		s.left.Store(n)
		l.store = s
		if res := l.start(60*time.Second, "r", "crowd", "4", "2", "20ms"); res.State != "done" || res.Status != 0 {
			t.Errorf("at %d: %+v %s", n, res, l.err.String())
		}
		if s.left.Load() >= 0 {
			t.Errorf("at %d: nothing was lost", n)
		}
		l.wantCrowdAtLeast(4)
	}
}

// TestSpreadCanceled cancels a run as somebody does who knows nothing but the store.
func TestSpreadCanceled(t *testing.T) {
	t.Parallel()
	l := newCrowd(t)
	done := make(chan string, 1)
	go func() {
		out, err := l.invoke(StartEvent{Run: "r", Args: []string{"crowd", "4", "1000", "100ms"}}, 60*time.Second)
		if err != nil {
			t.Error(err)
		}
		done <- out
	}()
	for entries := 0; entries < 3; time.Sleep(10 * time.Millisecond) {
		rs, _, err := l.store.List(t.Context(), "r/l/", "", 10)
		if err != nil {
			t.Fatal(err)
		}
		entries = len(rs)
	}
	if err := engine.Cancel(t.Context(), l.store, "r"); err != nil {
		t.Error(err)
	}
	out := <-done
	var res Result
	if err := json.Unmarshal([]byte(out), &res); err != nil || res.State != "done" || res.Status != 1 || !strings.Contains(l.err.String(), engine.Canceled) {
		t.Errorf("%s, %v, %s", out, err, l.err.String())
	}
}

// TestSpreadLarge has tickets and outcomes that are too large for a payload.
func TestSpreadLarge(t *testing.T) {
	t.Parallel()
	l := newCrowd(t)
	k := &engine.Ticket{Run: "r", Process: 3}
	small, err := l.pack(t.Context(), k, make([]byte, maxDirect))
	if err != nil || small.Blob != "" {
		t.Errorf("%v, %q", err, small.Blob)
	}
	data := bytes.Repeat([]byte("0123456789"), maxDirect/10+1)
	large, err := l.pack(t.Context(), k, data)
	if err != nil || large.Blob == "" || large.Data != nil {
		t.Fatalf("%v, %q, %d bytes", err, large.Blob, len(large.Data))
	}
	if got, err := l.unpack(t.Context(), large); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%v, %d bytes", err, len(got))
	}
	if err := engine.Delete(t.Context(), l.store, "r"); err != nil || len(l.aws.Objects()) > 0 {
		t.Errorf("%v; left are %q", err, l.aws.Objects())
	}
}

// TestCost: a run's record has the requests of all its invocations, those of steps as well.
func TestCost(t *testing.T) {
	t.Parallel()
	s := newService(t)
	if answer, ok := s.invoke(`{"run":"r","args":["crowd","4","1","1ms"]}`, nil); !ok {
		t.Fatal(answer)
	}
	c := s.state().record("r").Cost
	if c.Requests["lambda.Invoke"] < 4 || c.Requests["dynamodb.PutItem"] < 2 || c.Requests["dynamodb.TransactWriteItems"] < 1 || c.Requests["sqs.SendMessage"] != 1 || c.Bytes < 1000 {
		t.Errorf("%+v", c)
	}
	if arrived := int64(s.aws.Count("dynamodb.PutItem")); c.Requests["dynamodb.PutItem"] > arrived {
		t.Errorf("%d puts were counted, %d have arrived", c.Requests["dynamodb.PutItem"], arrived)
	}
	var line struct {
		Run, State     string
		Commits, Steps int64
		Requests       int64
	}
	for text := range strings.Lines(s.err.String()) {
		if json.Unmarshal([]byte(text), &line) == nil && line.Run == "r" {
			break
		}
	}
	if line.State != "done" || line.Steps != c.Requests["lambda.Invoke"] || line.Requests < c.Count() || line.Commits < 5 {
		t.Errorf("metrics %+v; cost %+v", line, c)
	}
}

// TestSpreadClass: a process of a class is executed by the function of the class, if that is of the same build.
func TestSpreadClass(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:lambda:eu-central-1:123456789012:function:f-m2048:7"
	for _, test := range []struct{ name, arn, build, failed string }{
		{"same", arn, "aaaa", ""},
		{"another build", arn, "bbbb", "fits no other build"},
		{"no function", "", "aaaa", "no function for goroutines of class m2048"},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newCrowd(t)
			l.classes = map[string]string{"m2048": test.arn}
			big := *l.host
			big.version, big.build = "7", buildName("7", test.build)
			l.fns.hosts[arn] = &big
			l.start(30*time.Second, "r", "crowd", "3", "class")
			r := l.settle("r", 30*time.Second)
			if test.failed != "" {
				if r.State != store.Failed || !strings.Contains(r.Error, test.failed) {
					t.Errorf("%+v", r)
				}
				return
			}
			l.wantCrowd(3)
			own, other := 0, 0
			for _, name := range l.fns.called {
				if name == arn {
					other++
				} else {
					own++
				}
			}
			if other != 1 || own < 2 {
				t.Errorf("invoked %q", l.fns.called)
			}
		})
	}
}
