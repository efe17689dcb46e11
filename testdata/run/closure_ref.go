// Covers: closures that share variables by reference with their function and with each other.

package main

import "fmt"

func counter() (inc func(int) int, get func() int) {
	n := 0
	c := make(chan int, 1)
	inc = func(d int) int {
		c <- d
		n += <-c
		return n
	}
	get = func() int { return n }
	return
}

func main() {
	inc, get := counter()
	inc2, get2 := counter()
	fmt.Println(inc(1), inc(2), inc2(10), get(), get2())
	x := 1
	c := make(chan int)
	f := func() {
		x = <-c
	}
	go func() { c <- 42 }()
	f()
	fmt.Println(x)
	x++
	g := func() int {
		y := x
		return func() int {
			x *= 2
			go func() { c <- y }()
			return x + <-c
		}()
	}
	fmt.Println(g(), x)
	func(a, b int) {
		go func() { c <- a + b }()
		x = <-c
	}(3, 4)
	fmt.Println(x)
}
