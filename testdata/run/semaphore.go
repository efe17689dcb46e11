// Covers: a buffered channel as a semaphore that limits how many goroutines run.

package main

import (
	"fmt"
	"sync"
)

func main() {
	sem := make(chan struct{}, 2)
	var mu sync.Mutex
	var wg sync.WaitGroup
	running, peak, total := 0, 0, 0
	for i := range 6 {
		wg.Add(1)
		sem <- struct{}{}
		go func() {
			defer wg.Done()
			defer func() { <-sem }()
			mu.Lock()
			running++
			peak = max(peak, running)
			mu.Unlock()
			c := make(chan int, 1)
			c <- i
			v := <-c
			mu.Lock()
			defer mu.Unlock()
			running--
			total += v
		}()
	}
	wg.Wait()
	fmt.Println(running, peak <= 2, total, len(sem))
}
