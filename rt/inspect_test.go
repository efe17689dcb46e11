package rt_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt"
	"github.com/harkgen/harkgen/rt/wire"
)

// ---- a program to be inspected: as the compiler emits it, with tags

type inspectNode struct {
	val  int
	next *inspectNode
}

type inspectAll struct {
	text  string
	list  []int
	m     map[string]*inspectNode
	nan   map[float64]int
	at    time.Time
	any   any
	lock  sync.RWMutex
	fn    func() int
	inner struct {
		deep struct{ deeper struct{ deepest []int } }
	}
	bytes []byte
}

type inspectEnv struct {
	n *int `hark:"*"`
}

func (e *inspectEnv) fn() int {
	println("a function of the program's was called") // which would show in the output
	return *e.n
}

var inspectState = 5

func init() {
	rt.RegisterClosure[inspectEnv]("rt_test.inspectEnv main.main.func1", (*inspectEnv)(nil).fn)
	rt.RegisterVar("rt_test.inspectState", &inspectState)
	crashers["inspect"] = &inspectMain{}
}

type inspect__f struct {
	rt.Frame
	all    *inspectAll
	dead   *inspectAll
	jobs   chan *inspectNode
	count  *int              `hark:"*"`
	x2     string            `hark:"x"`
	t8     chan *inspectNode `hark:"=jobs"`
	t9     int               `hark:"-"`
	mu     *sync.Mutex       `hark:"*"`
	timer  *time.Timer
	hidden *inspectNode `hark:"=other"`
}

var _ = rt.Register[inspect__f]("main.main", rt.Point{PC: 1, Pos: "main.go:7:2", Op: "chan receive", Live: "\xfd\x03"})

type inspectMain struct{}

func (*inspectMain) Run(g *rt.G) {
	var f *inspect__f
	if g.Resuming() {
		f = rt.Pop[inspect__f](g)
	} else {
		a := &inspectNode{val: 1}
		a.next = &inspectNode{val: 2, next: a}
		n := 3
		f = &inspect__f{all: &inspectAll{
			text: strings.Repeat("é", 200), list: make([]int, 3, 4),
			m: map[string]*inspectNode{"b": a, "a": a.next}, nan: map[float64]int{},
			at: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), any: int8(4), fn: (&inspectEnv{&n}).fn, bytes: []byte("hi\n"),
		}, jobs: make(chan *inspectNode), count: &n, x2: "two", mu: new(sync.Mutex), timer: time.NewTimer(time.Hour), hidden: a}
		f.t8, f.PC = f.jobs, 1
		f.all.nan[0/f.zero()] = 1
		f.all.inner.deep.deeper.deepest = []int{9}
		c := make(chan *inspectNode, 4)
		c <- a
		close(c)
		rt.Go(g, &inspectHolder{f.mu, &f.all.lock, c})
		rt.AfterFunc(2*time.Hour, f.all.fn1())
	}
	_, _ = f.dead, f.t9 // not alive here
	rt.Recv(g, f.jobs)
	if g.Suspending() {
		g.Push(f)
	}
}

func (*inspect__f) zero() float64 { return 0 }

func (a *inspectAll) fn1() func() { return (&rtFunc{}).fn }

type rtFunc struct{ x int }

func (f *rtFunc) fn() { f.x++ }

func init() {
	rt.RegisterClosure[rtFunc]("rt_test.rtFunc main.late", (*rtFunc)(nil).fn)
}

// inspectHolder takes both locks and sleeps.
type inspectHolder struct {
	mu *sync.Mutex
	rw *sync.RWMutex
	c  chan *inspectNode
}

type holder__f struct {
	rt.Frame
	c chan *inspectNode
}

var _ = rt.Register[holder__f]("main.holder", rt.Point{PC: 3, Pos: "main.go:20:3", Op: "sleep", Live: "\x01"})

