// Covers: a deadlock of sync.Once.Do within itself.

package main

import "sync"

func main() {
	var o sync.Once
	c := make(chan int, 1)
	o.Do(func() {
		c <- 1
		<-c
		o.Do(func() {})
	})
}
