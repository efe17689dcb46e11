package rt_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt"
	"github.com/harkgen/harkgen/rt/wire"
)

const envProgram = "RT_TEST_PROGRAM"

func TestMain(m *testing.M) {
	name := os.Getenv(envProgram)
	if name == "" {
		os.Exit(m.Run())
	}
	h, err := wire.Dial()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	main, ok := crashers[name]
	if !ok {
		for _, p := range programs {
			if p.name == name {
				main = printing{p.main}
			}
		}
	}
	rt.Main(&rt.Program{Name: name, Main: main}, h)
}

// printing prints out at the end of main, for the parent to see.
type printing struct{ t rt.Thunk }

func (p printing) Run(g *rt.G) {
	p.t.Run(g)
	if !g.Suspending() {
		for _, s := range out {
			fmt.Println(s)
		}
	}
}

// A supervisor runs a program in worker processes, and kills each at a chaos commit.
type supervisor struct {
	name     string
	chaos    int
	last     []byte // snapshot, nil before the first
	commits  []wire.Commit
	stdout   bytes.Buffer // of the last worker
	stderr   bytes.Buffer
	refused  string
	onCommit func(c wire.Commit) (verdict string)
	onStart  func(c *wire.Conn)
}

// run runs workers until one ends by itself, and returns its status.
func (s *supervisor) run(t *testing.T) int {
	t.Helper()
	for {
		if status, again := s.step(t); !again {
			return status
		}
	}
}

func (s *supervisor) step(t *testing.T) (status int, again bool) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.SetNonblock(fds[0], true)
	mine, theirs := os.NewFile(uintptr(fds[0]), "worker"), os.NewFile(uintptr(fds[1]), "host")
	s.stdout.Reset()
	s.stderr.Reset()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envProgram+"="+s.name, "HARK_FD=3")
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Stdout, cmd.Stderr = &s.stdout, &s.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	conn := wire.NewConn(mine)
	defer conn.Close()
	timer := time.AfterFunc(30*time.Second, func() {
		cmd.Process.Signal(syscall.SIGQUIT)
		time.Sleep(time.Second)
		cmd.Process.Kill()
	})
	defer timer.Stop()
	for {
		msg, snapshot, err := conn.Receive()
		if err != nil {
			break
		}
		switch m := msg.(type) {
		case wire.Load:
			conn.Send(wire.Start{Run: "r", Chaos: s.chaos, New: s.last == nil, Size: int64(len(s.last))}, bytes.NewReader(s.last))
			if s.onStart != nil {
				s.onStart(conn)
			}
		case wire.Commit:
			if s.last, err = io.ReadAll(snapshot); err != nil {
				t.Fatal(err)
			}
			s.commits = append(s.commits, m)
			if m.Reason == "chaos" {
				cmd.Process.Kill()
				continue
			}
			v := wire.VerdictContinue
			if s.onCommit != nil {
				v = s.onCommit(m)
			}
			conn.Send(wire.Committed{Verdict: v}, nil)
		case wire.Refused:
			s.refused = m.Err
			cmd.Process.Kill()
		}
	}
	err = cmd.Wait()
	var ee *exec.ExitError
	if errors.As(err, &ee) && ee.Sys().(syscall.WaitStatus).Signaled() {
		if s.refused != "" {
			return -1, false
		}
		if sig := ee.Sys().(syscall.WaitStatus).Signal(); sig == syscall.SIGKILL {
			return 0, true
		}
	}
	return cmd.ProcessState.ExitCode(), false
}

func (s *supervisor) String() string {
	return fmt.Sprintf("%s: stdout %q stderr %.2000q, %d commits", s.name, s.stdout.String(), s.stderr.String(), len(s.commits))
}

