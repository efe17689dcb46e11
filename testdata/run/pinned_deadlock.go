// A deadlock in which one goroutine waits in a select in a String method, under fmt.Println, and others as usual.
package main

import (
	"fmt"
	"os"
	"sync"
	"time"
)

type never struct{ a, b chan int }

func (n never) String() string {
	select {
	case v := <-n.a:
		return fmt.Sprint(v)
	case n.b <- 1:
		return "sent"
	}
}

func main() {
	var mu sync.Mutex
	var wg sync.WaitGroup
	mu.Lock()
	wg.Go(func() { fmt.Println(never{make(chan int), make(chan int)}) })
	wg.Go(func() {
		mu.Lock()
		mu.Unlock()
	})
	wg.Go(func() {
		time.Sleep(10 * time.Millisecond)
		fmt.Fprintln(os.Stderr, "slept")
	})
	wg.Wait()
	fmt.Println("not reached")
}
