package lambdahost

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/harkgen/harkgen/internal/awsemu/emutest"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/behind"
)

func TestExit(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	res := l.start(20*time.Second, "r1", "exit", "7", "a b", "c")
	if want := (Result{Run: "r1", State: "done", Status: 7}); res != want {
		t.Errorf("%+v, want %+v", res, want)
	}
	l.wantOut("a b c\n")
	// The same event again starts nothing.
	if again := l.start(20*time.Second, "r1", "exit", "7", "a b", "c"); again != res {
		t.Errorf("again: %+v", again)
	}
	l.wantOut("a b c\n")
	if _, err := l.invoke(StartEvent{Run: "r1", Args: []string{"x"}}, 20*time.Second); err == nil || !strings.Contains(err.Error(), "other arguments") {
		t.Errorf("other arguments: %v", err)
	}
	if r := l.record("r1"); r.State != store.Done || !strings.HasPrefix(r.Build, "3/") || r.Program.Package != "fake" {
		t.Errorf("record %+v", r)
	}
	// The wake-up that was to repair a crash of the start finds nothing to do.
	ms := l.aws.Receive()
	if len(ms) != 1 || ms[0].Delay < 19*time.Second {
		t.Fatalf("messages %v", ms)
	}
	if failed := l.deliver(20*time.Second, ms...); failed != nil {
		t.Error("failed", failed)
	}
	l.wantOut("a b c\n")
}

