// Covers: len and cap of channels across suspensions.

package main

import "fmt"

func main() {
	c := make(chan int, 3)
	sync := make(chan int)
	fmt.Println(len(c), cap(c), len(sync), cap(sync))
	go func() {
		c <- 1
		c <- 2
		sync <- len(c)
		<-c
		sync <- len(c)
		close(c)
		sync <- cap(c)
	}()
	fmt.Println(<-sync, <-sync, <-sync, len(c))
	var n chan int
	fmt.Println(len(n), cap(n))
	for i := range 5 {
		d := make(chan int, i)
		for len(d) < cap(d) {
			d <- i
		}
		fmt.Print(len(d), " ")
	}
	fmt.Println()
}
