// Covers: a recursion in which every call has a goroutine and a channel of its own.

package main

import "fmt"

func fib(n int) <-chan int {
	c := make(chan int)
	go func() {
		if n < 2 {
			c <- n
			return
		}
		c <- <-fib(n-1) + <-fib(n-2)
	}()
	return c
}

func slow(n int, c chan int) int {
	if n < 2 {
		c <- n
		return <-c
	}
	return slow(n-1, c) + slow(n-2, c)
}

func main() {
	fmt.Println(<-fib(6))
	fmt.Println(slow(7, make(chan int, 1)))
}
