// Covers: deferred calls: order, arguments evaluated at the defer statement, receivers, suspending arguments.

package main

import "fmt"

type t struct{ n int }

func (x t) show(s string)   { fmt.Println(s, x.n) }
func (x *t) showp(s string) { fmt.Println(s, x.n) }

func via(x int) int {
	c := make(chan int)
	go func() { c <- x }()
	return <-c
}

func run() {
	x := t{1}
	defer x.show("value")
	defer x.showp("pointer")
	for i := range 3 {
		defer fmt.Println("loop", i, via(i*10))
	}
	x.n = via(2)
	f := func() { fmt.Println("old f") }
	defer f()
	f = func() { fmt.Println("new f") }
	defer func(a int) { fmt.Println("arg", a, "now", x.n) }(x.n)
	x.n = via(3)
	if x.n == 3 {
		defer fmt.Println("conditional")
	}
	m := map[string]int{"k": 1}
	defer delete(m, "k")
	defer func() { fmt.Println(len(m)) }()
	c := make(chan int, 1)
	defer func() { v, ok := <-c; fmt.Println(v, ok) }()
	defer close(c)
	fmt.Println("body", via(0))
}

func main() {
	run()
	fmt.Println("end")
}
