package rt_test

import (
	"fmt"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt"
)

// This file holds programs as the compiler would emit them. Each main appends what it sees to out, which is state of the program, so that a
// repeated or lost step shows.

var out []string

func say(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }

type program struct {
	name string
	main rt.Thunk
	want []string
	slow bool // too many operations for a process each
}

var programs = []program{
	{"pool", &poolMain{}, []string{"sum 285", "jobs 10"}, false},
	{"pingpong", &pingMain{}, []string{"got 20"}, false},
	{"timeout", &timeoutMain{}, []string{"timeout", "value 7 true"}, false},
	{"fib", &fibMain{}, []string{"fib 55"}, true},
	{"mutex", &mutexMain{}, []string{"n 60"}, false},
	{"rwmutex", &rwMain{}, []string{"n 12"}, false},
	{"cond", &condMain{}, []string{"all 4"}, false},
	{"sleep", &sleepMain{}, []string{"slept"}, false},
	{"defers", &defersMain{}, []string{"body", "second 1", "first 2", "after 3", "recovered boom", "outer done", "named 42"}, false},
	{"closure", &closureMain{}, []string{"3", "6", "9"}, false},
	{"goexit", &goexitMain{}, []string{"deferred", "waited"}, false},
	{"ranges", &rangesMain{}, []string{"sum 10", "0a 1é 3b "}, false},
	{"fifo", &fifoMain{}, []string{"0 1 2 3 4"}, false},
}

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

// ---- recursion, an operation in each call

type fibMain struct{}

type fibMain__f struct {
	rt.Frame
	c chan int
}

func (*fibMain) Run(g *rt.G) {
	var c chan int
	if g.Resuming() {
		c = rt.Pop[fibMain__f](g).c
	} else {
		c = make(chan int, 1)
		c <- 0
	}
	n := fib(g, 10, c)
	if g.Suspending() {
		g.Push(&fibMain__f{rt.Frame{PC: 1}, c})
		return
	}
	say("fib %d", n)
}

type fib__f struct {
	rt.Frame
	n, a int
	c    chan int
	v    int
}

func fib(g *rt.G, n int, c chan int) int {
	var a, b, v int
	if g.Resuming() {
		f := rt.Pop[fib__f](g)
		n, a, c, v = f.n, f.a, f.c, f.v
		switch f.PC {
		case 1:
			goto p1
		case 2:
			goto p2
		case 3:
			goto p3
		case 4:
			goto p4
		}
	}
p1:
	v = rt.Recv(g, c)
	if g.Suspending() {
		g.Push(&fib__f{rt.Frame{PC: 1}, n, a, c, v})
		return 0
	}
p2:
	rt.Send(g, c, v+1)
	if g.Suspending() {
		g.Push(&fib__f{rt.Frame{PC: 2}, n, a, c, v})
		return 0
	}
	if n < 2 {
		return n
	}
p3:
	a = fib(g, n-1, c)
	if g.Suspending() {
		g.Push(&fib__f{rt.Frame{PC: 3}, n, a, c, v})
		return 0
	}
p4:
	b = fib(g, n-2, c)
	if g.Suspending() {
		g.Push(&fib__f{rt.Frame{PC: 4}, n, a, c, v})
		return 0
	}
	return a + b
}

// ---- mutex

type mutexMain struct{}

type shared struct {
	mu sync.Mutex
	n  int
	wg sync.WaitGroup
}

type shared__f struct {
	rt.Frame
	s *shared
	i int
	n int
}

func (*mutexMain) Run(g *rt.G) {
	var s *shared
	if g.Resuming() {
		s = rt.Pop[shared__f](g).s
	} else {
		s = new(shared)
		for range 3 {
			rt.WaitGroupGo(g, &s.wg, &adder{s})
		}
	}
	rt.WaitGroupWait(g, &s.wg)
	if g.Suspending() {
		g.Push(&shared__f{rt.Frame{PC: 1}, s, 0, 0})
		return
	}
	say("n %d", s.n)
}

type adder struct{ s *shared }

func (t *adder) Run(g *rt.G) { add(g, t.s) }

