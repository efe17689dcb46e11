// An init function that suspends.

package main

var c = make(chan int, 1)

func init() { c <- 1 } // ERROR "init"

func main() { println(<-c) }
