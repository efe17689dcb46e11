// Buffered sends numbers over a buffered channel to another goroutine.
package main

import (
	"fmt"
	"syscall"
	"time"
)

func main() {
	const n = 20_000_000
	c, sum := make(chan int, 1024), make(chan int)
	go func() {
		s := 0
		for v := range c {
			s += v
		}
		sum <- s
	}()
	start, used := time.Now(), userTime()
	for i := range n {
		c <- i
	}
	close(c)
	if s := <-sum; s != n*(n-1)/2 {
		panic(s)
	}
	d, u := time.Since(start), userTime()-used
	fmt.Println("buffered", float64(d)/n, "ns/op", float64(u)/n, "user-ns/op")
}

// userTime is the processor time that this process has used.
func userTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano())
}
