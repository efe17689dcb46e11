// Covers: select with time.After: a value in time, a timeout, and a loop with both.

package main

import (
	"fmt"
	"time"
)

func after(d time.Duration, v int) <-chan int {
	c := make(chan int, 1)
	go func() {
		time.Sleep(d)
		c <- v
	}()
	return c
}

func wait(c <-chan int, d time.Duration) string {
	select {
	case v := <-c:
		return fmt.Sprint("got ", v)
	case <-time.After(d):
		return "timeout"
	}
}

func main() {
	fmt.Println(wait(after(time.Millisecond, 1), time.Hour))
	fmt.Println(wait(after(time.Hour, 1), 10*time.Millisecond))
	fmt.Println(wait(nil, time.Millisecond))
	ready := make(chan int, 1)
	ready <- 3
	fmt.Println(wait(ready, time.Minute))
	timeout := time.After(40 * time.Millisecond)
	c := make(chan int)
	n := 0
	for open := true; open; {
		select {
		case <-c:
			n++
		case <-timeout:
			open = false
		}
	}
	fmt.Println("end", n)
}
