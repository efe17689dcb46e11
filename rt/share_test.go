package rt_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt"
	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/wire"
)

// This file tests what processes share, with a process of the operating system for each and the exchange in this one.

// A runner executes a run of several processes. Its store is its memory.
type runner struct {
	t    *testing.T
	name string
	kill func(process uint32, step int) bool // after the commit: the worker is killed, and another goes on

	mu     sync.Mutex
	x      *exchange.Exchange
	procs  map[uint32]*member
	exit   *exchange.Exit
	done   chan struct{}
	stdout bytes.Buffer
	stderr bytes.Buffer
	kills  int
	steps  int

	serving sync.WaitGroup
	writing sync.Mutex
}

// A member is a process of the run.
type member struct {
	id    uint32
	last  []byte // snapshot
	conn  *wire.Conn
	cmd   *exec.Cmd
	ended bool
	ready bool // it has loaded
	n     int  // commits
}

func runShared(t *testing.T, name string, kill func(process uint32, step int) bool) *runner {
	t.Helper()
	r := &runner{t: t, name: name, kill: kill, x: exchange.New(), procs: map[uint32]*member{}, done: make(chan struct{})}
	r.mu.Lock()
	r.start(0)
	r.mu.Unlock()
	select {
	case <-r.done:
	case <-time.After(60 * time.Second):
		r.mu.Lock()
		for _, m := range r.procs {
			m.cmd.Process.Signal(syscall.SIGQUIT)
		}
		r.mu.Unlock()
		time.Sleep(time.Second)
		t.Errorf("hangs: %s", r.stderr.String())
	}
	r.mu.Lock()
	for id, m := range r.procs {
		if id != 0 {
			m.cmd.Process.Kill()
		}
	}
	r.mu.Unlock()
	time.AfterFunc(time.Second, func() { r.procs[0].cmd.Process.Kill() })
	r.serving.Wait()
	return r
}

// A lockedWriter is where several workers write.
type lockedWriter struct {
	r *runner
	b *bytes.Buffer
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.r.writing.Lock()
	defer w.r.writing.Unlock()
	return w.b.Write(p)
}

// start starts a worker for a process. r.mu is held.
func (r *runner) start(id uint32) {
	m := r.procs[id]
	if m == nil {
		m = &member{id: id}
		r.procs[id] = m
	}
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	syscall.SetNonblock(fds[0], true)
	mine, theirs := os.NewFile(uintptr(fds[0]), "worker"), os.NewFile(uintptr(fds[1]), "host")
	m.cmd = exec.Command(os.Args[0])
	m.cmd.Env = append(os.Environ(), envProgram+"="+r.name, "HARK_FD=3")
	m.cmd.ExtraFiles = []*os.File{theirs}
	m.cmd.Stdout, m.cmd.Stderr = lockedWriter{r, &r.stdout}, lockedWriter{r, &r.stderr}
	if err := m.cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	theirs.Close()
	m.conn, m.ready = wire.NewConn(mine), false
	conn, cmd := m.conn, m.cmd
	r.serving.Go(func() { r.serve(m, conn, cmd) })
}

func (r *runner) serve(m *member, conn *wire.Conn, cmd *exec.Cmd) {
	for {
		msg, snapshot, err := conn.Receive()
		if err != nil {
			break
		}
		switch c := msg.(type) {
		case wire.Load:
			r.mu.Lock()
			conn.Send(wire.Start{Run: "r", Process: m.id, New: m.last == nil, Size: int64(len(m.last))}, bytes.NewReader(m.last))
			m.ready = m.conn == conn
			r.send(m, r.x.Replies(exchange.ProcessID(m.id), 0))
			r.mu.Unlock()
		case wire.Commit:
			b, err := io.ReadAll(snapshot)
			if err != nil {
				r.t.Error(err)
			}
			r.mu.Lock()
			if killed := r.commit(m, &c, b); !killed && c.Ended && m.id != 0 {
				cmd.Process.Kill() // it would ask for another process
			} else if !killed {
				conn.Send(wire.Committed{Verdict: wire.VerdictContinue}, nil)
			}
			r.mu.Unlock()
		case wire.Refused:
			r.t.Errorf("process %d: %s", m.id, c.Err)
			r.end(&exchange.Exit{Status: 1})
		}
	}
	cmd.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	if m.cmd == cmd && !m.ended && r.exit == nil {
		r.endLocked(&exchange.Exit{Status: cmd.ProcessState.ExitCode(), Text: "process died"})
	}
}

func (r *runner) end(e *exchange.Exit) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.endLocked(e)
}

func (r *runner) endLocked(e *exchange.Exit) {
	if r.exit == nil {
		r.exit = e
		close(r.done)
	}
}

func (r *runner) send(m *member, replies []exchange.Reply) {
	if len(replies) > 0 && m.ready {
		m.conn.Send(wire.Replies{Data: exchange.AppendReplies(nil, replies)}, nil)
	}
}

