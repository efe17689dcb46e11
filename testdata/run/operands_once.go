// Covers: operands of an operation that waits are evaluated once, though what they were read from changes meanwhile. (This needs races: the time
// for which settle waits is what orders the accesses.)

package main

import (
	"fmt"
	"sync"
	"time"
)

type box struct {
	c  chan int
	mu *sync.Mutex
	wg *sync.WaitGroup
	f  func(int) int
	d  time.Duration
}

var global box

// settle lets the other goroutine come to its operation.
func settle() {
	for range 10 {
		time.Sleep(time.Millisecond)
	}
}

func receive() {
	b := &box{c: make(chan int)}
	done := make(chan int)
	go func() { done <- <-b.c }()
	settle()
	old := b.c
	b.c = make(chan int)
	old <- 1
	fmt.Println("receive", <-done)
}

func receiveGlobal() {
	global.c = make(chan int)
	done := make(chan bool)
	go func() {
		v, ok := <-global.c
		fmt.Println("receive global", v, ok)
		done <- true
	}()
	settle()
	old := global.c
	global.c = nil
	old <- 2
	<-done
}

func send() {
	cs := []chan int{make(chan int), nil}
	done := make(chan bool)
	go func() {
		cs[0] <- 3
		done <- true
	}()
	settle()
	old := cs[0]
	cs[0] = nil
	fmt.Println("send", <-old)
	<-done
}

func selects() {
	m := map[string]chan int{"in": make(chan int), "out": make(chan int)}
	var x any = 5
	done := make(chan bool)
	go func() {
		for range 2 {
			select {
			case v := <-m["in"]:
				fmt.Println("select received", v)
			case m["out"] <- x.(int):
			}
			done <- true
		}
	}()
	settle()
	in, out := m["in"], m["out"]
	m["in"], m["out"], x = nil, out, "none"
	in <- 6
	x = 7
	<-done
	settle()
	m["out"], x = nil, 8
	fmt.Println("select sent", <-out)
	<-done
}

func locks() {
	b := &box{mu: new(sync.Mutex), wg: new(sync.WaitGroup)}
	b.mu.Lock()
	b.wg.Add(1)
	done := make(chan string)
	go func() {
		b.mu.Lock()
		done <- "locked"
	}()
	go func() {
		b.wg.Wait()
		done <- "waited"
	}()
	settle()
	mu, wg := b.mu, b.wg
	b.mu, b.wg = new(sync.Mutex), new(sync.WaitGroup)
	b.mu.Lock()
	b.wg.Add(1)
	mu.Unlock()
	fmt.Println(<-done)
	wg.Done()
	fmt.Println(<-done)
}

func wait(n int) int {
	settle()
	settle()
	return n
}

var hook = func(n int) int { return wait(n) + 1 }

type waiter interface{ wait(n int) int }

type w1 int
type w2 string

func (w w1) wait(n int) int { return wait(n) * int(w) }
func (w w2) wait(n int) int { return wait(n) + len(w) }

var dyn waiter = w1(10)

func calls() {
	b := &box{f: func(n int) int { return wait(n) + 2 }}
	args := []int{1}
	done := make(chan string)
	go func() { done <- fmt.Sprint("hook ", hook(args[0])) }()
	go func() { done <- fmt.Sprint("field ", b.f(args[0])) }()
	go func() { done <- fmt.Sprint("interface ", dyn.wait(args[0])) }()
	settle()
	hook = func(n int) int { return wait(n) + 100 }
	b.f = func(n int) int { return wait(n) + 200 }
	dyn = w2("other")
	args[0] = 50
	got := map[string]bool{<-done: true, <-done: true, <-done: true}
	fmt.Println(got)
}

func sleeps() {
	global.d = 30 * time.Millisecond
	done := make(chan bool)
	go func() {
		time.Sleep(global.d)
		done <- true
	}()
	settle()
	global.d = time.Hour
	fmt.Println("slept", <-done)
}

func main() {
	receive()
	receiveGlobal()
	send()
	selects()
	locks()
	calls()
	sleeps()
}
