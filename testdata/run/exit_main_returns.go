// Covers: the program ends when main returns, whatever other goroutines wait for.

package main

import (
	"fmt"
	"time"
)

func main() {
	c := make(chan int)
	for range 3 {
		go func() {
			<-c
			fmt.Println("never")
		}()
	}
	go func() {
		time.Sleep(time.Hour)
		fmt.Println("never")
	}()
	d := make(chan int, 1)
	d <- 1
	fmt.Println("main", <-d)
}
