// Covers: range over functions whose bodies suspend: break, continue, return, labels, panics, nested iterators.

package main

import (
	"fmt"
	"iter"
)

func id(x int) int {
	c := make(chan int, 1)
	c <- x
	return <-c
}

// count suspends itself, before each value.
func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer fmt.Print("; ")
		for i := range n {
			if !yield(id(i)) {
				fmt.Print("stopped")
				return
			}
		}
	}
}

func pairs(m ...string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for i, s := range m {
			if !yield(i, s) {
				return
			}
		}
	}
}

func find(want int) (int, bool) {
	for i := range count(5) {
		for j := range count(5) {
			if id(i*j) == want {
				return i*10 + j, true
			}
		}
	}
	return 0, false
}

func main() {
	sum := 0
	for i := range count(4) {
		sum += id(i)
	}
	fmt.Println(sum)
	for i := range count(6) {
		switch id(i) {
		case 1:
			continue
		case 3:
			break
		}
		if i == 4 {
			break
		}
		fmt.Print(i, " ")
	}
	fmt.Println()
outer:
	for i, s := range pairs("a", "b", "c", "d") {
		for j := range count(3) {
			if j == id(1) && i == 0 {
				continue outer
			}
			if i == 2 {
				break outer
			}
			fmt.Print(s, j, " ")
		}
	}
	fmt.Println()
	fmt.Println(find(4))
	fmt.Println(find(100))
	c := make(chan int)
	go func() {
		defer close(c)
		for i := range count(3) {
			c <- i
		}
	}()
	var got []int
	for v := range c {
		got = append(got, v)
	}
	fmt.Println(got)
	func() {
		defer func() { fmt.Println("recovered", recover(), id(1)) }()
		for i := range count(3) {
			if id(i) == 1 {
				panic("in the body")
			}
		}
	}()
	for range func(yield func() bool) { _ = yield() && yield() } {
		fmt.Print("twice", id(2), " ")
	}
	var fs []func() int
	for i := range count(2) {
		fs = append(fs, func() int { i += 10; return id(i) })
	}
	fmt.Println(fs[0](), fs[0](), fs[1]())
}
