package rt_test

import (
	"fmt"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt"
)

// This file holds programs that wait for channels, as the compiler would emit them.

// ---- worker pool

type poolMain struct{}

func (*poolMain) Run(g *rt.G) { pool(g) }

type pool__f struct {
	rt.Frame
	jobs, out chan int
	wg        *sync.WaitGroup
	sum, n, i int
}

var _ = rt.Register[pool__f]("main.pool", rt.Point{PC: 1, Pos: "main.go:10:2", Op: "chan send"}, rt.Point{PC: 2, Pos: "main.go:14:2", Op: "chan receive"})

func pool(g *rt.G) {
	var jobs, res chan int
	var wg *sync.WaitGroup
	var sum, n, i int
	if g.Resuming() {
		f := rt.Pop[pool__f](g)
		jobs, res, wg, sum, n, i = f.jobs, f.out, f.wg, f.sum, f.n, f.i
		switch f.PC {
		case 1:
			goto p1
		case 2:
			goto p2
		}
	}
	jobs, res, wg = make(chan int), make(chan int, 2), new(sync.WaitGroup)
	for i = range 3 {
		rt.WaitGroupAdd(wg, 1)
		rt.Go(g, &workerThunk{jobs, res, wg})
	}
	rt.Go(g, &closerThunk{res, wg})
	rt.Go(g, &collectSendThunk{jobs})
	goto p2
p1:
p2:
	for {
		v, ok := rt.Recv2(g, res)
		if g.Suspending() {
			g.Push(&pool__f{rt.Frame{PC: 2}, jobs, res, wg, sum, n, i})
			return
		}
		if !ok {
			break
		}
		sum += v
		n++
	}
	say("sum %d", sum)
	say("jobs %d", n)
}

type collectSendThunk struct{ jobs chan int }

func (t *collectSendThunk) Run(g *rt.G) { feed(g, t.jobs) }

type feed__f struct {
	rt.Frame
	jobs chan int
	i    int
}

var _ = rt.Register[feed__f]("main.feed", rt.Point{PC: 1, Pos: "main.go:20:2", Op: "chan send"})

func feed(g *rt.G, jobs chan int) {
	var i int
	if g.Resuming() {
		f := rt.Pop[feed__f](g)
		jobs, i = f.jobs, f.i
		goto p1
	}
loop:
	if i == 10 {
		close(jobs)
		return
	}
p1:
	rt.Send(g, jobs, i)
	if g.Suspending() {
		g.Push(&feed__f{rt.Frame{PC: 1}, jobs, i})
		return
	}
	i++
	goto loop
}

type closerThunk struct {
	out chan int
	wg  *sync.WaitGroup
}

func (t *closerThunk) Run(g *rt.G) { closer(g, t.out, t.wg) }

type closer__f struct {
	rt.Frame
	out chan int
	wg  *sync.WaitGroup
}

func closer(g *rt.G, res chan int, wg *sync.WaitGroup) {
	if g.Resuming() {
		f := rt.Pop[closer__f](g)
		res, wg = f.out, f.wg
	}
	rt.WaitGroupWait(g, wg)
	if g.Suspending() {
		g.Push(&closer__f{rt.Frame{PC: 1}, res, wg})
		return
	}
	close(res)
}

type workerThunk struct {
	jobs <-chan int
	out  chan<- int
	wg   *sync.WaitGroup
}

func (t *workerThunk) Run(g *rt.G) { worker(g, t.jobs, t.out, t.wg) }

type worker__f struct {
	rt.Frame
	jobs <-chan int
	out  chan<- int
	j    int
	d    rt.Defers
}

var _ = rt.Register[worker__f]("main.worker", rt.Point{PC: 1, Pos: "main.go:12:17", Op: "chan receive"}, rt.Point{PC: 2, Pos: "main.go:13:7", Op: "chan send"})

type doneThunk struct{ wg *sync.WaitGroup }

func (t *doneThunk) Run(*rt.G) { rt.WaitGroupDone(t.wg) }

func worker(g *rt.G, jobs <-chan int, res chan<- int, wg *sync.WaitGroup) {
	var j int
	var ok bool
	var d rt.Defers
	defer func() {
		if d.Suspended(g) {
			g.Push(&worker__f{rt.Frame{PC: 3}, jobs, res, j, d})
		}
	}()
	if g.Resuming() {
		f := rt.Pop[worker__f](g)
		jobs, res, j, d = f.jobs, f.out, f.j, f.d
		for _, t := range d.Restore(g) {
			defer rt.RunDeferred(g, &d, t)
		}
		switch f.PC {
		case 1:
			goto p1
		case 2:
			goto p2
		case 3:
			goto p3
		}
	}
	{
		t := &doneThunk{wg}
		d.Add(t)
		defer rt.RunDeferred(g, &d, t)
	}
p1:
	j, ok = rt.Recv2(g, jobs)
	if g.Suspending() {
		g.Push(&worker__f{rt.Frame{PC: 1}, jobs, res, j, d})
		return
	}
	if !ok {
		goto p3
	}
p2:
	rt.Send(g, res, j*j)
	if g.Suspending() {
		g.Push(&worker__f{rt.Frame{PC: 2}, jobs, res, j, d})
		return
	}
	goto p1
p3:
	d.Return()
}

// ---- ping-pong

type pingMain struct{}

func (*pingMain) Run(g *rt.G) { ping(g) }

type pongThunk struct{ a, b chan int }

func (t *pongThunk) Run(g *rt.G) { pong(g, t.a, t.b) }

type ping__f struct {
	rt.Frame
	a, b chan int
	i, v int
}

