// Covers: workers that stop when a done channel is closed.

package main

import (
	"fmt"
	"sync"
)

func generate(done <-chan struct{}, wg *sync.WaitGroup) <-chan int {
	c := make(chan int)
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer close(c)
		for i := 0; ; i++ {
			select {
			case c <- i:
			case <-done:
				return
			}
		}
	}()
	return c
}

func square(done <-chan struct{}, in <-chan int, wg *sync.WaitGroup) <-chan int {
	c := make(chan int)
	wg.Add(1)
	go func() {
		defer wg.Done()
		for {
			select {
			case v, ok := <-in:
				if !ok {
					close(c)
					return
				}
				select {
				case c <- v * v:
				case <-done:
					return
				}
			case <-done:
				return
			}
		}
	}()
	return c
}

func main() {
	var wg sync.WaitGroup
	done := make(chan struct{})
	out := square(done, generate(done, &wg), &wg)
	for range 5 {
		fmt.Print(<-out, " ")
	}
	close(done)
	wg.Wait()
	fmt.Println("stopped")
}
