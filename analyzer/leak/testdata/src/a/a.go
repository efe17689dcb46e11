package a

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

func nobodyReceives() {
	c := make(chan int)
	go func() {
		c <- 1 // want `a send on the channel made at a.go:\d+:11, which nobody receives from; it waits for ever, and is saved with the run as long as that lives; receive from it, or leave the send out \(warning: leak\)`
	}()
}

func nobodySends() {
	c, d := make(chan int), make(chan struct{}, 3)
	go func() {
		for range c { // want `a receive from the channel made at \w+.go:\d+:\d+, which nobody sends on or closes`
		}
	}()
	<-d // want `a receive from`
}

func meant() {
	<-make(chan int)
}

func bothThere() int {
	c, d, e := make(chan int), make(chan int), make(chan int)
	go func() { c <- 1 }()
	go worker(d)
	go func() { close(e) }()
	select { // a select that has nobody to receive from may have another case
	case <-make(chan int):
	default:
	}
	<-e
	return <-c + <-d
}

func worker(c chan<- int) { c <- 1 }

func drain(c chan int) {
	for range c { // want `a range over the channel made at a.go:\d+:14, which nobody closes`
	}
}

func byParameter() {
	c, d := make(chan int), make(chan int)
	go worker(c)
	go drain(c)
	go drain(d)
	close(d)
}

func buffered() {
	c := make(chan int, 1)
	c <- 1
}

var kept []chan int

func escapes(f func(chan int)) {
	c, d, e := make(chan int), make(chan int), make(chan int)
	kept = append(kept, c)
	f(d)
	fmt.Println(e)
	c <- 1
	d <- 1
	<-e
}

func nils() {
	var c chan int
	<-c    // want `a receive from a nil channel`
	c <- 1 // want `a send on a nil channel`
	select {
	case <-c:
	default:
	}
}

// More senders than receivers.

func first(urls []string) string {
	c := make(chan string)
	for _, u := range urls {
		go func() { c <- u }() // want `each goroutine that is started at a.go:\d+:3 sends on a channel that is received from once; the others wait for ever`
	}
	return <-c
}

func all(urls []string) {
	c := make(chan string)
	for _, u := range urls {
		go func() { c <- u }()
	}
	for range urls {
		<-c
	}
}

func three() {
	c := make(chan int)
	for i := range 3 {
		go func() { c <- i }()
	}
	<-c
	for i := 0; i < 3; i++ {
		go func() { c <- i }()
	}
}

func closesIt(c chan int) {
	d := make(chan int)
	close(d)
	d <- 1 // it panics
}

func firstBuffered(urls []string) string {
	c := make(chan string, len(urls))
	for _, u := range urls {
		go func() { c <- u }()
	}
	return <-c
}

// The receiver that leaves.

func timeout(f func() int) (int, error) {
	c := make(chan int)
	go func() {
		c <- f() // want `the goroutine waits for ever in this send if the select at a.go:\d+:\d+ takes another case; the function returns then \(a.go:\d+:\d+\), nobody receives, and the goroutine is saved with the run as long as that lives; make the channel with a buffer of one`
	}()
	select {
	case n := <-c:
		return n, nil
	case <-time.After(time.Second):
		return 0, errors.New("too late")
	}
}

func waitsOn(ctx context.Context, f func() int) int {
	c := make(chan int)
	go func() { c <- f() }()
	for {
		select {
		case n := <-c:
			return n
		case <-ctx.Done():
			fmt.Println("still waiting")
		}
	}
}

func timeoutBuffered(ctx context.Context, f func() int) int {
	c := make(chan int, 1)
	go func() { c <- f() }()
	select {
	case n := <-c:
		return n
	case <-ctx.Done():
		return 0
	}
}

func takesLater(ctx context.Context, f func() int) int {
	c := make(chan int)
	go func() { c <- f() }()
	select {
	case n := <-c:
		return n
	case <-ctx.Done():
	}
	return <-c
}

// Ranges.

func notClosed(n int) {
	c := make(chan int)
	go func() {
		for range n {
			c <- 1
		}
	}()
	for range c { // want `a range over the channel made at a.go:\d+:\d+, which nobody closes; when all has been received that is sent, it waits for ever`
	}
}

func closed(n int) {
	c := make(chan int)
	go func() {
		defer close(c)
		for range n {
			c <- 1
		}
	}()
	for range c {
	}
}

func leaves(n int) {
	c := make(chan int)
	go func() {
		for range n {
			c <- 1
		}
	}()
	for x := range c {
		if x == 3 {
			break
		}
	}
}

func producesForEver() {
	c := make(chan int)
	go func() {
		for {
			c <- 1
		}
	}()
	for range c {
	}
}

// Wait groups.

func noDone(n int) {
	var wg sync.WaitGroup
	for range n {
		wg.Add(1)
		go func() { fmt.Println("working") }()
	}
	wg.Wait() // want `a Wait for what was added at a.go:\d+:\d+, and nothing calls Done; it waits for ever`
}

func fewer() {
	wg := &sync.WaitGroup{}
	wg.Add(2)
	go func() { defer wg.Done() }()
	wg.Wait() // want `a Wait for 2 that were added, and Done is called once`
}

func enough(n int) {
	var wg sync.WaitGroup
	wg.Add(2)
	go done(&wg)
	go done(&wg)
	wg.Wait()
	for range n {
		wg.Add(1)
		go func() { defer wg.Done() }()
	}
	wg.Wait()
	wg.Go(func() {})
	wg.Wait()
}

func values() {
	var wg sync.WaitGroup
	wg.Add(2)
	f := wg.Done
	f()
	f()
	wg.Wait()
}

func done(wg *sync.WaitGroup) { wg.Done() }

func negative() {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() { wg.Add(-1) }()
	wg.Wait()
}

// Locks.

type cache struct {
	mu   sync.Mutex
	rw   sync.RWMutex
	next *cache
	n    int
}

func (c *cache) get() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

func (c *cache) twice(x bool) {
	c.mu.Lock()
	if x {
		c.n++
	}
	c.mu.Lock() // want `a lock is taken that this goroutine holds since a.go:\d+:\d+; it waits for ever`
}

func (c *cache) calls() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.get() + 1 // want `\(\*cache\).get takes a lock \(a.go:\d+:\d+\) that this goroutine holds since a.go:\d+:\d+`
}

func (c *cache) upgrade() {
	c.rw.RLock()
	c.rw.Lock() // want `a lock is taken`
}

func (c *cache) fine(x bool) {
	c.rw.RLock()
	c.rw.RLock()
	c.mu.Lock()
	c.next.mu.Lock()
	c.mu.Unlock()
	c.mu.Lock()
	c.unlock()
	c.mu.Lock()
	c.mu.Unlock()
	if x {
		c.mu.Lock()
	}
	if !x {
		c.mu.Lock()
	}
}

func (c *cache) unlock() { c.mu.Unlock() }

func (c *cache) others(next *cache) int {
	c.mu.Lock()
	return next.get()
}

func (c *cache) unlocked() int {
	c.mu.Lock()
	c.n++
	c.mu.Unlock()
	return c.get()
}
