// Covers: go wg.Go(f) and defer wg.Go(f).
package main

import (
	"fmt"
	"sync"
)

type group struct{ sync.WaitGroup }

func start(wg *sync.WaitGroup, c chan<- int) {
	defer wg.Go(func() { c <- 1 })
	defer wg.Go(func() {})
	fmt.Println("starting")
}

func main() {
	var wg sync.WaitGroup
	c := make(chan int)
	start(&wg, c)
	fmt.Println(<-c)
	wg.Wait()

	done := make(chan bool)
	f := func() { done <- true }
	go wg.Go(f)
	fmt.Println(<-done)
	wg.Wait()

	var g group
	defer fmt.Println("end")
	defer g.Wait()
	defer g.Go(func() { <-c })
	go func() { c <- 2 }()
	h := wg.Go
	defer h(f)
	go func() { <-done }()
}
