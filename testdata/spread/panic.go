// Covers: a panic in a goroutine of another process ends the run.
package main

import "fmt"

func main() {
	c := make(chan int)
	fmt.Println("before")
	go func() {
		v := <-c
		panic(fmt.Sprint("boom ", v))
	}()
	c <- 7
	<-c
}
