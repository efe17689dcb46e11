package rt_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/harkgen/harkgen/rt"
)

// shareGroup: a WaitGroup that starts goroutines in processes of their own; then the length and the end of the channel they have sent on.
type shareGroup struct{}

type shareGroup__f struct {
	rt.Frame
	ch     chan int
	wg     *sync.WaitGroup
	n, sum int
}

var _ = rt.Register[shareGroup__f]("main.shareGroup", rt.Point{PC: 1, Pos: "m.go:1:1", Op: "sync.WaitGroup.Wait"},
	rt.Point{PC: 2, Pos: "m.go:2:1", Op: "len"}, rt.Point{PC: 3, Pos: "m.go:3:1", Op: "close"}, rt.Point{PC: 4, Pos: "m.go:4:1", Op: "chan receive"})

func (*shareGroup) Run(g *rt.G) {
	var f shareGroup__f
	push := func(pc int) {
		c := f
		c.PC = pc
		g.Push(&c)
	}
	if g.Resuming() {
		f = *rt.Pop[shareGroup__f](g)
		switch f.PC {
		case 1:
			goto wait
		case 2:
			goto length
		case 3:
			goto closing
		case 4:
			goto receive
		}
	}
	f.ch, f.wg = make(chan int, 3), new(sync.WaitGroup)
	for i := range 3 {
		rt.WaitGroupGoRemote(g, f.wg, &shareGroupWorker{f.ch, i + 1}, "")
	}
wait:
	rt.WaitGroupWait(g, f.wg)
	if g.Suspending() {
		push(1)
		return
	}
length:
	{
		n := rt.LenSend[int](g, f.ch)
		if g.Suspending() {
			push(2)
			return
		}
		f.n = n
	}
closing:
	rt.Close(g, f.ch)
	if g.Suspending() {
		push(3)
		return
	}
receive:
	for {
		v, ok := rt.Recv2(g, f.ch)
		if g.Suspending() {
			push(4)
			return
		}
		if !ok {
			break
		}
		f.sum += v
	}
	fmt.Println("length", f.n, "sum", f.sum)
}

type shareGroupWorker struct {
	ch chan int
	v  int
}

type shareGroupWorker__f struct {
	rt.Frame
	ch chan int
	v  int
}

var _ = rt.Register[shareGroupWorker__f]("main.groupWorker", rt.Point{PC: 1, Pos: "m.go:11:1", Op: "chan send"})

func (t *shareGroupWorker) Run(g *rt.G) {
	ch, v := t.ch, t.v
	if g.Resuming() {
		f := rt.Pop[shareGroupWorker__f](g)
		ch, v = f.ch, f.v
	}
	rt.Send(g, ch, v)
	if g.Suspending() {
		g.Push(&shareGroupWorker__f{rt.Frame{PC: 1}, ch, v})
	}
}

func init() { crashers["shareGroup"] = &shareGroup{} }

func TestShareGroup(t *testing.T) {
	for _, n := range []int{0, 1} {
		var kill func(uint32, int) bool
		if n > 0 {
			kill = func(_ uint32, step int) bool { return step%n == 0 }
		}
		r := runShared(t, "shareGroup", kill)
		if got := strings.TrimSpace(r.stdout.String()); got != "length 3 sum 6" || r.exit == nil || r.exit.Status != 0 {
			t.Errorf("kill every %d: %q, %+v\n%s", n, got, r.exit, r.stderr.String())
		}
	}
}
