// Covers: method values and expressions of sync.Cond, Signal through an interface, defer and go of its methods.

package main

import (
	"fmt"
	"sync"
)

type signaller interface{ Signal() }

type gate struct {
	*sync.Cond
	open int
}

func (g *gate) pass(n int, wait func()) {
	g.L.Lock()
	for g.open < n {
		wait()
	}
	g.L.Unlock()
}

func (g *gate) let(signal func()) {
	g.L.Lock()
	g.open++
	g.L.Unlock()
	signal()
}

func deferred(g *gate) {
	defer g.Broadcast()
	g.let(func() {})
}

func main() {
	g := &gate{Cond: sync.NewCond(new(sync.Mutex))}
	passed := make(chan int)
	wait := g.Wait
	for n := range 7 {
		go func() {
			g.pass(n+1, wait)
			passed <- n
		}()
		steps := []func(){
			func() { g.let(g.Signal) },
			func() { g.let(g.Broadcast) },
			func() { deferred(g) },
			func() { g.let(func() { go g.Broadcast() }) },
			func() { var s signaller = g; g.let(s.Signal) },
			func() { f := (*sync.Cond).Signal; g.let(func() { f(g.Cond) }) },
			func() { defer g.Signal(); g.let(func() {}) },
		}
		steps[n]()
		fmt.Println(<-passed)
	}
}