func TestDefaultID(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	out, err := l.Invoke(lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd"}), []byte(`{}`))
	if err != nil || !strings.Contains(string(out), `"run":"8476a536-e9f4-11e8-9739-2dfe598c3fcd"`) {
		t.Errorf("%s, %v", out, err)
	}
	if _, err := l.Invoke(t.Context(), []byte(`{}`)); err == nil {
		t.Error("an invocation without an id started a run")
	}
}

func TestSteps(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	if res := l.start(20*time.Second, "r", "steps"); res.State != "done" || res.Status != 0 {
		t.Errorf("%+v", res)
	}
	l.wantOut("step 1\nstep 2\nstep 3\nstep 4\nstep 5\n")
	if want := "err 1\nerr 2\nerr 3\nerr 4\nerr 5\n"; l.err.String() != want {
		t.Errorf("stderr %q", l.err.String())
	}
	if r := l.record("r"); r.Step != 6 || !r.Wake.IsZero() {
		t.Errorf("record %+v", r)
	}
}

func TestLargeSnapshots(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	const size = 3 << 20 // more than what goes with the record's put
	if res := l.start(20*time.Second, "r", "large", fmt.Sprint(size)); res.State != "waiting" {
		t.Fatalf("%+v", res)
	}
	if r := l.record("r"); r.Snap.Size != size || r.Wrote > 300_000 || r.Snap.Depth == 0 {
		t.Errorf("the last of some like steps wrote %d bytes of %d, depth %d", r.Wrote, r.Snap.Size, r.Snap.Depth)
	}
	if keys := l.aws.Objects(); len(keys) < size/(256<<10) {
		t.Errorf("in the bucket: %q", keys)
	}
	l.elapse("r")
	if failed := l.deliver(20*time.Second, l.aws.Receive()...); failed != nil {
		t.Error("failed", failed)
	}
	if r := l.record("r"); r.State != store.Done {
		t.Errorf("%+v", r)
	}
	if keys := l.aws.Objects(); len(keys) != 0 {
		t.Errorf("left in the bucket: %q", keys)
	}
}

func TestSleep(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	if res := l.start(20*time.Second, "r", "sleep", "1h"); res.State != "waiting" {
		t.Fatalf("%+v", res)
	}
	l.wantOut("sleep 1\n")
	ms := l.aws.Receive() // that for a crash of the start, and the wake-up, as far away as SQS can
	if len(ms) != 2 || ms[1].Delay != 900*time.Second {
		t.Fatalf("messages %v", ms)
	}
	// The first is stale and dropped; the second comes too early and is sent on; twice, as SQS may.
	if failed := l.deliver(20*time.Second, ms[0], ms[1]); failed != nil {
		t.Error("failed", failed)
	}
	ms = l.aws.Receive()
	if len(ms) != 1 || ms[0].Delay != 900*time.Second {
		t.Fatalf("messages %v", ms)
	}
	// A start event that is repeated tells how far it is.
	if res := l.start(20*time.Second, "r", "sleep", "1h"); res.State != "waiting" {
		t.Fatalf("%+v", res)
	}
	for _, want := range []string{"sleep 1\nsleep 2\n", "sleep 1\nsleep 2\nsleep 3\n", "sleep 1\nsleep 2\nsleep 3\nwoke\n"} {
		l.elapse("r")
		if failed := l.deliver(20*time.Second, ms...); failed != nil {
			t.Error("failed", failed)
		}
		l.wantOut(want)
		ms = l.aws.Receive()
	}
	if r := l.record("r"); r.State != store.Done || r.Exit != 3 || len(ms) != 0 {
		t.Errorf("record %+v, messages %v", r, ms)
	}
}

// TestShortSleep waits a second and a half for real.
func TestShortSleep(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	res := l.start(20*time.Second, "r", "sleep", "1500ms")
	for i := 0; res.State == "waiting" && i < 5; i++ {
		ms := l.aws.Receive()
		m := ms[len(ms)-1]
		if m.Delay > 2*time.Second {
			t.Fatalf("delay %v", m.Delay)
		}
		time.Sleep(m.Delay)
		l.deliver(20*time.Second, m)
		res = result(l.record("r"))
	}
	if res.State != "done" || res.Status != 3 {
		t.Errorf("%+v", res)
	}
	l.wantOut("sleep 1\nsleep 2\nsleep 3\nwoke\n")
}

// TestOutOfTime runs a long computation in short invocations.
func TestOutOfTime(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	res := l.start(6*time.Second, "r", "busy", "250")
	invocations := 1
	for ; res.State == "running" && invocations < 10; invocations++ {
		ms := l.aws.Receive()
		m := ms[len(ms)-1]
		time.Sleep(m.Delay) // not 0 if the last commit came too late
		if failed := l.deliver(6*time.Second, m); failed != nil {
			t.Fatal("failed", failed)
		}
		res = result(l.record("r"))
	}
	if res.State != "done" || invocations < 2 {
		t.Errorf("%+v after %d invocations; %s", res, invocations, l.err.String())
	}
	l.wantOut("counted to 250\n")
}

// TestStuck checks that a run that cannot be saved does not cost money for ever.
func TestStuck(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	res := l.start(6*time.Second, "r", "stuck")
	for range 2 {
		if res.State != "running" {
			t.Fatalf("%+v", res)
		}
		ms := l.aws.Receive()
		l.elapse("r")
		if failed := l.deliver(6*time.Second, ms[len(ms)-1]); failed != nil {
			t.Fatal("failed", failed)
		}
		res = result(l.record("r"))
	}
	if res.State != "failed" || !strings.Contains(res.Error, "3 invocations") {
		t.Errorf("%+v", res)
	}
	if ms := l.aws.Receive(); len(ms) != 0 {
		t.Errorf("messages %v", ms)
	}
}

func TestKilledWorker(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	if res := l.start(20*time.Second, "r", "killed"); res.State != "failed" || res.Error == "" {
		t.Errorf("%+v", res)
	}
	version := func() int64 {
		_, v, err := l.get(t.Context(), "r")
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	before := version()
	l.deliver(20*time.Second, l.aws.Receive()...)
	if v := version(); v != before {
		t.Error("a run that has failed was executed")
	}
	l.deliver(20*time.Second, emutest.Message{ID: "1", Body: `{"run":"r"}`})
	if v := version(); v == before {
		t.Error("a run that has failed was not tried again by hand")
	}
}

func TestUnmovable(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	if res := l.start(20*time.Second, "r", "unmovable"); res.State != "failed" || !strings.Contains(res.Error, "*os.File") {
		t.Errorf("%+v", res)
	}
}

func TestWorkerEnvironment(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	if res := l.start(20*time.Second, "r", "env"); res.State != "done" {
		t.Errorf("%+v", res)
	}
	l.wantOut("")
}

func TestManyArguments(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	args := []string{"args"}
	for range 1000 {
		args = append(args, strings.Repeat("x", 100))
	}
	if res := l.start(20*time.Second, "r", args...); res.State != "done" {
		t.Errorf("%+v", res)
	}
	l.wantOut("args 1001\n")
}

func TestOtherBuild(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	if res := l.start(20*time.Second, "r", "sleep", "1h"); res.State != "waiting" {
		t.Fatalf("%+v", res)
	}
	l.elapse("r")
	ms := l.aws.Receive()
	wake := ms[len(ms)-1]

	l.version, l.build = "4", buildName("4", "bbbb")
	other := l.start(20*time.Second, "other", "exit", "0", "fine")
	if failed := l.deliver(20*time.Second, wake); failed != nil {
		t.Errorf("failed %q", failed)
	}
	if got, want := strings.Join(l.fns.passed, " "), `3 {"hark":{"wake":{"run":"r","step":1}}}`; got != want || other.State != "done" {
		t.Errorf("passed on %s, want %s; %+v", got, want, other)
	}
	if r := l.record("r"); r.State != store.Waiting || r.Step != 1 {
		t.Errorf("the run was changed: %+v", r)
	}
	if res := l.start(20*time.Second, "r", "sleep", "1h"); res.State != "waiting" || len(l.fns.passed) != 2 {
		t.Errorf("a start of it: %+v, passed on %q", res, l.fns.passed)
	}
	// The same build under another number is the same program.
	l.version, l.build = "5", buildName("5", "aaaa")
	if failed := l.deliver(20*time.Second, wake); failed != nil {
		t.Errorf("failed %q", failed)
	}
	if r := l.record("r"); r.Step != 2 {
		t.Errorf("record %+v", r)
	}
}

// TestLostBuild: the version that has started a run does not exist any more.
func TestLostBuild(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"4", "3"} { // 3 is as if it was $LATEST
		l := newFunction(t)
		l.start(20*time.Second, "r", "sleep", "1h")
		l.elapse("r")
		ms := l.aws.Receive()
		l.version, l.build = version, buildName(version, "bbbb")
		delete(l.fns.hosts, "3")
		if failed := l.deliver(20*time.Second, ms[len(ms)-1]); failed != nil {
			t.Errorf("failed %q", failed)
		}
		want := "it was started by version 3 of the function (build aaaa), which does not exist any more, and this is version " + version + " (build bbbb)"
		if r := l.record("r"); r.State != store.Failed || !strings.Contains(r.Error, want) {
			t.Errorf("%+v", r)
		}
	}
}

// TestPassedOn: the other version gets the wake-up.
func TestPassedOn(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	l.start(20*time.Second, "r", "sleep", "1h")
	l.elapse("r")
	if out, err := l.invoke(own(request{Wake: &wakeUp{Run: "r", Step: 1}}), 20*time.Second); err != nil || out != "null" {
		t.Errorf("%s, %v", out, err)
	}
	l.wantOut("sleep 1\nsleep 2\n")
}

func TestPartialBatch(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	l.start(20*time.Second, "a", "sleep", "1h")
	l.elapse("a")
	l.aws.Receive()
	failed := l.deliver(20*time.Second,
		emutest.Message{ID: "1", Body: `{"run":"a"}`},
		emutest.Message{ID: "2", Body: `nonsense`},
		emutest.Message{ID: "3", Body: `{"run":"nobody"}`},
		emutest.Message{ID: "4", Body: `{"run":"a b"}`},
	)
	if strings.Join(failed, " ") != "2 4" {
		t.Errorf("failed %q", failed)
	}
	l.wantOut("sleep 1\nsleep 2\n")
}

func TestEvents(t *testing.T) {
	l := newFunction(t)
	for _, test := range []struct{ payload, want string }{
		{`{"Run": 1}`, "not an event"},
		{`{"arguments": []}`, "not an event"},
		{`[]`, "not an event"},
		{`"x"`, "not an event"},
		{`{"Records": [{"eventSource": "aws:s3"}]}`, `"aws:s3"`},
		{`{"run": "a b"}`, "bad id"},
	} {
		if _, err := l.Invoke(t.Context(), []byte(test.payload)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.payload, err)
		}
	}
}

