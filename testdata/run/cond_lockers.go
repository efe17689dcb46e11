// Covers: sync.Cond with a RWMutex, with its RLocker, and with Lockers that wait themselves.

package main

import (
	"fmt"
	"sync"
)

// A chanLock is a lock made of a channel.
type chanLock chan bool

func (l chanLock) Lock()   { l <- true }
func (l chanLock) Unlock() { <-l }

// A condLock is a lock made of a Cond.
type condLock struct {
	c    *sync.Cond
	held bool
}

func (l *condLock) Lock() {
	l.c.L.Lock()
	for l.held {
		l.c.Wait()
	}
	l.held = true
	l.c.L.Unlock()
}

func (l *condLock) Unlock() {
	l.c.L.Lock()
	l.held = false
	l.c.L.Unlock()
	l.c.Signal()
}

func try(name string, wait, set sync.Locker) {
	cond := sync.NewCond(wait)
	n := 0
	done := make(chan int)
	for i := range 3 {
		go func() {
			wait.Lock()
			for n <= i {
				cond.Wait()
			}
			wait.Unlock()
			done <- 1
		}()
	}
	for range 3 {
		set.Lock()
		n++
		set.Unlock()
		cond.Broadcast()
	}
	fmt.Println(name, <-done+<-done+<-done)
}

func main() {
	var rw sync.RWMutex
	try("RWMutex", &rw, &rw)
	try("RLocker", rw.RLocker(), &rw)
	ch := make(chanLock, 1)
	try("channel", ch, ch)
	cl := &condLock{c: sync.NewCond(new(sync.Mutex))}
	try("cond", cl, cl)
}