func TestChaosProcess(t *testing.T) {
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			s := &supervisor{name: p.name, chaos: 1}
			if p.slow || testing.Short() {
				s.chaos = 23
			}
			if status := s.run(t); status != 0 {
				t.Errorf("status %d", status)
			}
			if want := strings.Join(p.want, "\n") + "\n"; s.stdout.String() != want {
				t.Errorf("%v, want %q", s, want)
			}
			t.Logf("%d processes", len(s.commits)+1)
		})
	}
}

// ---- programs that end badly, or need a process of their own

var crashers = map[string]rt.Thunk{
	"deadlock":   &recvMain{make(chan int)},
	"nilrecv":    &recvMain{},
	"noselect":   &noSelectMain{},
	"deadlock2":  &deadlock2Main{},
	"maingoexit": &mainGoexit{},
	"goexitlast": &mainGoexit{last: true},
	"panic":      &panicMain{},
	"panicother": &panicOther{},
	"longsleep":  &longSleep{},
	"unmovable":  &unmovableMain{},
	"spin":       &spinMain{},
	"foreign":    &foreignMain{},
	"exit":       &exitMain{},
}

type recv__f struct {
	rt.Frame
	c chan int
}

var _ = rt.Register[recv__f]("main.main", rt.Point{PC: 1, Pos: "/p/main.go:5:2", Op: "chan receive"})

type recvMain struct{ c chan int }

func (t *recvMain) Run(g *rt.G) {
	c := t.c
	if g.Resuming() {
		c = rt.Pop[recv__f](g).c
	}
	rt.Recv(g, c)
	if g.Suspending() {
		g.Push(&recv__f{rt.Frame{PC: 1}, c})
		return
	}
}

type noSelectMain struct{}

func (t *noSelectMain) Run(g *rt.G) {
	if g.Resuming() {
		rt.Pop[recv__f](g)
	}
	if g.Before() {
		g.Concede()
	} else {
		g.Park()
		<-g.Stop()
		g.Concede()
		g.Unpark()
	}
	if g.Suspending() {
		g.Push(&recv__f{Frame: rt.Frame{PC: 1}})
		return
	}
}

type deadlock2Main struct{}

func (t *deadlock2Main) Run(g *rt.G) {
	if !g.Resuming() {
		a, b := make(chan int), make(chan int)
		rt.Go(g, &pongThunk{a, b})
		(&recvMain{b}).Run(g)
		return
	}
	(&recvMain{}).Run(g)
}

type mainGoexit struct{ last bool }

func (t *mainGoexit) Run(g *rt.G) {
	if !t.last {
		rt.Go(g, &recvMain{make(chan int)})
	}
	exitGoroutine()
}

type panicMain struct{}

func (t *panicMain) Run(g *rt.G) {
	if g.Resuming() {
		rt.Pop[recv__f](g)
	}
	rt.Sleep(g, 5*time.Millisecond)
	if g.Suspending() {
		g.Push(&recv__f{Frame: rt.Frame{PC: 1}})
		return
	}
	panic(errors.New("oops"))
}

type panicOther struct{}

func (t *panicOther) Run(g *rt.G) {
	rt.Go(g, &panicMain{})
	(&recvMain{make(chan int)}).Run(g)
}

type longSleep struct{}

func (t *longSleep) Run(g *rt.G) {
	if g.Resuming() {
		rt.Pop[recv__f](g)
	}
	rt.Sleep(g, 2*time.Second)
	if g.Suspending() {
		g.Push(&recv__f{Frame: rt.Frame{PC: 1}})
		return
	}
	fmt.Println("awake")
}

type unmovable__f struct {
	rt.Frame
	conn *os.File
}

var _ = rt.Register[unmovable__f]("main.handler", rt.Point{PC: 1, Pos: "main.go:31:2", Op: "sleep"})

type unmovableMain struct{}

func (t *unmovableMain) Run(g *rt.G) {
	var f *os.File
	if g.Resuming() {
		f = rt.Pop[unmovable__f](g).conn
	} else {
		f, _ = os.Open("/dev/zero")
	}
	rt.Sleep(g, 20*time.Second)
	if g.Suspending() {
		g.Push(&unmovable__f{rt.Frame{PC: 1}, f})
		return
	}
}

