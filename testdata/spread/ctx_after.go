// Covers: context.AfterFunc on contexts that other processes cancel: it runs once, in the process that has asked for it, also when the goroutine that has has ended.
package main

import (
	"context"
	"fmt"
	"sync"
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	ran, ready := make(chan string), make(chan bool)
	for i := range 2 {
		go func() {
			context.AfterFunc(ctx, func() { ran <- fmt.Sprint("after ", ctx.Err()) })
			stop := context.AfterFunc(ctx, func() { panic(i) })
			ready <- stop() && !stop()
		}()
	}
	fmt.Println(<-ready, <-ready)
	go func() { cancel() }()
	fmt.Println(<-ran)
	fmt.Println(<-ran)

	// In main, cancelled elsewhere; something that it has written is seen.
	ctx, cancel = context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Add(1)
	n := 0
	context.AfterFunc(ctx, func() {
		n++
		wg.Done()
	})
	go func() { cancel() }()
	wg.Wait()
	fmt.Println(n)
}
