// An unsafe pointer that lives over a suspension.

package main

import "unsafe"

func main() {
	x := [2]int32{1, 2}
	c := make(chan int, 1)
	p := unsafe.Pointer(&x)
	c <- 1 // ERROR "unsafe"
	<-c
	println(*(*int64)(p))
}