func (t *inspectHolder) Run(g *rt.G) {
	pc := 1
	if g.Resuming() {
		pc = rt.Pop[holder__f](g).PC
	}
	if pc == 1 {
		if rt.Lock(g, t.mu); g.Suspending() {
			g.Push(&holder__f{rt.Frame{PC: 1}, t.c})
			return
		}
		rt.Go(g, &inspectWaiter{t.mu})
		pc = 2
	}
	if pc == 2 {
		if rt.RLock(g, t.rw); g.Suspending() {
			g.Push(&holder__f{rt.Frame{PC: 2}, t.c})
			return
		}
	}
	rt.Sleep(g, time.Hour)
	if g.Suspending() {
		g.Push(&holder__f{rt.Frame{PC: 3}, t.c})
	}
}

type inspectWaiter struct{ mu *sync.Mutex }

type waiter__f struct{ rt.Frame }

var _ = rt.Register[waiter__f]("main.waiter", rt.Point{PC: 1, Pos: "main.go:30:3", Op: "sync.Mutex.Lock", Live: ""})

func (t *inspectWaiter) Run(g *rt.G) {
	if g.Resuming() {
		rt.Pop[waiter__f](g)
	}
	rt.Lock(g, t.mu)
	if g.Suspending() {
		g.Push(&waiter__f{rt.Frame{PC: 1}})
	}
}

// ---- the test

// inspectSnapshot has a snapshot described in a process of its own, and returns also what that wrote.
func inspectSnapshot(t *testing.T, name string, snapshot []byte, o rt.InspectOptions) (*rt.Inspection, string) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	syscall.SetNonblock(fds[0], true)
	mine, theirs := os.NewFile(uintptr(fds[0]), "worker"), os.NewFile(uintptr(fds[1]), "host")
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envProgram+"="+name, "HARK_FD=3")
	cmd.ExtraFiles = []*os.File{theirs}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	conn := wire.NewConn(mine)
	defer conn.Close()
	timer := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	var i *rt.Inspection
	for {
		msg, _, err := conn.Receive()
		if err != nil {
			break
		}
		switch m := msg.(type) {
		case wire.Load:
			conn.Send(wire.Start{Run: "r", Inspect: &o, Size: int64(len(snapshot))}, bytes.NewReader(snapshot))
		case wire.Inspected:
			i = m.Inspection
		default:
			t.Errorf("%T from a worker that inspects", m)
		}
	}
	if err := cmd.Wait(); err != nil || i == nil {
		t.Fatalf("%v: %s", err, said.String())
	}
	return i, said.String()
}

// stopped runs a program until it is idle, and returns its snapshot.
func stopped(t *testing.T, name string) []byte {
	t.Helper()
	s := &supervisor{name: name, onCommit: func(c wire.Commit) string {
		if c.Reason == "idle" {
			return wire.VerdictExit
		}
		return wire.VerdictContinue
	}}
	if status := s.run(t); status != 75 {
		t.Fatalf("status %d; %v", status, s)
	}
	return s.last
}

