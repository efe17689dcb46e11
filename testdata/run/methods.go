// Covers: suspending methods with value and pointer receivers, on named non-struct types too.

package main

import "fmt"

type point struct{ x, y int }

func (p point) moved(d int) point {
	c := make(chan int, 1)
	c <- d
	p.x += <-c // a copy
	p.y += d
	return p
}

func (p *point) move(d int) *point {
	c := make(chan int, 1)
	c <- d
	p.x += <-c
	p.y += d
	return p
}

type list []int

func (l list) sum() (s int) {
	c := make(chan int)
	go func() {
		for _, v := range l {
			c <- v
		}
		close(c)
	}()
	for v := range c {
		s += v
	}
	return
}

func (l *list) push(v int) {
	c := make(chan int, 1)
	c <- v
	*l = append(*l, <-c)
}

type num int

func (n num) plus(m num) num {
	c := make(chan num, 1)
	c <- m
	return n + <-c
}

func main() {
	p := point{1, 2}
	q := p.moved(10)
	fmt.Println(p, q)
	fmt.Println(*p.move(1).move(2), p)
	pp := &p
	fmt.Println(pp.moved(5), p)
	var l list
	l.push(3)
	(&l).push(4)
	fmt.Println(l, l.sum())
	fmt.Println(num(3).plus(4).plus(5))
	ps := []point{{0, 0}, {1, 1}}
	ps[1].move(7)
	m := map[string]*point{"a": {2, 2}}
	m["a"].move(1)
	fmt.Println(ps, *m["a"])
	defer func() { fmt.Println(recover()) }()
	var np *point
	np.moved(1)
}