func ping(g *rt.G) {
	var a, b chan int
	var i, v int
	if g.Resuming() {
		f := rt.Pop[ping__f](g)
		a, b, i, v = f.a, f.b, f.i, f.v
		switch f.PC {
		case 1:
			goto p1
		case 2:
			goto p2
		}
	}
	a, b = make(chan int), make(chan int)
	rt.Go(g, &pongThunk{a, b})
loop:
	if i == 20 {
		say("got %d", v)
		return
	}
p1:
	rt.Send(g, a, v)
	if g.Suspending() {
		g.Push(&ping__f{rt.Frame{PC: 1}, a, b, i, v})
		return
	}
p2:
	v = rt.Recv(g, b)
	if g.Suspending() {
		g.Push(&ping__f{rt.Frame{PC: 2}, a, b, i, v})
		return
	}
	i++
	goto loop
}

func pong(g *rt.G, a, b chan int) {
	var v int
	if g.Resuming() {
		f := rt.Pop[ping__f](g)
		a, b, v = f.a, f.b, f.v
		switch f.PC {
		case 1:
			goto p1
		case 2:
			goto p2
		}
	}
p1:
	v = rt.Recv(g, a)
	if g.Suspending() {
		g.Push(&ping__f{rt.Frame{PC: 1}, a, b, 0, v})
		return
	}
p2:
	rt.Send(g, b, v+1)
	if g.Suspending() {
		g.Push(&ping__f{rt.Frame{PC: 2}, a, b, 0, v})
		return
	}
	goto p1
}

// ---- select with time.After

type timeoutMain struct{}

func (*timeoutMain) Run(g *rt.G) { timeout(g) }

type timeout__f struct {
	rt.Frame
	c  chan int
	t  <-chan time.Time
	cs bool
}

type sendLater struct {
	c chan int
	d time.Duration
	v int
}

type sendLater__f struct {
	rt.Frame
	c chan int
	v int
	d time.Duration
}

func (t *sendLater) Run(g *rt.G) {
	c, v, d := t.c, t.v, t.d
	if g.Resuming() {
		f := rt.Pop[sendLater__f](g)
		c, v, d = f.c, f.v, f.d
		if f.PC == 2 {
			goto p2
		}
	}
	rt.Sleep(g, d)
	if g.Suspending() {
		g.Push(&sendLater__f{rt.Frame{PC: 1}, c, v, d})
		return
	}
p2:
	rt.Send(g, c, v)
	if g.Suspending() {
		g.Push(&sendLater__f{rt.Frame{PC: 2}, c, v, d})
		return
	}
}

func timeout(g *rt.G) {
	var c chan int
	var t <-chan time.Time
	var n, v int
	var ok bool
	var round int
	if g.Resuming() {
		f := rt.Pop[timeout__f](g)
		c, t, round = f.c, f.t, f.PC
		goto p1
	}
	c = make(chan int)
	rt.Go(g, &sendLater{c, 300 * time.Millisecond, 7})
	t = time.After(10 * time.Millisecond)
	round = 1
p1:
	if g.Before() {
		g.Concede(rt.Recving(c), rt.Recving(t))
	} else {
		select {
		case v, ok = <-c:
			n = 0
		case <-t:
			n = 1
		default:
			g.Park()
			select {
			case v, ok = <-c:
				n = 0
			case <-t:
				n = 1
			case <-g.Stop():
				g.Concede(rt.Recving(c), rt.Recving(t))
			}
			g.Unpark()
		}
	}
	if g.Suspending() {
		g.Push(&timeout__f{rt.Frame{PC: round}, c, t, false})
		return
	}
	if n == 1 {
		say("timeout")
		t = nil
		round = 2
		goto p1
	}
	say("value %d %v", v, ok)
}

// ---- waiters stay in order

type fifoMain struct{}

type fifo__f struct {
	rt.Frame
	c, r chan int
	i    int
	s    string
}

func (*fifoMain) Run(g *rt.G) {
	var c, r chan int
	var i int
	var s string
	if g.Resuming() {
		f := rt.Pop[fifo__f](g)
		c, r, i, s = f.c, f.r, f.i, f.s
		switch f.PC {
		case 1:
			goto p1
		case 2:
			goto p2
		case 3:
			goto p3
		}
	}
	c, r = make(chan int), make(chan int, 5)
start:
	if i == 5 {
		i = 0
		goto send
	}
	rt.Go(g, &fifoThunk{c, r, i})
p1:
	rt.Sleep(g, 20*time.Millisecond)
	if g.Suspending() {
		g.Push(&fifo__f{rt.Frame{PC: 1}, c, r, i, s})
		return
	}
	i++
	goto start
send:
	if i == 5 {
		say("%s", s[1:])
		return
	}
p2:
	rt.Send(g, c, i)
	if g.Suspending() {
		g.Push(&fifo__f{rt.Frame{PC: 2}, c, r, i, s})
		return
	}
p3:
	s += fmt.Sprintf(" %d", rt.Recv(g, r))
	if g.Suspending() {
		s = s[:len(s)-2]
		g.Push(&fifo__f{rt.Frame{PC: 3}, c, r, i, s})
		return
	}
	i++
	goto send
}

type fifoThunk struct {
	c, r chan int
	id   int
}

func (t *fifoThunk) Run(g *rt.G) {
	if g.Resuming() {
		f := rt.Pop[fifo__f](g)
		t = &fifoThunk{f.c, f.r, f.i}
		if f.PC == 2 {
			goto p2
		}
	}
	rt.Recv(g, t.c)
	if g.Suspending() {
		g.Push(&fifo__f{rt.Frame{PC: 1}, t.c, t.r, t.id, ""})
		return
	}
p2:
	rt.Send(g, t.r, t.id)
	if g.Suspending() {
		g.Push(&fifo__f{rt.Frame{PC: 2}, t.c, t.r, t.id, ""})
		return
	}
}
