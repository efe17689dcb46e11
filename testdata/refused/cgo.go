// A package that uses cgo.

package main

// int one(void) { return 1; }
import "C" // ERROR "cgo|import \"C\""

func main() {
	c := make(chan int, 1)
	c <- int(C.one())
	println(<-c)
}
