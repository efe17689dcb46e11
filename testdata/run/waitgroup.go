// Covers: sync.WaitGroup in structs, by pointer, reused, nested, waited on by several goroutines, and wg.Go.

package main

import (
	"fmt"
	"sync"
)

type group struct {
	sync.WaitGroup
	mu  sync.Mutex
	sum int
}

func (g *group) add(n int) {
	defer g.Done()
	c := make(chan int, 1)
	c <- n
	g.mu.Lock()
	g.sum += <-c
	g.mu.Unlock()
}

func main() {
	var g group
	for i := range 5 {
		g.Add(1)
		go g.add(i)
	}
	g.Wait()
	fmt.Println(g.sum)
	for i := range 3 { // again
		g.Add(1)
		go g.add(i * 100)
	}
	g.Wait()
	fmt.Println(g.sum)

	var wg sync.WaitGroup
	out := make([]int, 4)
	for i := range out {
		wg.Go(func() {
			c := make(chan int, 1)
			c <- i
			out[i] = <-c * 2
		})
	}
	wg.Wait()
	fmt.Println(out)

	var start, end sync.WaitGroup
	start.Add(1)
	n := make(chan int, 3)
	for i := range 3 {
		end.Go(func() {
			start.Wait()
			n <- i
		})
	}
	fmt.Println(len(n))
	start.Done()
	end.Wait()
	fmt.Println(len(n))
	wg.Wait() // zero: returns at once
	defer func() { fmt.Println(recover()) }()
	wg.Done()
}
