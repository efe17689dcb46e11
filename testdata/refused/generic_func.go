// A generic function that suspends.

package main

func recv[T any](c chan T) T { return <-c } // ERROR "generic"

func main() {
	c := make(chan int, 1)
	c <- 1
	println(recv(c))
}
