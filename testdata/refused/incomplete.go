// A type whose values are not in the heap of Go.

package main

import "runtime/cgo"

type opaque struct { // ERROR "type opaque"
	_ cgo.Incomplete
	n int
}

var value = opaque{n: receive()}

func receive() int {
	c := make(chan int, 1)
	c <- 1
	return <-c
}

func main() { println(value.n) }