type spin__f struct {
	rt.Frame
	end time.Time
	i   int
}

// spinMain is CPU-bound: it is suspended at polls only.
type spinMain struct{}

func (t *spinMain) Run(g *rt.G) {
	var end time.Time
	var i int
	if g.Resuming() {
		f := rt.Pop[spin__f](g)
		end, i = f.end, f.i
	} else {
		end = time.Now().Add(1200 * time.Millisecond).Round(0)
	}
	for {
		if g.Poll() {
			g.Yield()
			g.Push(&spin__f{rt.Frame{PC: 1}, end, i})
			return
		}
		if i++; i&0xffff == 0 && time.Now().After(end) {
			break
		}
	}
	fmt.Println("spun")
}

// foreignMain has a goroutine of uncompiled code for 300 ms.
type foreignMain struct{}

func (t *foreignMain) Run(g *rt.G) {
	c := make(chan int)
	if g.Resuming() {
		c = rt.Pop[recv__f](g).c
	} else {
		go func() {
			time.Sleep(300 * time.Millisecond)
			c <- 1
		}()
	}
	rt.Recv(g, c)
	if g.Suspending() {
		g.Push(&recv__f{rt.Frame{PC: 1}, c})
		return
	}
	fmt.Println("received")
}

type exitMain struct{}

func (t *exitMain) Run(g *rt.G) {
	rt.Go(g, &longSleep{})
	os.Exit(7)
}

func TestEndings(t *testing.T) {
	for _, c := range []struct {
		name   string
		status int
		stdout string
		stderr string // prefix
	}{
		{"deadlock", 2, "", "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:\nmain.main()\n\t/p/main.go:5\n"},
		{"nilrecv", 2, "", "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive (nil chan)]:\nmain.main()\n\t/p/main.go:5\n"},
		{"noselect", 2, "", "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [select (no cases)]:\nmain.main()\n\t/p/main.go:5\n"},
		{"deadlock2", 2, "", "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 1 [chan receive]:\nmain.main()\n\t/p/main.go:5\n\ngoroutine 2 [chan receive]:\n"},
		{"maingoexit", 2, "", "fatal error: all goroutines are asleep - deadlock!\n\ngoroutine 2 [chan receive]:\nmain.main()\n\t/p/main.go:5\n"},
		{"goexitlast", 2, "", "fatal error: no goroutines (main called runtime.Goexit) - deadlock!\n"},
		{"panic", 2, "", "panic: oops\n\ngoroutine "},
		{"panicother", 2, "", "panic: oops\n\ngoroutine "},
		{"foreign", 0, "received\n", ""},
		{"exit", 7, "", ""},
	} {
		for _, chaos := range []int{0, 1} {
			t.Run(c.name+strconv.Itoa(chaos), func(t *testing.T) {
				s := &supervisor{name: c.name, chaos: chaos}
				start := time.Now()
				status := s.run(t)
				if status != c.status || s.stdout.String() != c.stdout || !strings.HasPrefix(s.stderr.String(), c.stderr) {
					t.Errorf("status %d, want %d; %v, want %q", status, c.status, s, c.stderr)
				}
				t.Logf("%v, %d commits", time.Since(start), len(s.commits))
			})
		}
	}
}

