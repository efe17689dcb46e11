// Covers: an uncaught panic of main after suspensions: output, text, exit status 2.

package main

import "fmt"

func main() {
	defer fmt.Println("deferred runs")
	c := make(chan int)
	go func() { c <- 42 }()
	v := <-c
	fmt.Println("before")
	panic(fmt.Sprintf("value %d", v))
}