func add(g *rt.G, s *shared) {
	var i, n int
	if g.Resuming() {
		f := rt.Pop[shared__f](g)
		s, i, n = f.s, f.i, f.n
		switch f.PC {
		case 1:
			goto p1
		case 2:
			goto p2
		}
	}
loop:
	if i == 20 {
		return
	}
p1:
	rt.Lock(g, &s.mu)
	if g.Suspending() {
		g.Push(&shared__f{rt.Frame{PC: 1}, s, i, n})
		return
	}
	n = s.n
p2: // hold the lock across a suspension
	rt.Sleep(g, time.Microsecond)
	if g.Suspending() {
		g.Push(&shared__f{rt.Frame{PC: 2}, s, i, n})
		return
	}
	s.n = n + 1
	rt.Unlock(&s.mu)
	i++
	goto loop
}

// ---- rwmutex

type rwMain struct{}

type rw struct {
	mu sync.RWMutex
	n  int
	wg sync.WaitGroup
}

type rw__f struct {
	rt.Frame
	s *rw
	i int
}

func (*rwMain) Run(g *rt.G) {
	var s *rw
	if g.Resuming() {
		s = rt.Pop[rw__f](g).s
	} else {
		s = new(rw)
		for i := range 6 {
			rt.WaitGroupGo(g, &s.wg, &rwThunk{s, i%3 == 0})
		}
	}
	rt.WaitGroupWait(g, &s.wg)
	if g.Suspending() {
		g.Push(&rw__f{rt.Frame{PC: 1}, s, 0})
		return
	}
	say("n %d", s.n)
}

type rwThunk struct {
	s     *rw
	write bool
}

func (t *rwThunk) Run(g *rt.G) {
	if t.write {
		rwWrite(g, t.s)
	} else {
		rwRead(g, t.s)
	}
}

func rwWrite(g *rt.G, s *rw) {
	var i int
	if g.Resuming() {
		f := rt.Pop[rw__f](g)
		s, i = f.s, f.i
		switch f.PC {
		case 1:
			goto p1
		case 2:
			goto p2
		}
	}
loop:
	if i == 6 {
		return
	}
p1:
	rt.RWLock(g, &s.mu)
	if g.Suspending() {
		g.Push(&rw__f{rt.Frame{PC: 1}, s, i})
		return
	}
	s.n++
p2:
	rt.Sleep(g, time.Microsecond)
	if g.Suspending() {
		g.Push(&rw__f{rt.Frame{PC: 2}, s, i})
		return
	}
	rt.RWUnlock(&s.mu)
	i++
	goto loop
}

func rwRead(g *rt.G, s *rw) {
	var i int
	if g.Resuming() {
		f := rt.Pop[rw__f](g)
		s, i = f.s, f.i
		switch f.PC {
		case 1:
			goto p1
		case 2:
			goto p2
		}
	}
loop:
	if i == 6 {
		return
	}
p1:
	rt.RLock(g, &s.mu)
	if g.Suspending() {
		g.Push(&rw__f{rt.Frame{PC: 1}, s, i})
		return
	}
p2:
	rt.Sleep(g, time.Microsecond)
	if g.Suspending() {
		g.Push(&rw__f{rt.Frame{PC: 2}, s, i})
		return
	}
	rt.RUnlock(&s.mu)
	i++
	goto loop
}

// ---- cond

type condMain struct{}

type condState struct {
	mu    sync.Mutex
	c     *sync.Cond
	ready bool
	n     int
	wg    sync.WaitGroup
}

type cond__f struct {
	rt.Frame
	s *condState
}

func (*condMain) Run(g *rt.G) {
	var s *condState
	if g.Resuming() {
		f := rt.Pop[cond__f](g)
		s = f.s
		switch f.PC {
		case 1:
			goto p1
		case 2:
			goto p2
		case 3:
			goto p3
		}
	}
	s = new(condState)
	s.c = sync.NewCond(&s.mu)
	for range 4 {
		rt.WaitGroupGo(g, &s.wg, &condWaiter{s})
	}
p1:
	rt.Sleep(g, 5*time.Millisecond)
	if g.Suspending() {
		g.Push(&cond__f{rt.Frame{PC: 1}, s})
		return
	}
p2:
	rt.Lock(g, &s.mu)
	if g.Suspending() {
		g.Push(&cond__f{rt.Frame{PC: 2}, s})
		return
	}
	s.ready = true
	rt.Unlock(&s.mu)
	rt.CondSignal(s.c)
	rt.CondBroadcast(s.c)
p3:
	rt.WaitGroupWait(g, &s.wg)
	if g.Suspending() {
		g.Push(&cond__f{rt.Frame{PC: 3}, s})
		return
	}
	say("all %d", s.n)
}

