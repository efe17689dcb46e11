// Covers: a blocked send that panics when the channel is closed.

package main

import (
	"fmt"
	"time"
)

func main() {
	c := make(chan int)
	done := make(chan any)
	go func() {
		defer func() { done <- recover() }()
		c <- 1
		fmt.Println("never")
	}()
	time.Sleep(20 * time.Millisecond)
	close(c)
	fmt.Println(<-done)
	func() {
		defer func() { fmt.Println(recover()) }()
		select {
		case c <- 2:
		default:
			fmt.Println("never")
		}
	}()
	c <- 3
}
