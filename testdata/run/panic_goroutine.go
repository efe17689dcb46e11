// Covers: an uncaught panic of another goroutine while main waits.

package main

import (
	"errors"
	"fmt"
)

func main() {
	c := make(chan int)
	go func() {
		defer fmt.Println("deferred")
		if v := <-c; v == 1 {
			panic(errors.New("bad value"))
		}
	}()
	fmt.Println("sending")
	c <- 1
	<-c
}
