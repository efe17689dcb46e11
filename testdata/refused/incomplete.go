// A variable of a type that must not be on the stack, which the plain program does not have.

package main

import "runtime/cgo"

type opaque struct {
	_ cgo.Incomplete
	n int
}

var value = opaque{n: receive()} // ERROR "type .*opaque"

func receive() int {
	c := make(chan int, 1)
	c <- 1
	return <-c
}

func main() { println(value.n) }
