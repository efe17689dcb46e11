// Goroutines that are pinned wait for timers, and for others that do, while all else waits: it is no deadlock.
package main

import (
	"fmt"
	"sync"
	"time"
)

// A later is printed by fmt when f returns.
type later func() any

func (l later) String() string { return fmt.Sprint(l()) }

func main() {
	const long = 1200 * time.Millisecond
	var mu sync.Mutex
	var wg sync.WaitGroup
	results := make([]string, 6)
	print := func(i int, f later) { wg.Go(func() { results[i] = fmt.Sprint(f) }) }

	timer, never := time.After(long), make(chan int)
	print(0, func() any { <-timer; return "timer" })
	print(1, func() any {
		select {
		case <-time.After(long):
			return "select"
		case v := <-never:
			return v
		}
	})
	mu.Lock()
	time.AfterFunc(long, mu.Unlock)
	print(2, func() any {
		mu.Lock()
		defer mu.Unlock()
		return "lock"
	})
	sent := make(chan string)
	wg.Go(func() {
		time.Sleep(long)
		sent <- "sent"
	})
	print(3, func() any { return <-sent })
	print(4, func() any { time.Sleep(long); return "slept" })

	// Two that are pinned meet, late.
	pinned := make(chan string)
	gate := make(chan bool)
	wg.Go(func() { fmt.Sprint(later(func() any { <-gate; pinned <- "met"; return nil })) })
	print(5, func() any { return <-pinned })
	tick := time.NewTicker(long)
	<-tick.C
	tick.Stop()
	gate <- true
	wg.Wait()
	fmt.Println(results)
}
