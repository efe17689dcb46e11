// Covers: deferred functions that run, and suspend, while a goroutine panics, before another recovers.

package main

import "fmt"

func fail(c chan string) {
	defer func() {
		c <- "third"
		fmt.Println(<-c)
	}()
	defer func() {
		c <- "second"
		fmt.Println(<-c)
	}()
	c <- "first"
	fmt.Println(<-c)
	var p *int
	*p = 1
}

func main() {
	done := make(chan error)
	go func() {
		defer func() {
			done <- recover().(error)
		}()
		fail(make(chan string, 1))
	}()
	fmt.Println(<-done)
}