// TestConcurrent delivers a wake-up while another invocation executes the run.
func TestConcurrent(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	other := *l.host // an environment executes one invocation at a time
	other.meter = &meter{}
	done := make(chan Result)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		res, err := other.start(ctx, &StartEvent{Run: "r", Args: []string{"busy", "100"}})
		if err != nil {
			t.Error(err)
		}
		done <- res
	}()
	for l.aws.Count("dynamodb.PutItem") == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond)
	if failed := l.deliver(20*time.Second, emutest.Message{ID: "1", Body: `{"run":"r"}`}); failed != nil {
		t.Errorf("failed %q", failed)
	}
	if res := <-done; res.State != "done" {
		t.Errorf("%+v", res)
	}
	l.wantOut("counted to 100\n")
}

// TestConflict lets somebody else make a step meanwhile.
func TestConflict(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	done := make(chan Result)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		res, err := l.host.start(ctx, &StartEvent{Run: "r", Args: []string{"busy", "100"}})
		if err != nil {
			t.Error(err)
		}
		done <- res
	}()
	for l.aws.Count("dynamodb.PutItem") == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond)
	l.change("r", func(r *store.Run) { r.Reason = "somebody else" })
	if res := <-done; res.State != "running" {
		t.Errorf("%+v", res)
	}
	l.wantOut("")
	if r := l.record("r"); r.Reason != "somebody else" {
		t.Errorf("record %+v", r)
	}
}

