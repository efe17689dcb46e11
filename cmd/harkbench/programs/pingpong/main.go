// Pingpong sends a number to and fro over two unbuffered channels.
package main

import (
	"fmt"
	"os"
	"strconv"
	"syscall"
	"time"
)

func main() {
	rounds, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	ping, pong := make(chan int), make(chan int)
	go func() {
		for v := range ping {
			pong <- v + 1
		}
		close(pong)
	}()
	start, used := time.Now(), userTime()
	v := 0
	for range rounds {
		ping <- v
		v = <-pong
	}
	d, u := time.Since(start), userTime()-used
	close(ping)
	fmt.Println("pingpong", float64(d)/float64(rounds), "ns/op", float64(u)/float64(rounds), "user-ns/op")
}

// userTime is the processor time that this process has used.
func userTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano())
}
