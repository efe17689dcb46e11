// Covers: a loop of short sleeps beside a worker, and time.After as a plain receive.

package main

import (
	"fmt"
	"time"
)

func main() {
	ticks := make(chan int)
	go func() {
		defer close(ticks)
		for i := range 4 {
			time.Sleep(5 * time.Millisecond)
			ticks <- i
		}
	}()
	for t := range ticks {
		fmt.Print(t, " ")
	}
	start := time.Now()
	at := <-time.After(20 * time.Millisecond)
	fmt.Println(!at.Before(start.Add(20*time.Millisecond)), time.Since(start) >= 20*time.Millisecond)
	late := time.After(time.Millisecond)
	time.Sleep(10 * time.Millisecond)
	_, ok := <-late
	fmt.Println(ok, len(late))
}
