package local

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/shared"
)

// A bench is a state directory with what runs in it wrote.
type bench struct {
	t        *testing.T
	dir      string
	s        store.Store
	out, err lockedBuffer
	both     lockedBuffer
	o        Options
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir()}
	s, err := shared.Open(b.dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	b.s = s
	b.o = Options{
		Store: s, Dir: b.dir, Worker: os.Args[0],
		Stdout: io.MultiWriter(&b.out, &b.both), Stderr: io.MultiWriter(&b.err, &b.both),
		Env: append(os.Environ(), "HARK_TEST_ROLE=worker"),
	}
	return b
}

func (b *bench) create(program ...string) *Run {
	b.t.Helper()
	r, err := Create(b.t.Context(), b.dir, b.s, store.Program{Package: "fake", Args: program, Cwd: b.dir}, "build")
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { r.Close() })
	return r
}

func (b *bench) reopen(r *Run) *Run {
	b.t.Helper()
	r.Close()
	r2, err := Open(b.t.Context(), b.dir, b.s, r.rec.ID)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { r2.Close() })
	return r2
}

// run executes the program to its end.
func (b *bench) run(program ...string) (*Run, *Result) {
	b.t.Helper()
	r := b.create(program...)
	return r, b.execute(r)
}

func (b *bench) execute(r *Run) *Result {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), 60*time.Second)
	defer cancel()
	res, err := r.Execute(ctx, &b.o)
	if err != nil {
		b.t.Fatal(err)
	}
	return res
}

func (b *bench) want(out, err string) {
	b.t.Helper()
	if got := b.out.String(); got != out {
		b.t.Errorf("stdout %q, want %q", got, out)
	}
	if got := b.err.String(); got != err {
		b.t.Errorf("stderr %q, want %q", got, err)
	}
}

// wantClean checks that a run that is done left only its record.
func (b *bench) wantClean(r *Run) {
	b.t.Helper()
	names, _, err := b.s.Blobs(b.t.Context(), r.rec.ID, "", 10)
	if err != nil || names != nil {
		b.t.Errorf("blobs left: %q, %v", names, err)
	}
	ms, err := b.s.Messages(b.t.Context(), r.rec.ID, store.Key{}, 10)
	if err != nil || ms != nil {
		b.t.Errorf("messages left: %v, %v", ms, err)
	}
}

func TestExit(t *testing.T) {
	b := newBench(t)
	r, res := b.run("out:one", "commit", "err:two", "out:three", "exit:3")
	b.want("init\none\nthree\n", "two\n")
	if *res != (Result{Exit: 3}) || r.rec.State != store.Done || r.rec.Exit != 3 || r.rec.Step != 2 {
		t.Errorf("result %+v, record %+v", res, r.rec)
	}
	b.wantClean(r)
	// Executing it again shows nothing and has the same result.
	if res := b.execute(b.reopen(r)); res.Exit != 3 {
		t.Errorf("result %+v", res)
	}
	b.want("init\none\nthree\n", "two\n")
}

func TestSignal(t *testing.T) {
	b := newBench(t)
	_, res := b.run("out:one", "signal:15")
	b.want("init\none\n", "")
	if *res != (Result{Exit: -1, Signal: "signal: terminated"}) {
		t.Errorf("result %+v", res)
	}
}

func TestOrder(t *testing.T) {
	b := newBench(t)
	var program []string
	want := "init\n"
	for i := range 40 {
		program = append(program, fmt.Sprintf("%s:%d", []string{"out", "err"}[i%2], i), "commit")
		want += fmt.Sprintln(i)
	}
	b.run(program...)
	if got := b.both.String(); got != want {
		t.Errorf("in order of arrival: %q, want %q", got, want)
	}
}

func TestChaos(t *testing.T) {
	for _, pad := range []string{"pad:0", "pad:100000"} {
		b := newBench(t)
		r, res := b.run(pad, "out:one", "commit:chaos", "out:two", "commit:chaos", "commit:chaos", "err:three", "exit:1")
		b.want("init\none\ntwo\n", "three\n")
		if res.Exit != 1 {
			t.Errorf("result %+v", res)
		}
		b.wantClean(r)
	}
}

