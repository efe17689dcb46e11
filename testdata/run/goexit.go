// Covers: runtime.Goexit in a goroutine: its deferred calls run, the others go on.

package main

import (
	"fmt"
	"runtime"
)

func leave(c chan int) {
	defer func() {
		c <- 2
		fmt.Println("recover:", recover())
	}()
	c <- 1
	runtime.Goexit()
	fmt.Println("never")
}

func main() {
	c := make(chan int)
	done := make(chan bool)
	go func() {
		defer close(done)
		leave(c)
		fmt.Println("never")
	}()
	a, b := <-c, <-c
	<-done
	fmt.Println(a, b)
	fmt.Println("end")
}
