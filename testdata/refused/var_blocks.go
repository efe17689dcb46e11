// A package variable initialised by a call that suspends.

package main

var x = one() // ERROR "package variable|initiali[sz]"

func one() int {
	c := make(chan int, 1)
	c <- 1
	return <-c
}

func main() {
	c := make(chan int, 1)
	c <- x
	println(<-c)
}
