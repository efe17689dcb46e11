package rt_test

import (
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt"
)

// This file holds programs that wait for locks and time, as the compiler would emit them.

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

// napsMain sleeps for no time: a loop with nothing else must be suspended all the same.
type napsMain struct{}

type naps__f struct {
	rt.Frame
	n int
}

func (*napsMain) Run(g *rt.G) {
	n := 0
	if g.Resuming() {
		n = rt.Pop[naps__f](g).n
	}
	for ; n < 3; n++ {
		rt.Sleep(g, 0)
		if g.Suspending() {
			g.Push(&naps__f{rt.Frame{PC: 1}, n})
			return
		}
	}
	say("napped %d", n)
}