func TestIdleUnloads(t *testing.T) {
	s := &supervisor{name: "longsleep", onCommit: func(c wire.Commit) string {
		if c.Reason == "idle" {
			return wire.VerdictExit
		}
		return wire.VerdictContinue
	}}
	start := time.Now()
	if status, _ := s.step(t); status != 75 {
		t.Fatalf("status %d; %v", status, s)
	}
	c := s.commits[0]
	if took := time.Since(start); took > time.Second {
		t.Errorf("unloaded after %v", took)
	}
	if w := c.Wake.Sub(start); w < 1900*time.Millisecond || w > 3*time.Second {
		t.Errorf("wake in %v", w)
	}
	if len(c.Goroutines) != 1 || c.Goroutines[0].Op != "sleep" || c.Goroutines[0].Func != "main.main" {
		t.Errorf("goroutines %+v", c.Goroutines)
	}
	time.Sleep(time.Until(c.Wake))
	if status := s.run(t); status != 0 || s.stdout.String() != "awake\n" {
		t.Errorf("status %d; %v", status, s)
	}
}

func TestIdleStays(t *testing.T) {
	s := &supervisor{name: "longsleep"}
	if status := s.run(t); status != 0 || s.stdout.String() != "awake\n" {
		t.Errorf("status %d; %v", status, s)
	}
	if len(s.commits) > 2 {
		t.Errorf("%v", s)
	}
}

func TestUnmovable(t *testing.T) {
	s := &supervisor{name: "unmovable"}
	if s.run(t); !strings.HasPrefix(s.refused, "main.go:31:2: main.handler cannot be saved: conn -> ") || !strings.Contains(s.refused, "os.") {
		t.Errorf("refused %q; %v", s.refused, s)
	}
	t.Log(s.refused)
}

// TestDamaged: a worker that cannot load its snapshot has not run, so it is no exit of the program.
func TestDamaged(t *testing.T) {
	s := &supervisor{name: "spin", last: bytes.Repeat([]byte("damaged "), 1<<20)}
	if status := s.run(t); status != -1 || !strings.HasPrefix(s.refused, "cannot load the snapshot: ") {
		t.Errorf("status %d, refused %q; %v", status, s.refused, s)
	}
	t.Log(s.refused)
}

func TestWanted(t *testing.T) {
	var once sync.Once
	s := &supervisor{name: "spin", onStart: func(c *wire.Conn) {
		once.Do(func() {
			time.AfterFunc(100*time.Millisecond, func() { c.Send(wire.Wanted{}, nil) })
		})
	}}
	if status := s.run(t); status != 0 {
		t.Errorf("status %d; %v", status, s)
	}
	if len(s.commits) == 0 || s.commits[0].Reason != "wanted" {
		t.Errorf("%v", s)
	}
	t.Log(s)
}

func TestHostGone(t *testing.T) {
	s := &supervisor{name: "longsleep", onStart: func(c *wire.Conn) { c.Close() }}
	if status, _ := s.step(t); status != 137 {
		t.Errorf("status %d; %v", status, s)
	}
}

func TestNoHost(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envProgram+"=exit")
	b, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(b), "harkgen run") {
		t.Errorf("%v: %s", err, b)
	}
}

// ---- a variable that the compiler was wrong about

var constant = map[string][]int{"a": {1}}

func init() {
	rt.RegisterRebuilt("github.com/harkgen/harkgen/rt_test.constant", &constant, true)
	crashers["rebuilt"] = &rebuiltMain{}
}

type rebuiltMain struct{}

func (*rebuiltMain) Run(g *rt.G) {
	c := make(chan int, 1)
	if g.Resuming() {
		c = rt.Pop[recv__f](g).c
	} else {
		c <- 1
		constant["a"][0]++
	}
	rt.Recv(g, c)
	if g.Suspending() {
		g.Push(&recv__f{rt.Frame{PC: 1}, c})
	}
}

func TestRebuiltChanged(t *testing.T) {
	for check, want := range map[string]int{"1": 1, "": 0} {
		t.Setenv("HARKCHECK", check)
		s := &supervisor{name: "rebuilt", chaos: 1}
		status := s.run(t)
		if status != want || want == 1 && !strings.Contains(s.stderr.String(), "rt_test.constant was taken for constant") {
			t.Errorf("HARKCHECK=%q: status %d, want %d: %s", check, status, want, &s.stderr)
		}
	}
}
