// Covers: variadic functions that suspend, called with none, some and a slice.

package main

import "fmt"

func sum(base int, xs ...int) int {
	c := make(chan int, 1)
	for _, x := range xs {
		c <- x
		base += <-c
	}
	return base
}

func mutate(xs ...int) {
	c := make(chan int, 1)
	for i := range xs {
		c <- i
		xs[i] *= <-c
	}
}

func kinds(xs ...any) (s string) {
	c := make(chan any, len(xs))
	for _, x := range xs {
		c <- x
	}
	for range xs {
		s += fmt.Sprintf("%T ", <-c)
	}
	return
}

func main() {
	fmt.Println(sum(1), sum(1, 2), sum(1, 2, 3), sum(1, []int{4, 5}...), sum(1, nil...))
	s := []int{1, 2, 3}
	mutate(s...)
	fmt.Println(s)
	mutate(s[1], s[2])
	fmt.Println(s)
	fmt.Println(kinds(1, "a", nil, 2.5, []int{}))
	fmt.Println(kinds())
	f := sum
	fmt.Println(f(sum(1, 1), sum(2, 2), f(3)))
}