func (r *runner) commit(m *member, c *wire.Commit, snapshot []byte) (killed bool) {
	r.steps++
	m.n++
	m.last, m.ended = snapshot, c.Ended
	if c.Batch != nil {
		b, err := exchange.DecodeBatch(c.Batch)
		if err != nil {
			r.t.Error(err)
			return
		}
		res := r.x.Apply(b)
		if !res.Taken && r.exit == nil { // a run that has ended takes none
			r.t.Errorf("process %d: batch %d was not taken", m.id, b.Step)
		}
		if res.Exit != nil {
			r.endLocked(res.Exit)
		}
		for _, y := range res.Replies {
			id := uint32(y.To)
			if y.Kind == exchange.ReplyStart {
				r.start(id) // it gets its reply when it loads
			} else if p := r.procs[id]; p != nil && p != m {
				r.send(p, []exchange.Reply{y})
			}
		}
		if r.kill != nil && !c.Ended && r.exit == nil && r.kill(m.id, m.n) {
			r.kills++
			m.cmd.Process.Kill()
			r.start(m.id)
			return true
		}
		for _, y := range res.Replies {
			if uint32(y.To) == m.id {
				r.send(m, []exchange.Reply{y})
			}
		}
	}
	return false
}

// ---- programs

// sharePool: workers in processes of their own, over two channels and a WaitGroup.
type sharePool struct{}

func (*sharePool) Run(g *rt.G) { sharePoolMain(g) }

type sharePool__f struct {
	rt.Frame
	jobs, results chan int
	wg            *sync.WaitGroup
	i, sum        int
}

var _ = rt.Register[sharePool__f]("main.sharePool", rt.Point{PC: 1, Pos: "m.go:1:1", Op: "chan send"}, rt.Point{PC: 2, Pos: "m.go:2:1", Op: "close"},
	rt.Point{PC: 3, Pos: "m.go:3:1", Op: "chan receive"}, rt.Point{PC: 4, Pos: "m.go:4:1", Op: "wait"})

func sharePoolMain(g *rt.G) {
	var f sharePool__f
	if g.Resuming() {
		f = *rt.Pop[sharePool__f](g)
		switch f.PC {
		case 1:
			goto send
		case 2:
			goto closing
		case 3:
			goto receive
		case 4:
			goto wait
		}
	}
	f.jobs, f.results, f.wg = make(chan int), make(chan int, 3), new(sync.WaitGroup)
	for range 3 {
		rt.WaitGroupAdd(f.wg, 1)
		rt.GoRemote(g, &shareWorker{f.jobs, f.results, f.wg}, "")
	}
	f.i = 0
	rt.Go(g, &shareFeeder{f.jobs})
	f.i = 0
	goto receive
send:
closing:
receive:
	for f.i < 10 {
		v := rt.Recv(g, f.results)
		if g.Suspending() {
			f.PC = 3
			c := f
			g.Push(&c)
			return
		}
		f.sum += v
		f.i++
	}
wait:
	rt.WaitGroupWait(g, f.wg)
	if g.Suspending() {
		f.PC = 4
		c := f
		g.Push(&c)
		return
	}
	fmt.Println("sum", f.sum)
}

type shareFeeder struct{ jobs chan int }

type shareFeeder__f struct {
	rt.Frame
	jobs chan int
	i    int
}

var _ = rt.Register[shareFeeder__f]("main.feeder", rt.Point{PC: 1, Pos: "m.go:11:1", Op: "chan send"}, rt.Point{PC: 2, Pos: "m.go:12:1", Op: "close"})

func (t *shareFeeder) Run(g *rt.G) {
	jobs, i := t.jobs, 0
	if g.Resuming() {
		f := rt.Pop[shareFeeder__f](g)
		jobs, i = f.jobs, f.i
		if f.PC == 2 {
			goto closing
		}
	}
	for i < 10 {
		rt.Send(g, jobs, i)
		if g.Suspending() {
			g.Push(&shareFeeder__f{rt.Frame{PC: 1}, jobs, i})
			return
		}
		i++
	}
closing:
	rt.Close(g, jobs)
	if g.Suspending() {
		g.Push(&shareFeeder__f{rt.Frame{PC: 2}, jobs, i})
	}
}

type shareWorker struct {
	jobs, results chan int
	wg            *sync.WaitGroup
}

type shareWorker__f struct {
	rt.Frame
	jobs, results chan int
	wg            *sync.WaitGroup
	v             int
}

var _ = rt.Register[shareWorker__f]("main.worker", rt.Point{PC: 1, Pos: "m.go:21:1", Op: "chan receive"}, rt.Point{PC: 2, Pos: "m.go:22:1", Op: "chan send"})

func (t *shareWorker) Run(g *rt.G) {
	f := shareWorker__f{jobs: t.jobs, results: t.results, wg: t.wg}
	push := func(pc int) {
		c := f
		c.PC = pc
		g.Push(&c)
	}
	if g.Resuming() {
		f = *rt.Pop[shareWorker__f](g)
		if f.PC == 2 {
			goto send
		}
	}
loop:
	{
		v, ok := rt.Recv2(g, f.jobs)
		if g.Suspending() {
			push(1)
			return
		}
		if !ok {
			rt.WaitGroupDone(f.wg)
			return
		}
		f.v = v
	}
send:
	rt.Send(g, f.results, f.v*f.v)
	if g.Suspending() {
		push(2)
		return
	}
	goto loop
}

func init() { crashers["sharePool"] = &sharePool{} }

func TestSharePool(t *testing.T) {
	for _, n := range []int{0, 1, 3} {
		var kill func(uint32, int) bool
		if n > 0 {
			kill = func(_ uint32, step int) bool { return step%n == 0 }
		}
		r := runShared(t, "sharePool", kill)
		if got := strings.TrimSpace(r.stdout.String()); got != "sum 285" || r.exit == nil || r.exit.Status != 0 {
			t.Errorf("kill every %d: %q, %+v\n%s", n, got, r.exit, r.stderr.String())
		}
		t.Logf("kill every %d: %d steps, %d kills", n, r.steps, r.kills)
	}
}
