// Covers: unbuffered and buffered channels, zero-size, large, struct, array, pointer and interface elements.

package main

import "fmt"

type big struct {
	a [100]int
	s string
}

func main() {
	e := make(chan struct{})
	go func() { e <- struct{}{} }()
	fmt.Println(<-e)
	b := make(chan big, 2)
	x := big{s: "one"}
	x.a[99] = 7
	b <- x
	x.a[99] = 8 // the sent copy stays
	b <- x
	fmt.Println((<-b).a[99], (<-b).a[99])
	p := make(chan *big)
	go func() {
		q := <-p
		q.s = "changed"
		p <- q
	}()
	p <- &x
	fmt.Println(<-p == &x, x.s)
	i := make(chan any, 4)
	i <- 1
	i <- nil
	i <- "s"
	i <- [2]int{1, 2}
	fmt.Println(<-i, <-i, <-i, <-i)
	a := make(chan [3]string)
	go func() { a <- [3]string{"x", "y"} }()
	arr := <-a
	fmt.Println(len(arr), arr)
	f := make(chan error, 1)
	f <- nil
	fmt.Println(<-f == nil)
}
