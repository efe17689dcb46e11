// Covers: the Done channel of a context that goes to other processes by itself; one of a context that is cancelled already; a nil one.
package main

import (
	"context"
	"fmt"
	"time"
)

func stage(done <-chan struct{}, in <-chan int, out chan<- int) {
	defer close(out)
	for {
		select {
		case v, ok := <-in:
			if !ok {
				return
			}
			select {
			case out <- v * v:
			case <-done:
				return
			}
		case <-done:
			return
		}
	}
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	in, out, end := make(chan int), make(chan int), make(chan int)
	go stage(ctx.Done(), in, out)
	go stage(ctx.Done(), out, end)
	for i := range 3 {
		in <- i
		fmt.Println(<-end)
	}
	in <- 3 // nobody takes the result
	cancel()
	for v := range end {
		if v != 81 {
			fmt.Println("unexpected", v)
		}
	}

	closed := make(chan string)
	go func(done <-chan struct{}) {
		_, ok := <-done
		closed <- fmt.Sprint("closed ", ok)
	}(ctx.Done())
	fmt.Println(<-closed)

	go func(done <-chan struct{}) {
		select {
		case <-done:
			closed <- "closed"
		case <-time.After(time.Millisecond):
			closed <- fmt.Sprint("never ", done == nil)
		}
	}(context.Background().Done())
	fmt.Println(<-closed)

	// A channel of the user's that is closed, beside shared ones, starves none of them.
	own, shared := make(chan bool), make(chan int)
	close(own)
	go func() {
		for i := range 5 {
			shared <- i
		}
		close(shared)
	}()
	n := 0
	for open := true; open; {
		select {
		case <-own:
		case _, open = <-shared:
			n++
		}
	}
	fmt.Println(n)
}
