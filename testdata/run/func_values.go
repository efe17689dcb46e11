// Covers: calls of suspending functions through variables, parameters, results and nil func values.

package main

import "fmt"

type binary func(a, b int) int

func (f binary) twice(a, b int) int { return f(f(a, b), b) }

func add(a, b int) int {
	c := make(chan int, 1)
	c <- a
	return <-c + b
}

func plain(a, b int) int { return a * b }

func pick(suspending bool) binary {
	if suspending {
		return add
	}
	return plain
}

func apply(f func(int, int) int, args ...int) (r int) {
	r = args[0]
	for _, a := range args[1:] {
		r = f(r, a)
	}
	return
}

func main() {
	fmt.Println(apply(add, 1, 2, 3), apply(plain, 1, 2, 3, 4), apply(pick(true), 5, 6))
	fmt.Println(pick(true).twice(1, 2), pick(false).twice(2, 3), binary(add)(7, 8))
	var f func(int, int) int
	fmt.Println(f == nil)
	f = add
	g := &f
	fmt.Println((*g)(2, 2))
	defer func() {
		fmt.Println("recovered:", recover())
	}()
	*g = nil
	c := make(chan int, 1)
	c <- 1
	f(<-c, 2)
}