func TestKilled(t *testing.T) {
	b := newBench(t)
	file := func(i int) string { return filepath.Join(b.dir, fmt.Sprint("killed", i)) }
	_, res := b.run("out:one", "kill:"+file(1), "commit", "out:two", "err:three", "kill:"+file(2), "kill:"+file(3), "kill:"+file(4),
		"commit", "out:four", "kill:"+file(5), "exit:7")
	b.want("init\none\ntwo\nfour\n", "three\n")
	if res.Exit != 7 {
		t.Errorf("result %+v", res)
	}
	for i := range 5 {
		if _, err := os.Stat(file(i + 1)); err != nil {
			t.Error(err)
		}
	}
}

func TestKilledForever(t *testing.T) {
	b := newBench(t)
	r := b.create("out:one", "commit", "out:two", "kill", "exit:0")
	_, err := r.Execute(t.Context(), &b.o)
	var failed *FailedError
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "killed 4 times") || r.rec.State != store.Failed {
		t.Errorf("error %v, record %+v", err, r.rec)
	}
	b.want("init\none\n", "")
	if r := b.reopen(r); r.rec.State != store.Failed || r.rec.Snap.IsZero() {
		t.Errorf("record %+v", r.rec)
	}
}

func TestRefused(t *testing.T) {
	b := newBench(t)
	r := b.create("out:one", "commit", "out:two", "refuse:main.go:31:2 main.handler: conn -> fd *os.File")
	_, err := r.Execute(t.Context(), &b.o)
	var failed *FailedError
	if !errors.As(err, &failed) || failed.Why != "main.go:31:2 main.handler: conn -> fd *os.File" {
		t.Errorf("error %v", err)
	}
	b.want("init\none\n", "")
}

