// context.AfterFunc with functions that block, stopped ones, and contexts of the program's own types.

package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// own is a context that package context does not know.
type own struct {
	context.Context
	done chan struct{}
	mu   sync.Mutex
	err  error
}

func (c *own) Done() <-chan struct{} { return c.done }

func (c *own) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *own) cancel() {
	c.mu.Lock()
	c.err = context.Canceled
	c.mu.Unlock()
	close(c.done)
}

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	in, out := make(chan int), make(chan int)
	stop := context.AfterFunc(ctx, func() {
		n := <-in
		time.Sleep(time.Millisecond)
		out <- n * 2
	})
	never := context.AfterFunc(ctx, func() { panic("stopped before") })
	fmt.Println(never(), never())
	cancel()
	in <- 21
	fmt.Println(<-out, stop())

	wait := make(chan struct{})
	context.AfterFunc(ctx, func() { close(wait) }) // it is cancelled already
	<-wait

	o := &own{Context: context.Background(), done: make(chan struct{})}
	child, cancelChild := context.WithCancel(o)
	defer cancelChild()
	fmt.Println(child.Err())
	time.Sleep(time.Millisecond)
	o.cancel()
	<-child.Done()
	fmt.Println(child.Err(), context.Cause(child))

	o2 := &own{Context: context.Background(), done: make(chan struct{})}
	child2, cancelChild2 := context.WithCancel(o2)
	cancelChild2()
	<-child2.Done()
	fmt.Println(child2.Err(), o2.Err())
}
