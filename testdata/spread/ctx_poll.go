// Covers: a goroutine that only polls ctx.Err() sees the cancellation in the end; so does one that polls in a select with a default clause.
package main

import (
	"context"
	"fmt"
	"sync"
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	ready, polled, done := make(chan bool), make(chan error), make(chan bool)
	go func() {
		ready <- true
		for ctx.Err() == nil {
		}
		polled <- ctx.Err()
	}()
	var mu sync.Mutex
	rounds := 0
	go func() {
		ready <- true
		for {
			select {
			case <-ctx.Done():
				done <- true
				return
			default:
				mu.Lock()
				rounds++
				mu.Unlock()
			}
		}
	}()
	<-ready
	<-ready
	for n := 0; n < 3; {
		mu.Lock()
		n = rounds
		mu.Unlock()
	}
	cancel()
	fmt.Println(<-polled, <-done)
}
