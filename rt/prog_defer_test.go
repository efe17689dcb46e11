package rt_test

import (
	"time"

	"github.com/harkgen/harkgen/rt"
)

// This file holds programs that defer, panic and exit, as the compiler would emit them.

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
