// Covers: goroutines that meet in rounds, with a barrier made of a mutex and channels.

package main

import (
	"fmt"
	"sync"
)

type barrier struct {
	mu   sync.Mutex
	n    int
	here int
	gate chan struct{}
}

func (b *barrier) wait() (last bool) {
	b.mu.Lock()
	if b.gate == nil {
		b.gate = make(chan struct{})
	}
	b.here++
	gate := b.gate
	if b.here == b.n {
		b.here, b.gate = 0, nil
		close(gate)
		last = true
	}
	b.mu.Unlock()
	<-gate
	return last
}

func main() {
	const n, rounds = 3, 4
	b := &barrier{n: n}
	var wg sync.WaitGroup
	grid := [n]int{1, 2, 3}
	lasts := make(chan int, n*rounds)
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range rounds {
				v := grid[(i+1)%n]
				b.wait()
				grid[i] += v
				if b.wait() {
					lasts <- 1
				}
			}
		}()
	}
	wg.Wait()
	fmt.Println(grid, len(lasts))
}
