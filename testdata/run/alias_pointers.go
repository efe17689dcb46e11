// Covers: two pointers to one variable, pointers to pointers, and identity across suspensions.

package main

import "fmt"

func pause() {
	c := make(chan int)
	go func() { c <- 1 }()
	<-c
}

type node struct {
	v          int
	next, prev *node
}

func newInt(v int) *int { return &v }

func main() {
	x := 1
	p, q := &x, &x
	pp := &p
	pause()
	*p = 2
	**pp += 10
	pause()
	fmt.Println(x, *q, p == q)
	y := 5
	*pp = &y
	pause()
	*p = 6
	fmt.Println(x, y, p == &y, q == &x)
	f := func() { x++ }
	pause()
	f()
	fmt.Println(*q)
	ring := &node{v: 0}
	ring.next, ring.prev = ring, ring
	for i := 1; i < 4; i++ {
		n := &node{v: i, next: ring, prev: ring.prev}
		ring.prev.next, ring.prev = n, n
		pause()
	}
	sum := 0
	for n := ring.next; n != ring; n = n.next {
		sum = sum*10 + n.v
		pause()
	}
	fmt.Println(sum, ring.next.next.next.next == ring, ring.prev.v)
	a, b := newInt(3), newInt(3)
	ps := map[*int]string{a: "a", b: "b"}
	pause()
	fmt.Println(ps[a], ps[b], len(ps), *a == *b, a == b)
	var i, j any = a, a
	pause()
	*i.(*int) = 8
	fmt.Println(*j.(*int), i == j, i == any(b))
	type self struct{ me *self }
	s := &self{}
	s.me = s
	pause()
	fmt.Println(s.me.me == s)
	var cyc []any
	cyc = make([]any, 1)
	cyc[0] = cyc
	pause()
	cyc[0].([]any)[0] = "cut"
	fmt.Println(cyc)
}
