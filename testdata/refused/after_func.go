// A function started by a timer.

package main

import "time"

func main() {
	c := make(chan int)
	time.AfterFunc(time.Millisecond, func() { c <- 1 }) // ERROR "time\.AfterFunc"
	<-c
}