// TestFaults sleeps while requests are throttled, fail and lose their answers.
func TestFaults(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	n := 0
	l.aws.SetFault(func(op string) emutest.Fault {
		switch n++; n % 4 {
		case 1:
			return emutest.Fault{Throttle: true}
		case 2:
			return emutest.Fault{Lose: true}
		}
		return emutest.Fault{}
	})
	res := l.start(60*time.Second, "r", "sleep", "1h")
	for i := 0; res.State == "waiting" && i < 10; i++ {
		l.elapse("r")
		l.deliver(60*time.Second, l.aws.Receive()...)
		res = result(l.record("r"))
	}
	if res.State != "done" || res.Status != 3 {
		t.Errorf("%+v", res)
	}
	l.wantOut("sleep 1\nsleep 2\nsleep 3\nwoke\n")
}

func TestBuildIdentity(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	a, err := buildIdentity(exe)
	if err != nil || len(a) != 32 {
		t.Errorf("%q, %v", a, err)
	}
	if linkerID(exe) == "" {
		t.Log("no build id in the test binary")
	}
	b, err := buildIdentity("lambdahost_test.go")
	if err != nil || len(b) != 32 || a == b {
		t.Errorf("%q, %v", b, err)
	}
}

func TestDelaySeconds(t *testing.T) {
	for d, want := range map[time.Duration]int32{
		-time.Second: 0, 0: 0, 1: 1, time.Second: 1, 1500 * time.Millisecond: 2, 900 * time.Second: 900, 24 * time.Hour: 900,
	} {
		if got := delaySeconds(d); got != want {
			t.Errorf("%v: %d, want %d", d, got, want)
		}
	}
}

func TestMargin(t *testing.T) {
	for left, want := range map[time.Duration]time.Duration{
		900 * time.Second: 30 * time.Second, 60 * time.Second: 6 * time.Second, 10 * time.Second: 2 * time.Second,
	} {
		if got := margin(left); got != want {
			t.Errorf("%v: %v, want %v", left, got, want)
		}
	}
}

