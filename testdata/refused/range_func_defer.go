// A defer statement in the body of a range over a function.

package main

func seq(yield func(int) bool) {
	_ = yield(1) && yield(2)
}

func main() {
	c := make(chan int, 2)
	for x := range seq {
		defer func() { println(x) }() // ERROR "defer"
		c <- x
	}
	println(<-c + <-c)
}
