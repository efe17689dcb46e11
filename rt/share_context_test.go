package rt_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/harkgen/harkgen/rt"
)

// A testContext is what package context makes, in a few lines.
type testContext struct {
	parent *testContext

	mu       sync.Mutex     `hark_share:"context"`
	done     chan struct{}  `hark_share:"own"`
	children []*testContext `hark_share:"own"`
	err      error          `hark_share:"own"`
	cause    error          `hark_share:"own"`
}

var errTestCancelled = errors.New("cancelled")

func newTestContext(parent *testContext) *testContext {
	c := &testContext{parent: parent}
	c.attach()
	return c
}

func (c *testContext) Done() <-chan struct{} {
	if c.done == nil {
		c.done = make(chan struct{})
		rt.DoneMade(c, c.done)
	}
	return c.done
}

func (c *testContext) attach() {
	if c.parent != nil {
		c.parent.children = append(c.parent.children, c)
	}
}

func (c *testContext) cancel(err, cause error) {
	if c.err != nil {
		return
	}
	c.err, c.cause = err, cause
	close(c.done)
	rt.ContextCancelled(&c.mu, c.done, err, cause)
	for _, child := range c.children {
		child.cancel(err, cause)
	}
}

func init() {
	rt.RegisterContexts(
		func(ctx any) *sync.Mutex { return &ctx.(*testContext).mu },
		func(ctx any) *sync.Mutex {
			if p := ctx.(*testContext).parent; p != nil {
				return &p.mu
			}
			return nil
		},
		func(ctx any) <-chan struct{} { return ctx.(*testContext).Done() },
		func(ctx any) (err, cause error) { return ctx.(*testContext).err, ctx.(*testContext).cause },
		func(ctx any, err, cause error) { ctx.(*testContext).Done(); ctx.(*testContext).cancel(err, cause) },
		func(ctx any) { ctx.(*testContext).attach() },
	)
	rt.RegisterDistributed()
	crashers["shareContext"] = &shareContext{}
}

// shareContext: one worker waits for the Done channel of a derived context, another polls; a third cancels the root. All tell the cause, also main.
type shareContext struct{}

type shareContext__f struct {
	rt.Frame
	root *testContext
	out  chan string
	n    int
}

var _ = rt.Register[shareContext__f]("main.shareContext", rt.Point{PC: 1, Pos: "m.go:1:1", Op: "chan receive"})

func (*shareContext) Run(g *rt.G) {
	var f shareContext__f
	if g.Resuming() {
		f = *rt.Pop[shareContext__f](g)
	} else {
		f.root, f.out = newTestContext(nil), make(chan string)
		child := newTestContext(f.root)
		f.root.Done()
		child.Done()
		rt.GoRemote(g, &shareContextWorker{child, f.out, "waits"}, "")
		rt.GoRemote(g, &shareContextWorker{child, f.out, "polls"}, "")
		rt.GoRemote(g, &shareContextWorker{f.root, f.out, "cancels"}, "")
	}
	for f.n < 3 {
		s := rt.Recv(g, f.out)
		if g.Suspending() {
			f.PC = 1
			c := f
			g.Push(&c)
			return
		}
		if s != "enough" || f.root.cause == nil || f.root.cause.Error() != s {
			fmt.Println("cause:", s, f.root.cause)
		}
		f.n++
	}
	fmt.Println("done", f.root.err == errTestCancelled)
}

type shareContextWorker struct {
	ctx  *testContext
	out  chan string
	what string
}

type shareContextWorker__f struct {
	rt.Frame
	ctx *testContext
	out chan string
}

var _ = rt.Register[shareContextWorker__f]("main.shareContextWorker", rt.Point{PC: 1, Pos: "m.go:11:1", Op: "chan receive"},
	rt.Point{PC: 2, Pos: "m.go:12:1", Op: "running"}, rt.Point{PC: 3, Pos: "m.go:13:1", Op: "chan send"})

func (t *shareContextWorker) Run(g *rt.G) {
	f := shareContextWorker__f{ctx: t.ctx, out: t.out}
	push := func(pc int) {
		c := f
		c.PC = pc
		g.Push(&c)
	}
	pc := map[string]int{"waits": 1, "polls": 2, "cancels": 0}[t.what]
	if g.Resuming() {
		f = *rt.Pop[shareContextWorker__f](g)
		pc = f.PC
	}
	switch pc {
	case 0:
		if !rt.EndContextG(g, &f.ctx.mu, errTestCancelled, errors.New("enough")) {
			panic("the context is not shared")
		}
		rt.EndContextG(g, &f.ctx.mu, errTestCancelled, errors.New("too late"))
		fallthrough
	case 1:
		rt.Recv(g, f.ctx.Done())
		if g.Suspending() {
			push(1)
			return
		}
	case 2:
		for f.ctx.err == nil {
			if g.Poll() {
				g.Yield()
				push(2)
				return
			}
		}
	}
	rt.Send(g, f.out, f.ctx.cause.Error())
	if g.Suspending() {
		push(3)
	}
}

func TestShareContext(t *testing.T) {
	for _, n := range []int{0, 1, 2} {
		var kill func(uint32, int) bool
		if n > 0 {
			kill = func(_ uint32, step int) bool { return step%n == 0 }
		}
		r := runShared(t, "shareContext", kill)
		if got := strings.TrimSpace(r.stdout.String()); got != "done true" || r.exit == nil || r.exit.Status != 0 {
			t.Errorf("kill every %d: %q, %+v\n%s", n, got, r.exit, r.stderr.String())
		}
		t.Logf("kill every %d: %d steps, %d kills", n, r.steps, r.kills)
	}
}
