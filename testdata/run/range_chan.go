// Covers: range over channels: close, break, buffered rest after close, without variable.

package main

import "fmt"

func gen(n int) <-chan int {
	c := make(chan int)
	go func() {
		defer close(c)
		for i := 0; i < n; i++ {
			c <- i * i
		}
	}()
	return c
}

func main() {
	for v := range gen(5) {
		fmt.Print(v, " ")
	}
	fmt.Println()
	n := 0
	for range gen(4) {
		n++
	}
	fmt.Println(n)
	b := make(chan string, 3)
	b <- "x"
	b <- "y"
	b <- "z"
	close(b)
	for s := range b {
		fmt.Print(s, " ")
		if s == "y" {
			break
		}
	}
	fmt.Println(len(b), <-b)
	for s := range b {
		fmt.Println("never", s)
	}
	nested := make(chan (<-chan int), 2)
	nested <- gen(2)
	nested <- gen(3)
	close(nested)
	for c := range nested {
		for v := range c {
			fmt.Print(v, ",")
		}
	}
	fmt.Println()
}
