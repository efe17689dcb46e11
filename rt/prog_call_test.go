package rt_test

import (
	"fmt"

	"github.com/harkgen/harkgen/rt"
)

// This file holds programs that call and range, as the compiler would emit them.

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
