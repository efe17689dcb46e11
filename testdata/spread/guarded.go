// Covers: A map with a lock.
package main

import (
	"fmt"
	"sync"
)

type counts struct {
	mu sync.Mutex
	m  map[string]int
	by []*entry
}

type entry struct {
	who int
	n   int
}

func (c *counts) add(who int, key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.m[key]++
	for _, e := range c.by {
		if e.who == who {
			e.n++
			return
		}
	}
	c.by = append(c.by, &entry{who, 1})
}

func main() {
	c := &counts{m: map[string]int{}}
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range 5 {
				c.add(w, fmt.Sprint("key", i%3))
			}
		}()
	}
	wg.Wait()
	total := 0
	for _, e := range c.by {
		total += e.n
	}
	fmt.Println(c.m, len(c.by), total)
}
