// This file tests workers that execute several processes: the test binary is the program, hand-written as the compiler would.

package local

import (
	"fmt"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/wire"
)

// A crowd is a program: it starts processes, which do what the first argument says, as many as the second says, and waits for them.
type crowd struct{}

// A crowdFrame is the frame of crowd.
type crowdFrame struct {
	rt.Frame
	wg *sync.WaitGroup
}

var _ = rt.Register[crowdFrame]("main.main", rt.Point{PC: 1, Pos: "main.go:1:1", Op: "wait"})

func (crowd) Run(g *rt.G) {
	var wg *sync.WaitGroup
	if g.Resuming() {
		wg = rt.Pop[crowdFrame](g).wg
	} else {
		wg = new(sync.WaitGroup)
		n, _ := strconv.Atoi(os.Args[2])
		for i := range n {
			rt.WaitGroupAdd(wg, 1)
			rt.GoRemote(g, &one{i, os.Args[1], wg}, "")
		}
	}
	rt.WaitGroupWait(g, wg)
	if g.Suspending() {
		g.Push(&crowdFrame{Frame: rt.Frame{PC: 1}, wg: wg})
		return
	}
	fmt.Println("done")
}

// manyStacks are more than fit a pipe.
const manyStacks = 5000

// A one is one of its goroutines.
type one struct {
	i    int
	mode string
	wg   *sync.WaitGroup
}

func (o *one) Run(g *rt.G) {
	if !g.Resuming() {
		switch {
		case o.mode == "panic":
			debug.SetTraceback("all")
			for range manyStacks {
				go func() { select {} }()
			}
			panic("so it is")
		case o.mode == "slow" && o.i%20 == 0:
			time.Sleep(300 * time.Millisecond) // in code that is not compiled
		}
		fmt.Println("begin", o.i)
	}
	if o.mode == "sleep" || o.mode == "doze" {
		d := 50 * time.Millisecond
		if o.mode == "doze" {
			d = 3 * endAfter
		}
		rt.Sleep(g, d)
		if g.Suspending() {
			g.Push(&oneFrame{Frame: rt.Frame{PC: 1}})
			return
		}
		if g.Resuming() {
			rt.Pop[oneFrame](g)
		}
	}
	fmt.Println("end", o.i)
	rt.WaitGroupDone(o.wg)
}

type oneFrame struct{ rt.Frame }

var _ = rt.Register[oneFrame]("main.one", rt.Point{PC: 1, Pos: "main.go:2:1", Op: "sleep"})

// runPooled is the worker of these tests.
func runPooled() {
	h, err := wire.Dial()
	check(err)
	rt.Main(&rt.Program{Name: "crowd", Main: crowd{}}, h)
}

// crowded runs a crowd, and calls meanwhile while it does.
func crowded(t *testing.T, workers int, mode string, n int, meanwhile func(stop <-chan struct{})) (*bench, *Result, time.Duration) {
	t.Helper()
	b := newBench(t)
	b.o.Env = append(os.Environ(), "HARK_TEST_ROLE=pooled")
	b.o.Workers = workers
	r, err := Create(t.Context(), b.dir, b.s, store.Program{Package: "crowd", Args: []string{mode, strconv.Itoa(n)}, Cwd: b.dir, Spread: true}, "build")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	stop := make(chan struct{})
	var beside sync.WaitGroup
	if meanwhile != nil {
		beside.Go(func() { meanwhile(stop) })
	}
	began := time.Now()
	res, err := r.Execute(t.Context(), &b.o)
	close(stop)
	beside.Wait()
	if err != nil {
		t.Fatal(err, b.err.String())
	}
	return b, res, time.Since(began)
}

// wantLines checks that each process has written its lines, once, in their order.
func wantLines(t *testing.T, b *bench, n int) {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(b.out.String()), "\n")
	last := map[string]string{}
	counts := map[string]int{}
	for _, l := range lines {
		what, i, _ := strings.Cut(l, " ")
		counts[what]++
		if what == "end" && last[i] != "begin" || what == "begin" && last[i] != "" {
			t.Errorf("%s after %q", l, last[i])
		}
		last[i] = what
	}
	if counts["begin"] != n || counts["end"] != n || counts["done"] != 1 || lines[len(lines)-1] != "done" || b.err.String() != "" {
		t.Errorf("%v lines, %q", counts, b.err.String())
	}
}

