// A deadlock of two goroutines that are pinned, in fmt.Println and in a deferred call of a panic, by locks and a sync.Cond.
package main

import (
	"fmt"
	"sync"
)

type locked struct{ mu *sync.Mutex }

func (l locked) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return "locked"
}

func main() {
	var mu sync.Mutex
	mu.Lock()
	go func() {
		c := sync.NewCond(new(sync.Mutex))
		c.L.Lock()
		defer mu.Unlock()
		defer c.Wait()
		panic("not seen")
	}()
	fmt.Println(locked{&mu})
}