func TestInspect(t *testing.T) {
	o := rt.InspectOptions{Depth: 4, Elems: 8, String: 9, Goroutines: 10}
	i, said := inspectSnapshot(t, "inspect", stopped(t, "inspect"), o)
	if said != "" {
		t.Errorf("the program has run: %q", said)
	}
	if len(i.Goroutines) != 3 {
		t.Fatalf("%d goroutines", len(i.Goroutines))
	}
	main, holder, waiter := i.Goroutines[0], i.Goroutines[1], i.Goroutines[2]

	vars := map[string]*rt.Value{}
	ids := map[string]int{}
	for _, v := range main.Frames[0].Variables {
		vars[v.Name], ids[v.Name] = v.Value, v.ID
	}
	if f := main.Frames[0]; f.Function != "main.main" || f.Position != "main.go:7:2" {
		t.Errorf("frame %s at %s", f.Function, f.Position)
	}
	for _, name := range []string{"dead", "t8", "t9", "x2", "hidden"} {
		if vars[name] != nil {
			t.Errorf("%s is shown", name)
		}
	}
	for name, want := range map[string]string{
		"count": `{"kind":"int","text":"3"}`,
		"x":     `{"kind":"string","text":"\"two\""}`,
	} {
		if got := withoutID(toJSON(t, vars[name])); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if ids["count"] == 0 {
		t.Error("count, which a closure has captured, has no number")
	}

	all := map[string]*rt.Value{}
	for _, p := range vars["all"].Elem.Parts {
		all[p.Name] = p.Value
	}
	node := func(v *rt.Value) *rt.Value {
		for v.Elem != nil {
			v = v.Elem
		}
		return v
	}
	for name, want := range map[string]string{
		"text":  `{"kind":"string","text":"\"éééé\"","len":400,"omitted":392}`,
		"list":  `{"kind":"slice","type":"[]int","len":3,"cap":4,"parts":[{"value":{"kind":"int","text":"0"}},{"value":{"kind":"int","text":"0"}},{"value":{"kind":"int","text":"0"}}]}`,
		"nan":   `{"kind":"map","type":"map[float64]int","len":1,"parts":[{"key":{"kind":"float64","text":"NaN"},"value":{"kind":"int","text":"1"}}]}`,
		"at":    `{"kind":"time","type":"time.Time","text":"2026-01-02T03:04:05.000000006Z"}`,
		"any":   `{"kind":"interface","type":"interface {}","elem":{"kind":"int8","text":"4"}}`,
		"lock":  `{"kind":"lock","type":"sync.RWMutex","id":N,"text":"read-locked"}`,
		"fn":    `{"kind":"func","type":"func() int","text":"main.main.func1","parts":[{"name":"n","id":N,"value":{"kind":"int","text":"3"}}]}`,
		"bytes": `{"kind":"slice","type":"[]uint8","text":"\"hi\\n\"","len":3,"cap":3}`,
	} {
		got := toJSON(t, all[name])
		if strings.Contains(want, "N,") {
			got = withoutID(got)
		}
		if name == "bytes" {
			got, want = got[:strings.Index(got, `,"cap"`)], want[:strings.Index(want, `,"cap"`)]
		}
		if got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if got := toJSON(t, all["inner"]); strings.Contains(got, `"9"`) || !strings.Contains(got, `"cut":"depth"`) {
		t.Errorf("the fifth level is there, or not said to be cut: %s", got)
	}
	// The cycle a -> b -> a, reached through a map.
	m := all["m"].Parts
	if m[0].Key.Text != `"a"` || m[1].Key.Text != `"b"` {
		t.Errorf("keys %s, %s", m[0].Key.Text, m[1].Key.Text)
	}
	second := m[0].Value
	first := node(second).Parts[1].Value
	back := first.Elem.Parts[1].Value
	if back.Cut != "seen" || back.ID == 0 || back.ID != second.ID || m[1].Value.ID != first.ID || vars["other"].ID != first.ID {
		t.Errorf("the cycle is %s", toJSON(t, all["m"]))
	}

	// Locks: who has them, who waits.
	if len(holder.Holds) != 2 || holder.Holds[0].Op != "sync.Mutex.Lock" || holder.Holds[1].Op != "sync.RWMutex.RLock" {
		t.Errorf("the holder has %+v", holder.Holds)
	}
	mu := vars["mu"]
	l := i.Locks[slices.IndexFunc(i.Locks, func(l rt.InspectedLock) bool { return l.ID == mu.ID })]
	if l.State != "locked" || !slices.Equal(l.Owners, []int64{holder.ID}) || l.Unknown || len(l.Waiters) != 1 || l.Waiters[0].Goroutine != waiter.ID {
		t.Errorf("the mutex is %+v", l)
	}
	if waiter.Waits[0].ID != mu.ID || waiter.Op != "sync.Mutex.Lock" || waiter.State != "waiting" {
		t.Errorf("the waiter is %+v", waiter)
	}
	if d := time.Until(holder.Deadline); holder.Op != "sleep" || d < 50*time.Minute || d > time.Hour {
		t.Errorf("the holder's %s is until %v", holder.Op, holder.Deadline)
	}

	// Channels.
	jobs, c := vars["jobs"], holder.Frames[0].Variables[0].Value
	for _, ch := range i.Channels {
		switch ch.ID {
		case jobs.ID:
			if !slices.Equal(ch.Receivers, []int64{1}) || len(ch.Senders) != 0 || ch.Closed || ch.Cap != 0 {
				t.Errorf("jobs is %+v", ch)
			}
		case c.ID:
			if ch.Len != 1 || ch.Cap != 4 || !ch.Closed || len(ch.Elems) != 1 || ch.Elems[0].ID != first.ID {
				t.Errorf("c is %+v", ch)
			}
		}
	}
	if main.Waits[0].ID != jobs.ID || jobs.ID == 0 || c.ID == 0 {
		t.Errorf("main waits for %+v", main.Waits)
	}

	// Timers.
	var types []string
	for _, tm := range i.Timers {
		types = append(types, tm.Type)
		if tm.Type == "time.AfterFunc" && tm.Func.Text != "main.late" {
			t.Errorf("calls %s", tm.Func.Text)
		}
		if time.Until(tm.Due) < 50*time.Minute {
			t.Errorf("%s is due %v", tm.Type, tm.Due)
		}
	}
	slices.Sort(types)
	if fmt.Sprint(types) != "[time.AfterFunc time.Timer]" {
		t.Errorf("timers %v", types)
	}

	k := slices.IndexFunc(i.Variables, func(v rt.Variable) bool { return v.Name == "rt_test.inspectState" })
	if k < 0 || i.Variables[k].Value.Text != "5" {
		t.Errorf("package variables %v", toJSON(t, i.Variables))
	}

	o.All = true
	i, _ = inspectSnapshot(t, "inspect", stopped(t, "inspect"), o)
	if got := toJSON(t, i.Goroutines[0].Frames); !strings.Contains(got, `"t9"`) || strings.Contains(got, `"dead"`) {
		t.Errorf("with all: %s", got)
	}
}

func toJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// withoutID replaces the first number of an object by N.
func withoutID(s string) string {
	i := strings.Index(s, `"id":`)
	if i < 0 {
		return s
	}
	i += len(`"id":`)
	return s[:i] + "N" + strings.TrimLeft(s[i:], "0123456789")
}

// TestInspectSize: what is described of a large heap is bounded.
func TestInspectSize(t *testing.T) {
	i, _ := inspectSnapshot(t, "inspect", stopped(t, "inspect"), rt.InspectOptions{Depth: 1, Elems: 1, String: 1, Goroutines: 2})
	if len(i.Goroutines) != 2 || i.Omitted != 1 {
		t.Errorf("%d goroutines, %d omitted", len(i.Goroutines), i.Omitted)
	}
	if s := toJSON(t, i); len(s) > 6000 {
		t.Errorf("%d bytes: %s", len(s), s)
	}
}

// A treeMain waits with a variable of which every level has eight times the one above.
type treeMain struct{}

type tree struct{ kids []*tree }

type tree__f struct {
	rt.Frame
	root *tree
	last string
}

var _ = rt.Register[tree__f]("main.main", rt.Point{PC: 1, Pos: "main.go:7:2", Op: "sleep"})

func init() { crashers["inspecttree"] = &treeMain{} }

func grow(depth int) *tree {
	t := &tree{}
	for range 8 * min(depth, 1) {
		t.kids = append(t.kids, grow(depth-1))
	}
	return t
}

func (*treeMain) Run(g *rt.G) {
	f := &tree__f{rt.Frame{PC: 1}, nil, "last"}
	if g.Resuming() {
		f = rt.Pop[tree__f](g)
	} else {
		f.root = grow(5)
		rt.Go(g, &inspectHolder{new(sync.Mutex), new(sync.RWMutex), nil})
	}
	rt.Sleep(g, time.Hour)
	if g.Suspending() {
		g.Push(f)
	}
}

// TestInspectBudget: a large variable is cut, and does not keep the other goroutines from being shown.
func TestInspectBudget(t *testing.T) {
	i, _ := inspectSnapshot(t, "inspecttree", stopped(t, "inspecttree"), rt.InspectOptions{Depth: 100, Elems: 100, String: 100, Goroutines: 10})
	s := toJSON(t, i.Goroutines[0])
	if n := strings.Count(s, `"kind"`); n > 21000 || !strings.Contains(s, `"cut":"size"`) {
		t.Errorf("%d values", n)
	}
	if v := i.Goroutines[1].Frames[0].Variables; len(v) != 1 || v[0].Value.Text != "nil" {
		t.Errorf("the second goroutine: %+v", v)
	}
}
