package rt_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/harkgen/harkgen/rt"
)

// This file tests package variables, atomics and TryLock across processes.

// shareVars is a package variable of the program.
var shareVars struct {
	mu    sync.Mutex
	n     int
	hits  atomic.Int64
	flag  atomic.Bool
	top   atomic.Pointer[shareNode]
	value atomic.Value
}

type shareNode struct {
	n    int
	next *shareNode
}

func init() {
	rt.RegisterVar("rt_test.shareVars", &shareVars)
	crashers["shareVars"] = &shareVarsMain{}
}

type shareVarsMain struct{}

type shareVarsMain__f struct {
	rt.Frame
	wg *sync.WaitGroup
}

var _ = rt.Register[shareVarsMain__f]("main.shareVars", rt.Point{PC: 1, Pos: "m.go:1:1", Op: "sync.WaitGroup.Wait"}, rt.Point{PC: 2, Pos: "m.go:2:1", Op: "sync/atomic"})

func (*shareVarsMain) Run(g *rt.G) {
	var f shareVarsMain__f
	if g.Resuming() {
		if f = *rt.Pop[shareVarsMain__f](g); f.PC == 2 {
			goto load
		}
		goto wait
	}
	f.wg = new(sync.WaitGroup)
	shareVars.hits.Store(100)
	shareVars.value.Store("begun")
	for i := range 3 {
		rt.WaitGroupGoRemote(g, f.wg, &shareVarsWorker{i}, "", "rt_test.shareVars")
	}
wait:
	rt.WaitGroupWait(g, f.wg)
	if g.Suspending() {
		g.Push(&shareVarsMain__f{Frame: rt.Frame{PC: 1}, wg: f.wg})
		return
	}
load:
	hits := rt.AtomicLoad(g, rt.Int64Word(&shareVars.hits))
	if g.Suspending() {
		g.Push(&shareVarsMain__f{Frame: rt.Frame{PC: 2}, wg: f.wg})
		return
	}
	sum := 0
	for x := shareVars.top.Load(); x != nil; x = x.next { // the Wait has told of it
		sum += x.n
	}
	fmt.Println(hits, shareVars.n, shareVars.flag.Load(), sum, shareVars.value.Load())
}

type shareVarsWorker struct{ id int }

type shareVarsWorker__f struct {
	rt.Frame
	id   int
	node *shareNode
}

var _ = rt.Register[shareVarsWorker__f]("main.shareVarsWorker", rt.Point{PC: 1, Pos: "m.go:11:1", Op: "sync/atomic"}, rt.Point{PC: 2, Pos: "m.go:12:1", Op: "sync.Mutex.TryLock"},
	rt.Point{PC: 3, Pos: "m.go:13:1", Op: "sync/atomic"}, rt.Point{PC: 4, Pos: "m.go:14:1", Op: "sync/atomic"}, rt.Point{PC: 5, Pos: "m.go:15:1", Op: "sync/atomic"}, rt.Point{PC: 6, Pos: "m.go:16:1", Op: "sync/atomic"})

func (t *shareVarsWorker) Run(g *rt.G) {
	f := shareVarsWorker__f{id: t.id}
	push := func(pc int) {
		c := f
		c.PC = pc
		g.Push(&c)
	}
	if g.Resuming() {
		f = *rt.Pop[shareVarsWorker__f](g)
		switch f.PC {
		case 2:
			goto try
		case 3:
			goto flag
		case 4:
			goto load
		case 5:
			goto swap
		case 6:
			goto value
		}
	}
	rt.AtomicAdd(g, rt.Int64Word(&shareVars.hits), int64(f.id+1))
	if g.Suspending() {
		push(1)
		return
	}
try:
	{
		ok := rt.TryLock(g, &shareVars.mu)
		if g.Suspending() {
			push(2)
			return
		}
		if !ok {
			goto try
		}
	}
	shareVars.n++
	rt.UnlockG(g, &shareVars.mu)
flag:
	rt.AtomicBoolCompareAndSwap(g, &shareVars.flag, false, true)
	if g.Suspending() {
		push(3)
		return
	}
load:
	{
		old := rt.AtomicPointerLoad(g, &shareVars.top)
		if g.Suspending() {
			push(4)
			return
		}
		f.node = &shareNode{f.id, old}
	}
swap:
	{
		ok := rt.AtomicPointerCompareAndSwap(g, &shareVars.top, f.node.next, f.node)
		if g.Suspending() {
			push(5)
			return
		}
		if !ok {
			goto load
		}
	}
value:
	rt.AtomicValueStore(g, &shareVars.value, "done")
	if g.Suspending() {
		push(6)
	}
}

// TestShareVars: three processes count in a variable, and push onto a stack in it.
func TestShareVars(t *testing.T) {
	for _, n := range []int{0, 1, 3} {
		var kill func(uint32, int) bool
		if n > 0 {
			kill = func(_ uint32, step int) bool { return step%n == 0 }
		}
		r := runShared(t, "shareVars", kill)
		if got := strings.TrimSpace(r.stdout.String()); got != "106 3 true 3 done" || r.exit == nil || r.exit.Status != 0 {
			t.Errorf("kill every %d: %q, %+v\n%s", n, got, r.exit, r.stderr.String())
		}
		t.Logf("kill every %d: %d steps, %d kills", n, r.steps, r.kills)
	}
}
