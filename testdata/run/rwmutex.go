// Covers: sync.RWMutex with readers and writers across suspensions.

package main

import (
	"fmt"
	"sync"
)

type cache struct {
	mu sync.RWMutex
	m  map[int]int
}

func (c *cache) get(k int) (int, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	ch := make(chan int, 1)
	ch <- k
	v, ok := c.m[<-ch]
	return v, ok
}

func (c *cache) put(k, v int) {
	c.mu.Lock()
	ch := make(chan int, 1)
	ch <- v
	c.m[k] = <-ch
	c.mu.Unlock()
}

func main() {
	c := &cache{m: map[int]int{}}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Add(2)
		go func() {
			defer wg.Done()
			c.put(i, i*i)
		}()
		go func() {
			defer wg.Done()
			if v, ok := c.get(i); ok && v != i*i {
				fmt.Println("wrong", i, v)
			}
		}()
	}
	wg.Wait()
	for i := range 5 {
		fmt.Println(c.get(i))
	}
	var rw sync.RWMutex // two readers at once, then a writer
	in, out := make(chan bool), make(chan bool)
	for range 2 {
		go func() {
			rw.RLock()
			in <- true
			<-out
			rw.RUnlock()
			in <- true
		}()
	}
	<-in
	<-in
	fmt.Println("two readers")
	close(out)
	rw.Lock()
	fmt.Println("writer")
	rw.Unlock()
	<-in
	<-in
}