// TestUnsaved: what keeps a run from being saved is shown before the output that waits for that, and is on the record until then.
func TestUnsaved(t *testing.T) {
	b := newBench(t)
	why := "main.go:3: goroutine 2 has been in net/http.ListenAndServe"
	r := b.create("out:one", "commit", "out:two", "unsaved:"+why, "unsaved:"+why, "sleep:500ms", "exit:3")
	ended, seen := make(chan bool), make(chan bool)
	go func() {
		found := false
		for {
			runs, err := List(context.Background(), b.dir, b.s)
			found = found || err == nil && len(runs) == 1 && runs[0].Error == why && runs[0].State == store.Running && runs[0].Step == 1
			select {
			case <-ended:
				seen <- found
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	b.execute(r)
	close(ended)
	if !<-seen {
		t.Error("the record did not say it")
	}
	b.want("init\none\ntwo\n", why+"\n"+why+"\n")
	if r.rec.Error != "" || r.rec.Exit != 3 {
		t.Errorf("record %+v", r.rec)
	}
}

func TestWanted(t *testing.T) {
	b := newBench(t)
	start := time.Now()
	b.run("out:one", "wanted", "err:two", "wanted", "exit:0")
	b.want("init\none\n", "two\n")
	if d := time.Since(start); d < 200*time.Millisecond || d > 5*time.Second {
		t.Errorf("took %v", d)
	}
}

// TestStop stops the supervisor in several ways and goes on.
func TestStop(t *testing.T) {
	b := newBench(t)
	for _, program := range [][]string{
		{"out:one", "commit", "out:two", "sleep:2s", "out:three"},              // does not commit in time
		{"out:one", "commit", "wanted:no output, so asked by stop", "out:two"}, // commits
		{"out:one", "idle:3s", "out:two"},                                      // is not loaded
	} {
		b.out, b.err = lockedBuffer{}, lockedBuffer{}
		b.o.Stdout, b.o.Stderr = &b.out, &b.err
		r := b.create(program...)
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		if _, err := r.Execute(ctx, &b.o); !errors.Is(err, ErrStopped) {
			t.Fatalf("%q: %v", program, err)
		}
		cancel()
		b.want("init\none\n", "")
		r = b.reopen(r)
		if r.rec.Ended() || r.rec.Step < 1 {
			t.Errorf("record %+v", r.rec)
		}
		b.execute(r)
		want := "init\n"
		for _, op := range program {
			if line, ok := strings.CutPrefix(op, "out:"); ok {
				want += line + "\n"
			}
		}
		b.want(want, "")
	}
}

func TestUnload(t *testing.T) {
	b := newBench(t)
	var states []store.State
	b.o.OnCommit = func(r *store.Run) { states = append(states, r.State) }
	pid1, pid2 := filepath.Join(b.dir, "1"), filepath.Join(b.dir, "2")
	start := time.Now()
	_, res := b.run("pid:"+pid1, "out:one", "idle:1500ms", "out:two", "pid:"+pid2, "exit:75")
	if d := time.Since(start); d < 1500*time.Millisecond {
		t.Errorf("woke after %v", d)
	}
	b.want("init\none\ntwo\n", "")
	if fmt.Sprint(states) != "[waiting done]" || res.Exit != 75 {
		t.Errorf("states %v, exit %d", states, res.Exit)
	}
	p1, _ := os.ReadFile(pid1)
	if p2, _ := os.ReadFile(pid2); len(p1) == 0 || string(p1) == string(p2) {
		t.Errorf("process %s, then %s", p1, p2)
	}
}

func TestBigOutput(t *testing.T) {
	if testing.Short() {
		t.Skip("slow")
	}
	b := newBench(t)
	var want strings.Builder
	want.WriteString("init\n")
	const n = 20 << 20
	for range 2 {
		for i := 0; i < n; i += 64 {
			fmt.Fprintf(&want, "%063d\n", i)
		}
	}
	r, _ := b.run(fmt.Sprint("big:", n), "commit", "pad:300000", "commit", fmt.Sprint("big:", n), "exit:0")
	if got := b.out.String(); got != want.String() {
		t.Errorf("%d bytes of output, want %d, or they differ", len(got), want.Len())
	}
	b.wantClean(r)
}

type brokenPipe struct{ n int }

func (p *brokenPipe) Write(b []byte) (int, error) {
	if p.n--; p.n < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(b), nil
}

func TestBrokenPipe(t *testing.T) {
	for n := range 2 {
		b := newBench(t)
		b.o.Stdout = &brokenPipe{n}
		r, res := b.run("out:one", "commit", "out:two", "pad:100000", "commit", "exit:0")
		if res.Signal != "signal: broken pipe" {
			t.Errorf("result %+v", res)
		}
		b.wantClean(r)
		b.o.Stdout = &b.out
		b.execute(b.reopen(r))
		b.want("", "")
	}
}

func TestStdin(t *testing.T) {
	b := newBench(t)
	pr, pw := io.Pipe()
	b.o.Stdin = pr
	go func() {
		for i := range 10 {
			fmt.Fprintf(pw, "line %d\n", i)
			if i%3 == 0 {
				time.Sleep(20 * time.Millisecond)
			}
		}
		pw.Close()
	}()
	kill := filepath.Join(b.dir, "killed")
	r, _ := b.run("read", "commit:chaos", "read", "read", "commit", "read", "kill:"+kill, "commit:chaos", "all", "say")
	want := "line 0"
	for i := range 9 {
		want += fmt.Sprint("|line ", i+1)
	}
	b.want("init\n"+want+"\n", "")
	b.wantClean(r)
}

// TestStdinResume loses the supervisor between the lines; the next one has another input, which comes after
// what the first has taken.
func TestStdinResume(t *testing.T) {
	b := newBench(t)
	b.o.Stdin = &endless{strings.NewReader("a\nb\nc\n")}
	r := b.create("read", "commit", "sleep:1s", "read", "commit", "all", "say")
	ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
	defer cancel()
	if _, err := r.Execute(ctx, &b.o); !errors.Is(err, ErrStopped) {
		t.Fatal(err)
	}
	r = b.reopen(r)
	if r.rec.Stdin.Consumed != 2 {
		t.Errorf("consumed %d", r.rec.Stdin.Consumed)
	}
	b.o.Stdin = strings.NewReader("d\ne\n")
	b.execute(r)
	b.want("init\na|b|c|d|e\n", "")
}

// endless does not end, as a terminal.
type endless struct{ r io.Reader }

func (e *endless) Read(b []byte) (int, error) {
	n, err := e.r.Read(b)
	if err == io.EOF {
		select {}
	}
	return n, err
}

func TestStdinLarge(t *testing.T) {
	b := newBench(t)
	var in, want strings.Builder
	for i := range 300 {
		line := fmt.Sprint(i, strings.Repeat("x", 1000))
		fmt.Fprintln(&in, line)
		if i > 0 {
			want.WriteString("|")
		}
		want.WriteString(line)
	}
	b.o.Stdin = strings.NewReader(in.String())
	b.run("read", "read", "all", "say")
	b.want("init\n"+want.String()+"\n", "")
}

func TestNoStdin(t *testing.T) {
	b := newBench(t)
	b.run("read", "say")
	b.want("init\n\n", "")
}

func TestManyArgs(t *testing.T) {
	b := newBench(t)
	program := []string{"out:one", "commit:chaos"}
	for range 30000 {
		program = append(program, "nothing:"+strings.Repeat("x", 20))
	}
	r, _ := b.run(append(program, "out:two")...)
	b.want("init\none\ntwo\n", "")
	if len(r.args) != 30003 || r.rec.Program.ArgsBlob == "" {
		t.Errorf("%d arguments", len(r.args))
	}
	if r = b.reopen(r); len(r.args) != 30003 {
		t.Errorf("%d arguments after reopening", len(r.args))
	}
}

func TestNoWorker(t *testing.T) {
	b := newBench(t)
	b.o.Worker = filepath.Join(b.dir, "none")
	if _, err := b.create().Execute(t.Context(), &b.o); err == nil || !strings.Contains(err.Error(), "starting the worker") {
		t.Errorf("error %v", err)
	}
}

// TestProcessesLeft: a supervisor has died after the end of the run, and before it has deleted the records of its processes.
func TestProcessesLeft(t *testing.T) {
	b := newBench(t)
	r := b.create("x")
	next := r.rec
	next.State, next.Program.Spread = store.Done, true
	r.o = b.o
	if err := r.put(t.Context(), &next, nil); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"/c", "/l/0000", "/p/00000000"} {
		if _, err := b.s.Put(t.Context(), store.Record{ID: r.rec.ID + id}); err != nil {
			t.Fatal(err)
		}
	}
	b.reopen(r)
	rs, _, err := b.s.List(t.Context(), "", "", 10)
	if err != nil || len(rs) != 1 || rs[0].ID != r.rec.ID {
		t.Errorf("%v, %v", rs, err)
	}
}

func TestBusy(t *testing.T) {
	b := newBench(t)
	r := b.create("exit:0")
	if _, err := Open(t.Context(), b.dir, b.s, r.rec.ID); !errors.Is(err, ErrBusy) {
		t.Errorf("Open of a run that is being executed: %v", err)
	}
	for _, id := range []string{"nothing", "../x", "", "a b"} {
		if _, err := Open(t.Context(), b.dir, b.s, id); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Open(%q): %v", id, err)
		}
	}
}

// TestLost changes the store behind the marks.
func TestLost(t *testing.T) {
	b := newBench(t)
	r, _ := b.run("out:one", "commit", "commit", "exit:0")
	r.Close()
	rec, err := b.s.Get(t.Context(), r.rec.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.s.Delete(t.Context(), rec.ID, rec.Version); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), b.dir, b.s, rec.ID); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("Open without the record: %v", err)
	}
	if _, err := List(t.Context(), b.dir, b.s); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("List without the record: %v", err)
	}
	if _, err := b.s.Put(t.Context(), store.Record{ID: rec.ID, Data: rec.Data}); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), b.dir, b.s, rec.ID); !errors.Is(err, store.ErrDamaged) || !strings.Contains(err.Error(), "is at version 1, but version 4 was committed") {
		t.Errorf("Open of an old record: %v", err)
	}
}

