// Covers: time.AfterFunc with functions that suspend, Stop and Reset of its timer, from a function that does not suspend.

package main

import (
	"fmt"
	"time"
)

func arm(d time.Duration, f func()) *time.Timer { return time.AfterFunc(d, f) }

func main() {
	c := make(chan int)
	t := arm(5*time.Millisecond, func() {
		time.Sleep(time.Millisecond)
		c <- 1
	})
	fmt.Println(<-c, t.C == nil, t.Stop())

	// Again, with the same function.
	fmt.Println(t.Reset(time.Millisecond), <-c)
	fmt.Println(t.Reset(time.Hour), t.Stop(), t.Stop())

	never := arm(time.Hour, func() { fmt.Println("never") })
	time.Sleep(time.Millisecond)
	fmt.Println(never.Stop())

	// Several, of which nobody holds the timer.
	for _, i := range []int{3, 1, 2} {
		arm(time.Duration(i)*150*time.Millisecond, func() {
			c <- i
			c <- -i
		})
	}
	for range 6 {
		fmt.Println(<-c)
	}
	stop := arm(time.Hour, func() {}).Stop
	time.Sleep(time.Millisecond)
	fmt.Println(stop())
	chain(c, 3)
	for v := range c {
		fmt.Println("chain", v)
	}
}

func chain(c chan int, n int) {
	time.AfterFunc(time.Millisecond, func() {
		if n == 0 {
			close(c)
			return
		}
		c <- n
		chain(c, n-1)
	})
}
