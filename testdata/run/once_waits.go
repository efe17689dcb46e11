// Covers: sync.Once with a function that suspends while others wait; its method value; defer; go; panic, Goexit and nesting inside.

package main

import (
	"fmt"
	"runtime"
	"sync"
	"time"
)

type config struct {
	once sync.Once
	in   chan int
	v    int
}

func (c *config) load() { c.v += <-c.in }

func (c *config) get() int {
	c.once.Do(c.load)
	return c.v
}

func main() {
	c := &config{in: make(chan int)}
	got := make(chan int)
	for range 4 {
		go func() { got <- c.get() }()
	}
	time.Sleep(5 * time.Millisecond)
	c.in <- 7
	fmt.Println(<-got + <-got + <-got + <-got)

	var o sync.Once
	do := o.Do
	do(func() { do2(&o, got) })
	do(func() { fmt.Println("never") })

	var o2 sync.Once
	func() {
		defer func() { fmt.Println(recover()) }()
		o2.Do(func() {
			go func() { got <- 1 }()
			panic(fmt.Sprint("boom ", <-got))
		})
	}()
	o2.Do(func() { fmt.Println("never") })

	var o3, o4 sync.Once
	done := make(chan bool)
	go func() {
		defer close(done)
		o3.Do(func() {
			go func() { got <- 1 }()
			<-got
			runtime.Goexit()
		})
	}()
	<-done
	o3.Do(func() { fmt.Println("never") })

	func() {
		defer o4.Do(func() {
			go func() { got <- 4 }()
			fmt.Println("deferred", <-got)
		})
	}()
	var o5 sync.Once
	go o5.Do(func() { got <- 5 })
	fmt.Println(<-got)
	o5.Do(func() { fmt.Println("never") })
}

// do2 runs inside of o, and another Once inside of that.
func do2(o *sync.Once, got chan int) {
	var inner sync.Once
	go func() { got <- 2 }()
	inner.Do(func() { fmt.Println("inner", <-got) })
}