type condWaiter struct{ s *condState }

func (t *condWaiter) Run(g *rt.G) { condWait(g, t.s) }

func condWait(g *rt.G, s *condState) {
	if g.Resuming() {
		f := rt.Pop[cond__f](g)
		s = f.s
		if f.PC == 2 {
			goto p2
		}
	}
	rt.Lock(g, &s.mu)
	if g.Suspending() {
		g.Push(&cond__f{rt.Frame{PC: 1}, s})
		return
	}
loop:
	if s.ready {
		s.n++
		rt.Unlock(&s.mu)
		return
	}
p2:
	rt.CondWait(g, s.c)
	if g.Suspending() {
		g.Push(&cond__f{rt.Frame{PC: 2}, s})
		return
	}
	goto loop
}

// ---- sleep

type sleepMain struct{}

type sleep__f struct {
	rt.Frame
	start time.Time
}

func (*sleepMain) Run(g *rt.G) {
	var start time.Time
	if g.Resuming() {
		start = rt.Pop[sleep__f](g).start
	} else {
		start = time.Now()
	}
	rt.Sleep(g, 80*time.Millisecond)
	if g.Suspending() {
		g.Push(&sleep__f{rt.Frame{PC: 1}, start.Round(0)})
		return
	}
	if d := time.Since(start); d < 79*time.Millisecond || d > 3*time.Second {
		say("slept %v", d)
		return
	}
	say("slept")
}

// ---- defers

type defersMain struct{}

type defers__f struct {
	rt.Frame
	d rt.Defers
	c chan int
}

// note is a deferred call that suspends: say(text, <-c); c <- n+1.
type note struct {
	text string
	c    chan int
}

type note__f struct {
	rt.Frame
	t *note
	n int
}

func (t *note) Run(g *rt.G) {
	var n int
	if g.Resuming() {
		f := rt.Pop[note__f](g)
		t, n = f.t, f.n
		if f.PC == 2 {
			goto p2
		}
	}
	n = rt.Recv(g, t.c)
	if g.Suspending() {
		g.Push(&note__f{rt.Frame{PC: 1}, t, n})
		return
	}
	say("%s %d", t.text, n)
p2:
	rt.Send(g, t.c, n+1)
	if g.Suspending() {
		g.Push(&note__f{rt.Frame{PC: 2}, t, n})
		return
	}
}

func (*defersMain) Run(g *rt.G) {
	var c chan int
	var r int
	if g.Resuming() {
		f := rt.Pop[defers__f](g)
		c = f.c
		switch f.PC {
		case 1:
			goto p1
		case 2:
			goto p2
		case 3:
			goto p3
		}
	}
	c = make(chan int, 1)
	c <- 1
p1:
	twoDefers(g, c)
	if g.Suspending() {
		g.Push(&defers__f{Frame: rt.Frame{PC: 1}, c: c})
		return
	}
	say("after %d", len(c)+2)
p2:
	panics(g, c)
	if g.Suspending() {
		g.Push(&defers__f{Frame: rt.Frame{PC: 2}, c: c})
		return
	}
p3:
	r = named(g, c)
	if g.Suspending() {
		g.Push(&defers__f{Frame: rt.Frame{PC: 3}, c: c})
		return
	}
	say("named %d", r)
}

