// Covers: sync.Mutex held across suspensions, in structs, deferred unlocks, many goroutines.

package main

import (
	"fmt"
	"sync"
)

type counter struct {
	mu sync.Mutex
	n  int
}

func (c *counter) inc() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := c.n
	ch := make(chan int, 1)
	ch <- old + 1 // suspends while the lock is held
	c.n = <-ch
	return c.n
}

type embedded struct {
	sync.Mutex
	m map[string]int
}

func main() {
	var c counter
	var wg sync.WaitGroup
	for range 5 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 3 {
				c.inc()
			}
		}()
	}
	wg.Wait()
	fmt.Println(c.n)
	e := &embedded{m: map[string]int{}}
	done := make(chan bool)
	for _, k := range []string{"a", "b", "a"} {
		go func() {
			e.Lock()
			e.m[k]++
			e.Unlock()
			done <- true
		}()
	}
	for range 3 {
		<-done
	}
	e.Lock()
	fmt.Println(e.m)
	e.Unlock()
	var l sync.Locker = &c.mu
	l.Lock()
	go func() {
		ch := make(chan int, 1)
		ch <- 1
		<-ch
		c.n = 100
		l.Unlock() // another goroutine may unlock
	}()
	c.mu.Lock()
	fmt.Println(c.n)
}
