// An unsafe pointer that lives over a suspension.

package main

import (
	"reflect"
	"unsafe"
)

func main() {
	x := [2]int32{1, 2}
	c := make(chan int, 1)
	p := unsafe.Pointer(&x)
	c <- 1 // ERROR "unsafe"
	<-c
	println(*(*int64)(p))
	v := reflect.ValueOf(&x)
	both(unsafe.Pointer(v.Pointer()), wait(c)) // ERROR "unsafe"
}

func wait(c chan int) int { return <-c }

func both(p unsafe.Pointer, n int) { println(*(*int)(p), n) }