func twoDefers(g *rt.G, c chan int) {
	var d rt.Defers
	defer func() {
		if d.Suspended(g) {
			g.Push(&defers__f{Frame: rt.Frame{PC: 9}, d: d, c: c})
		}
	}()
	if g.Resuming() {
		f := rt.Pop[defers__f](g)
		d, c = f.d, f.c
		for _, t := range d.Restore(g) {
			defer rt.RunDeferred(g, &d, t)
		}
		switch f.PC {
		case 1:
			goto p1
		case 9:
			goto ret
		}
	}
	{
		t := &note{"first", c}
		d.Add(t)
		defer rt.RunDeferred(g, &d, t)
	}
	{
		t := &note{"second", c}
		d.Add(t)
		defer rt.RunDeferred(g, &d, t)
	}
p1:
	rt.Sleep(g, time.Microsecond)
	if g.Suspending() {
		g.Push(&defers__f{Frame: rt.Frame{PC: 1}, d: d, c: c})
		return
	}
	say("body")
ret:
	d.Return()
}

type recoverThunk struct{}

func (*recoverThunk) Run(*rt.G) {}

// recoverThunk__run is a deferred func literal that calls recover: deferred itself.
func recoverThunk__run(g *rt.G, d *rt.Defers, t rt.Thunk) {
	if !d.Enter(g, t) {
		return
	}
	defer d.Leave(g, t)
	if v := recover(); v != nil {
		say("recovered %v", v)
	}
}

func panics(g *rt.G, c chan int) {
	var d rt.Defers
	defer func() {
		if d.Suspended(g) {
			g.Push(&defers__f{Frame: rt.Frame{PC: 9}, d: d, c: c})
		}
	}()
	if g.Resuming() {
		f := rt.Pop[defers__f](g)
		d, c = f.d, f.c
		for _, t := range d.Restore(g) {
			if _, ok := t.(*recoverThunk); ok {
				defer recoverThunk__run(g, &d, t)
			} else {
				defer rt.RunDeferred(g, &d, t)
			}
		}
		switch f.PC {
		case 1:
			goto p1
		case 9:
			goto ret
		}
	}
	{
		t := &sayThunk{"outer done"}
		d.Add(t)
		defer rt.RunDeferred(g, &d, t)
	}
	{
		t := &recoverThunk{}
		d.Add(t)
		defer recoverThunk__run(g, &d, t)
	}
	{
		t := &drain{c}
		d.Add(t)
		defer rt.RunDeferred(g, &d, t)
	}
p1:
	rt.Sleep(g, time.Microsecond)
	if g.Suspending() {
		g.Push(&defers__f{Frame: rt.Frame{PC: 1}, d: d, c: c})
		return
	}
	panic("boom")
ret:
	d.Return()
}

type sayThunk struct{ text string }

func (t *sayThunk) Run(*rt.G) { say("%s", t.text) }

// drain does operations while panicking: they block natively.
type drain struct{ c chan int }

func (t *drain) Run(g *rt.G) {
	n := rt.Recv(g, t.c)
	rt.Send(g, t.c, n)
	if g.Suspending() {
		panic("suspended while panicking")
	}
}

type incThunk struct {
	r *int
	c chan int
}

type inc__f struct {
	rt.Frame
	t *incThunk
}

func (t *incThunk) Run(g *rt.G) {
	if g.Resuming() {
		t = rt.Pop[inc__f](g).t
	}
	rt.Sleep(g, time.Microsecond)
	if g.Suspending() {
		g.Push(&inc__f{rt.Frame{PC: 1}, t})
		return
	}
	*t.r++
}

type named__f struct {
	rt.Frame
	d rt.Defers
	r *int
}

// named is func named() (r int) { defer func() { sleep; r++ }(); return 41 }.
func named(g *rt.G, c chan int) int {
	var d rt.Defers
	var r *int
	result := func() (v int) {
		defer func() { v = *r }()
		defer func() {
			if d.Suspended(g) {
				g.Push(&named__f{rt.Frame{PC: 9}, d, r})
			}
		}()
		if g.Resuming() {
			f := rt.Pop[named__f](g)
			d, r = f.d, f.r
			for _, t := range d.Restore(g) {
				defer rt.RunDeferred(g, &d, t)
			}
			goto ret
		}
		r = new(int)
		{
			t := &incThunk{r, c}
			d.Add(t)
			defer rt.RunDeferred(g, &d, t)
		}
		*r = 41
	ret:
		d.Return()
		return *r
	}
	return result()
}

// ---- closures: dynamic calls through Enter

type closureMain struct{}

