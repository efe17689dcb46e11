// Covers: many goroutines that wait at the same time.

package main

import (
	"fmt"
	"sync"
)

func main() {
	const n = 60
	start := make(chan struct{})
	out := make(chan int, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			<-start
			out <- i
		}()
	}
	c := make(chan int, 1)
	for range 3 {
		c <- 1
		<-c
	}
	close(start)
	wg.Wait()
	close(out)
	sum := 0
	for v := range out {
		sum += v
	}
	fmt.Println(sum)
}
