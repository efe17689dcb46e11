// Covers: RWMutex, Cond, Once, a semaphore channel, locks in values that are sent.
package main

import (
	"fmt"
	"sync"
)

type box struct {
	mu sync.Mutex
	n  int
}

func main() {
	var (
		rw    sync.RWMutex
		once  sync.Once
		wg    sync.WaitGroup
		table = map[int]string{}
		sem   = make(chan struct{}, 2)
		setup int
	)
	boxes := make(chan *box, 4)
	for i := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			sem <- struct{}{}
			defer func() { <-sem }()
			once.Do(func() { setup++ })
			rw.RLock()
			_, known := table[i]
			rw.RUnlock()
			if !known {
				rw.Lock()
				table[i] = fmt.Sprint("value ", i)
				rw.Unlock()
			}
			boxes <- &box{n: i}
		}()
	}
	wg.Wait()
	close(boxes)
	sum := 0
	var kept []*box
	for b := range boxes {
		kept = append(kept, b)
	}
	for _, b := range kept {
		wg.Add(1)
		go func() {
			defer wg.Done()
			b.mu.Lock()
			b.n *= 10
			b.mu.Unlock()
		}()
	}
	wg.Wait()
	for _, b := range kept {
		b.mu.Lock()
		sum += b.n
		b.mu.Unlock()
	}
	fmt.Println(setup, table, sum)
}