type counter__e struct {
	n int
	c chan int
}

// fn is the wrapper, as for a value of func type.
func (e *counter__e) fn(k int) int {
	g, leave := rt.Enter()
	defer leave()
	return counter_h(g, e, k)
}

type counter__f struct {
	rt.Frame
	e *counter__e
	k int
}

func counter_h(g *rt.G, e *counter__e, k int) int {
	if g.Resuming() {
		f := rt.Pop[counter__f](g)
		e, k = f.e, f.k
		if f.PC == 2 {
			goto p2
		}
	}
	rt.Send(g, e.c, k)
	if g.Suspending() {
		g.Push(&counter__f{rt.Frame{PC: 1}, e, k})
		return 0
	}
p2:
	e.n += rt.Recv(g, e.c)
	if g.Suspending() {
		g.Push(&counter__f{rt.Frame{PC: 2}, e, k})
		return 0
	}
	return e.n
}

type closure__f struct {
	rt.Frame
	f func(int) int
	i int
}

func (*closureMain) Run(g *rt.G) {
	var f func(int) int
	var i, v int
	if g.Resuming() {
		fr := rt.Pop[closure__f](g)
		f, i = fr.f, fr.i
		goto p1
	}
	f = (&counter__e{c: make(chan int, 1)}).fn
loop:
	if i == 3 {
		return
	}
p1:
	g.Dyn()
	v = f(3)
	g.EndDyn()
	if g.Suspending() {
		g.Push(&closure__f{rt.Frame{PC: 1}, f, i})
		return
	}
	say("%d", v)
	i++
	goto loop
}

// ---- Goexit

type goexitMain struct{}

func (*goexitMain) Run(g *rt.G) {
	var s *shared
	if g.Resuming() {
		s = rt.Pop[shared__f](g).s
	} else {
		s = new(shared)
		rt.WaitGroupGo(g, &s.wg, &exiting{})
	}
	rt.WaitGroupWait(g, &s.wg)
	if g.Suspending() {
		g.Push(&shared__f{rt.Frame{PC: 1}, s, 0, 0})
		return
	}
	say("waited")
}

type exiting struct{}

func (*exiting) Run(g *rt.G) {
	if g.Resuming() {
		rt.Pop[inc__f](g)
	}
	rt.Sleep(g, time.Microsecond)
	if g.Suspending() {
		g.Push(&inc__f{Frame: rt.Frame{PC: 1}})
		return
	}
	var d rt.Defers
	t := &sayThunk{"deferred"}
	d.Add(t)
	defer rt.RunDeferred(g, &d, t)
	exitGoroutine()
}

// ---- range over map and string

type rangesMain struct{}

type ranges__f struct {
	rt.Frame
	it  *rt.MapIter[string, int]
	st  *rt.StringIter
	c   chan int
	sum int
	s   string
}

func (*rangesMain) Run(g *rt.G) {
	var it *rt.MapIter[string, int]
	var st *rt.StringIter
	var c chan int
	var sum, v, i int
	var ok bool
	var s string
	var r rune
	if g.Resuming() {
		f := rt.Pop[ranges__f](g)
		it, st, c, sum, s = f.it, f.st, f.c, f.sum, f.s
		switch f.PC {
		case 1:
			goto p1
		case 2:
			goto p2
		}
	}
	c = make(chan int, 1)
	it = rt.RangeMap(map[string]int{"a": 1, "b": 2, "c": 3, "d": 4})
loop:
	ok, _, v = it.Next()
	if !ok {
		goto done
	}
	c <- v
p1:
	sum += rt.Recv(g, c)
	if g.Suspending() {
		g.Push(&ranges__f{rt.Frame{PC: 1}, it, st, c, sum, s})
		return
	}
	goto loop
done:
	say("sum %d", sum)
	st = rt.RangeString("aéb")
next:
	ok, i, r = st.Next()
	if !ok {
		say("%s", s)
		return
	}
	s += fmt.Sprintf("%d%c ", i, r)
	c <- 0
p2:
	rt.Recv(g, c)
	if g.Suspending() {
		g.Push(&ranges__f{rt.Frame{PC: 2}, it, st, c, sum, s})
		return
	}
	goto next
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
