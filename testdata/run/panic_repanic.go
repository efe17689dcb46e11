// Covers: an uncaught panic raised by a deferred function after it recovered another.

package main

import "fmt"

func main() {
	c := make(chan int, 1)
	defer func() {
		r := recover()
		c <- 1
		fmt.Println("recovered", r, <-c)
		panic("second")
	}()
	c <- 1
	<-c
	panic("first")
}
