// Covers: channels of timers and tickers that goroutines in other processes receive from, in select too; the process that has made them may have ended.

package main

import (
	"fmt"
	"time"
)

func limited(n int, tick <-chan time.Time) <-chan int {
	out := make(chan int)
	go func() {
		defer close(out)
		for i := range n {
			<-tick
			out <- i
		}
	}()
	return out
}

// made starts a timer in a goroutine that ends before it is due.
func made(d time.Duration) <-chan time.Time {
	c := make(chan (<-chan time.Time))
	go func() { c <- time.After(d) }()
	return <-c
}

type clock struct{ c <-chan time.Time }

func main() {
	for i := range limited(3, time.Tick(2*time.Millisecond)) {
		fmt.Println("limited", i)
	}

	// One timer ends all workers but those that it does not reach: it fires once.
	quit := time.After(30 * time.Millisecond)
	ended := make(chan bool)
	never := make(chan int)
	for range 2 {
		go func() {
			select {
			case <-quit:
				ended <- true
			case <-never:
				ended <- false
			}
		}()
	}
	fmt.Println("first", <-ended)
	close(never)
	fmt.Println("second", <-ended)

	fmt.Println("made", !(<-made(5 * time.Millisecond)).IsZero())
	go func(c clock) { fmt.Println("in a struct", !(<-c.c).IsZero()); ended <- true }(clock{made(time.Millisecond)})
	<-ended

	// The ticker is read here too, and stopped.
	t := time.NewTicker(time.Millisecond)
	go func() {
		for range 3 {
			<-t.C
		}
		ended <- true
	}()
	<-t.C
	<-ended
	t.Stop()
	fmt.Println("capacity", cap(t.C))
	select {
	case <-t.C:
		fmt.Println("a tick after Stop")
	case <-time.After(20 * time.Millisecond):
		fmt.Println("stopped")
	}

	timer := time.NewTimer(time.Hour)
	at := timer.C
	go func() { <-at; ended <- true }()
	time.Sleep(5 * time.Millisecond)
	timer.Reset(time.Millisecond)
	fmt.Println("set again", <-ended)
	go func() { time.Sleep(time.Hour); close(never) }()
	select {
	case <-at:
	case <-made(10 * time.Millisecond):
		fmt.Println("nothing more")
	}
}