// children returns the workers that run.
func children() (pids []int) {
	stats, _ := os.ReadDir("/proc")
	for _, d := range stats {
		pid, err := strconv.Atoi(d.Name())
		if err != nil {
			continue
		}
		b, _ := os.ReadFile("/proc/" + d.Name() + "/stat")
		_, rest, _ := strings.Cut(string(b), ") ")
		if f := strings.Fields(rest); len(f) > 1 && f[1] == strconv.Itoa(os.Getpid()) && f[0] != "Z" {
			pids = append(pids, pid)
		}
	}
	return pids
}

// TestPool: processes that end at once, and processes that wait, in few workers and many.
func TestPool(t *testing.T) {
	for _, workers := range []int{1, 2, 4} {
		for _, mode := range []string{"quick", "sleep"} {
			b, res, _ := crowded(t, workers, mode, 200, nil)
			if res.Exit != 0 {
				t.Errorf("%d workers, %s: %+v", workers, mode, res)
			}
			wantLines(t, b, 200)
		}
	}
}

// TestPoolKill: workers are killed while processes wait in them and what has become of others is on its way.
func TestPoolKill(t *testing.T) {
	for _, mode := range []string{"quick", "sleep"} {
		kills := 0
		b, _, _ := crowded(t, 3, mode, 600, func(stop <-chan struct{}) {
			for {
				select {
				case <-stop:
					return
				case <-time.After(20 * time.Millisecond):
				}
				if pids := children(); len(pids) > 1 {
					syscall.Kill(pids[kills%len(pids)], syscall.SIGKILL)
					kills++
				}
				if kills > 20 {
					return
				}
			}
		})
		wantLines(t, b, 600)
		if kills == 0 {
			t.Error("nothing was killed")
		}
	}
}

// TestPoolSlow: those that wait behind a slow process are taken back, and there are more workers when all are slow.
func TestPoolSlow(t *testing.T) {
	most := 0
	b, _, took := crowded(t, 8, "slow", 160, func(stop <-chan struct{}) {
		for {
			select {
			case <-stop:
				return
			case <-time.After(10 * time.Millisecond):
				most = max(most, len(children()))
			}
		}
	})
	wantLines(t, b, 160)
	if took > 8*300*time.Millisecond { // it takes that long if one does all
		t.Errorf("it took %v", took)
	}
	if most < 5 {
		t.Errorf("there were %d workers at most", most)
	}
}

// TestPoolTraceback: a worker that ends with more on its standard error than the pipe holds does not wait for itself to read it.
func TestPoolTraceback(t *testing.T) {
	b, res, _ := crowded(t, 2, "panic", 1, nil)
	got := b.err.String()
	if n := strings.Count(got, "\ngoroutine "); res.Exit != 2 || n < manyStacks/2 || len(got) < 2*pipeSize || !strings.HasPrefix(got, "panic: so it is") {
		t.Errorf("%+v, %d bytes, %d goroutines", res, len(got), n)
	}
}

// TestPoolReleases: when all processes wait for long, there are no workers, and there is one again when they go on.
func TestPoolReleases(t *testing.T) {
	if testing.Short() {
		t.Skip("takes as long as a worker waits for something to do")
	}
	least := 100
	b, _, _ := crowded(t, 4, "doze", 100, func(stop <-chan struct{}) {
		for {
			select {
			case <-stop:
				return
			case <-time.After(100 * time.Millisecond):
				least = min(least, len(children()))
			}
		}
	})
	wantLines(t, b, 100)
	if least > 0 {
		t.Errorf("there were always workers, %d at least", least)
	}
}

// TestLastMessage: a process that was taken out of a worker is told so, whatever becomes of the worker meanwhile; what that has sent before comes before, and what comes later is not
// taken for another worker's.
func TestLastMessage(t *testing.T) {
	gone := &member{worker: &worker{quit: make(chan struct{})}}
	close(gone.quit)
	for range 100 {
		l := &loaded{member: gone, msgs: make(chan message, 2), last: make(chan message, 1)}
		l.msgs <- message{msg: wire.Trace{Text: "before"}, from: gone}
		gone.forget([]*loaded{l})
		if left, err := l.receiveLast(t.Context(), <-l.last); !left || err != errElsewhere {
			t.Fatalf("left %v, %v", left, err)
		}
		if l.trace != "before" {
			t.Fatal("what came before was not read")
		}
		l.member = &member{}
		done := make(chan struct{})
		if left, err := l.receive(t.Context(), message{msg: wire.Trace{Text: "late"}, from: gone, done: done}); left || err != nil || l.trace != "before" {
			t.Fatalf("a message of another worker: %v, %v, %q", left, err, l.trace)
		}
		<-done
	}
}
