// Types whose values are never in the heap of Go: pointers to them are no pointers to the collector, nor in an interface.

package main

import (
	"fmt"
	"runtime/cgo"
)

type opaque struct {
	_ cgo.Incomplete
	n int
}

type handle struct{ at *opaque }

func (o *opaque) next() int {
	o.n++
	return o.n
}

type counter interface{ next() int }

var (
	first  opaque
	second = opaque{n: receive(10)}
	both   = []*opaque{&first, &second}
)

func receive(n int) int {
	c := make(chan int)
	go func() { c <- n }()
	return <-c
}

func main() {
	var c counter = &second
	h := handle{&first}
	var box any = h
	m := map[*opaque]string{&first: "first", &second: "second"}
	for range 3 {
		receive(0)
		fmt.Println(c.next(), h.at.next(), box.(handle).at.n, both[1].n, box == any(handle{&first}), c == counter(&second), m[h.at], m[both[1]])
	}
}
