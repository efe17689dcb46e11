// Spawn starts goroutines and waits for them, in groups.
package main

import (
	"fmt"
	"sync"
	"syscall"
	"time"
)

func main() {
	const rounds, group = 10_000, 100
	total := 0
	start, used := time.Now(), userTime()
	for range rounds {
		var wg sync.WaitGroup
		out := make(chan int, group)
		for i := range group {
			wg.Add(1)
			go func() {
				defer wg.Done()
				out <- i
			}()
		}
		wg.Wait()
		close(out)
		for v := range out {
			total += v
		}
	}
	d, u := time.Since(start), userTime()-used
	if total != rounds*group*(group-1)/2 {
		panic(total)
	}
	fmt.Println("spawn", float64(d)/(rounds*group), "ns/op", float64(u)/(rounds*group), "user-ns/op")
}

// userTime is the processor time that this process has used.
func userTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano())
}
