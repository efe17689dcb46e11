// Covers: method values and method expressions of suspending methods.

package main

import "fmt"

type acc struct{ n int }

func (a *acc) add(d int) int {
	c := make(chan int, 1)
	c <- d
	a.n += <-c
	return a.n
}

func (a acc) get() int {
	c := make(chan int, 1)
	c <- a.n
	return <-c
}

type adder interface{ add(int) int }

func call(f func(int) int, x int) int { return f(x) }

func main() {
	a := acc{1}
	add := a.add
	get := a.get // copies a now
	fmt.Println(add(2), add(3), get(), a.get())
	fmt.Println(call(a.add, 4), call((&a).add, 5))
	f := (*acc).add
	g := acc.get
	h := (*acc).get
	fmt.Println(f(&a, 10), g(a), h(&a))
	var i adder = &a
	k := i.add
	fmt.Println(k(1), adder.add(i, 1))
	fs := map[string]func() int{"get": a.get, "got": get}
	c := make(chan func() int, 2)
	c <- fs["get"]
	c <- fs["got"]
	a.add(100)
	fmt.Println((<-c)(), (<-c)())
	done := make(chan int)
	go func(f func(int) int) { done <- f(1) }(a.add)
	fmt.Println(<-done)
	defer fmt.Println("deferred", a.get())
	defer a.add(1)
	i = nil
	defer func() { fmt.Println("nil interface:", recover() != nil) }()
	_ = i.add
}
