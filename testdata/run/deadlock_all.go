// Covers: deadlock of several goroutines that wait for each other.

package main

import "fmt"

func main() {
	a, b := make(chan int), make(chan int)
	go func() {
		v := <-a
		b <- v
	}()
	go func() {
		v := <-b
		fmt.Println("passed on", v)
		var never chan int
		never <- v
	}()
	a <- 1
	select {
	case a <- 2:
	case a <- 3:
	}
}
