// Covers: Recursive divide and conquer, with a panic that is recovered, and a Cond.
package main

import (
	"fmt"
	"sync"
)

func sum(xs []int, out chan<- int) {
	if len(xs) <= 4 {
		s := 0
		for _, x := range xs {
			s += x
		}
		out <- s
		return
	}
	left, right := make(chan int), make(chan int)
	go sum(xs[:len(xs)/2], left)
	go sum(xs[len(xs)/2:], right)
	out <- <-left + <-right
}

func main() {
	xs := make([]int, 16)
	for i := range xs {
		xs[i] = i
	}
	out := make(chan int, 1)
	sum(xs, out)
	fmt.Println(<-out)
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	ready := 0
	for range 3 {
		go func() {
			mu.Lock()
			ready++
			mu.Unlock()
			cond.Broadcast()
		}()
	}
	mu.Lock()
	for ready < 3 {
		cond.Wait()
	}
	mu.Unlock()
	fmt.Println("ready", ready)
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		close(out)
		close(out)
	}()
}