func TestList(t *testing.T) {
	b := newBench(t)
	done, _ := b.run("exit:2")
	time.Sleep(2 * time.Millisecond) // ids sort by millisecond
	r := b.create("commit", "sleep:1m")
	ctx, cancel := context.WithCancel(t.Context())
	b.o.OnCommit = func(*store.Run) {
		runs, err := List(ctx, b.dir, b.s)
		if err != nil || len(runs) != 2 || runs[1].State != store.Running || runs[1].Gs[0].Pos != "main.go:1:1" {
			t.Errorf("runs %+v, %v", runs, err)
		}
		cancel()
	}
	r.Execute(ctx, &b.o)
	r.Close()
	runs, err := List(t.Context(), b.dir, b.s)
	if err != nil || len(runs) != 2 || runs[0].ID != done.rec.ID || runs[0].State != store.Done || runs[1].ID != r.rec.ID || runs[1].State != Stopped {
		t.Errorf("runs %+v, %v", runs, err)
	}
}

func BenchmarkCommit(b *testing.B) {
	dir := b.TempDir()
	s, err := shared.Open(dir, nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	r, err := Create(b.Context(), dir, s, store.Program{Args: []string{fmt.Sprintf("count:%d:0", b.N)}, Cwd: dir}, "")
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	b.ResetTimer()
	if _, err := r.Execute(b.Context(), &Options{Store: s, Dir: dir, Worker: os.Args[0], Env: append(os.Environ(), "HARK_TEST_ROLE=worker")}); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "steps/s")
}