// TestNotDue has wake-ups come before their time, also those that somebody else has sent another for: only one goes on.
func TestNotDue(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	l.start(20*time.Second, "r", "sleep", "1h")
	l.aws.Receive()
	wake := l.record("r").Wake
	lease := time.Now().Add(10 * time.Minute)
	for i, test := range []struct {
		state store.State
		again bool // the message was received before
		w     wakeUp
		want  wakeUp // its Run is "" if it is dropped
	}{
		{store.Waiting, false, wakeUp{Step: beforeAny}, wakeUp{}},
		{store.Waiting, false, wakeUp{Step: 1}, wakeUp{}},
		{store.Waiting, false, wakeUp{Step: 2}, wakeUp{Run: "r", Step: 2, Until: wake.UnixMilli()}},
		{store.Waiting, false, wakeUp{Tries: 2}, wakeUp{Run: "r", Step: beforeAny, Until: wake.UnixMilli(), Tries: 2}},
		{store.Running, false, wakeUp{Step: beforeAny, Until: lease.UnixMilli()}, wakeUp{Run: "r", Step: beforeAny, Until: lease.UnixMilli()}},
		{store.Running, false, wakeUp{Step: beforeAny, Until: lease.UnixMilli() - 1}, wakeUp{}},
		{store.Running, false, wakeUp{Step: 1}, wakeUp{}},
		{store.Running, false, wakeUp{Step: 2}, wakeUp{Run: "r", Step: 2}},
		{store.Running, false, wakeUp{Step: 3}, wakeUp{Run: "r", Step: 3}}, // for a commit that is not there yet
		{store.Running, false, wakeUp{}, wakeUp{Run: "r", Step: beforeAny, Until: lease.UnixMilli()}},
		{store.Waiting, true, wakeUp{Step: 1}, wakeUp{}},
		{store.Running, true, wakeUp{Step: 1}, wakeUp{Run: "r", Step: beforeAny, Until: lease.UnixMilli()}}, // who had it may have taken the lease
		{store.Running, true, wakeUp{Step: beforeAny, Until: lease.UnixMilli() - 1}, wakeUp{Run: "r", Step: beforeAny, Until: lease.UnixMilli()}},
	} {
		id := fmt.Sprint(i)
		if test.again {
			id = "0"
		}
		l.change("r", func(r *store.Run) {
			if r.State, r.Wake, r.Step = test.state, wake, 2; test.state == store.Running {
				r.Wake = lease
			}
		})
		test.w.Run = "r"
		if failed := l.deliver(20*time.Second, emutest.Message{ID: id, Body: string(mustJSON(test.w))}); failed != nil {
			t.Errorf("%+v: failed %q", test, failed)
		}
		var got wakeUp
		for _, m := range l.aws.Receive() {
			got, _ = decodeWakeUp(m.Body)
		}
		if got != test.want {
			t.Errorf("%s, %+v: it goes on as %+v, want %+v", test.state, test.w, got, test.want)
		}
	}
	l.wantOut("sleep 1\n")
}

// TestNoStep has a run wait again that was woken and has made no step.
func TestNoStep(t *testing.T) {
	t.Parallel()
	l := newFunction(t)
	l.start(20*time.Second, "r", "sleep", "1h")
	for tries, want := range []int{1, 2, 0} {
		l.aws.Receive()
		run, version, err := l.get(t.Context(), "r")
		if err != nil {
			t.Fatal(err)
		}
		s := &session{Ordered: behind.New(l.store), h: l.host, outlet: l.outlet(run, startID), run: run, version: version, woken: wakeUp{Tries: tries}, gone: time.Now().Add(time.Minute), began: run.Step}
		_, err = store.PutRun(t.Context(), s, run, version)
		var sent wakeUp
		for _, m := range l.aws.Receive() {
			sent, _ = decodeWakeUp(m.Body)
		}
		if sent.Tries != want || (err == nil) != (want > 0) || (s.refused == "") != (want > 0) {
			t.Errorf("after %d: %d, %v, refused %q", tries, sent.Tries, err, s.refused)
		}
	}
}
