package main

import (
	"sync"
	"syscall"
	"time"

	"example.com/dep"
)

var own dep.Store

func main() {
	variable()
	field(nil)
	kernel(0)
	file(nil)
	fine(nil)
}

func variable() {
	dep.Default.Lock() // want `a lock in dep.Default is held over the wait at main.go:\d+:12; that variable's package is not compiled, and makes it anew in each process: where the run goes on nobody holds the lock, and to unlock it is a fatal error; unlock it before the wait, or guard what only this program uses with a sync.Mutex of its own \(warning: pinned\)`
	time.Sleep(time.Minute)
	dep.Default.Unlock()
}

func field(c chan int) {
	dep.Default.Other.RLock() // want `a lock in dep.Default is held over the wait at main.go:\d+:7; the wait calls m.pause \(main.go:\d+:7\), which waits: chan receive \(main.go:\d+:26\); that variable's`
	defer dep.Default.Other.RUnlock()
	pause(c)
}

func pause(c chan int) { <-c }

func kernel(fd int) {
	syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB) // want `a lock of a file is held over the wait at main.go:\d+:12; it is this process's: where the run goes on nobody holds it, and the descriptor leads to nothing; unlock`
	time.Sleep(time.Minute)
	syscall.Flock(fd, syscall.LOCK_UN)
	time.Sleep(time.Minute)
}

func file(c chan int) {
	l := dep.New("x")
	if err := l.Lock(); err != nil { // want `the lock that \(\*dep.FileLock\).Lock takes is held over the wait at main.go:\d+:2; an open file belongs to one process, so the run ends there if it must stop`
		return
	}
	defer l.Unlock()
	<-c
}

// fine has locks that are memory of the program, or are not held.
func fine(c chan int) {
	var mu sync.Mutex
	mu.Lock()
	own.Lock()
	dep.Mu.Lock() // a variable itself keeps what it holds
	<-c
	dep.Mu.Unlock()
	own.Unlock()
	mu.Unlock()

	dep.Default.Lock()
	dep.Default.Unlock()
	<-c

	dep.Default.Lock()
	mu.Lock() // held for moments
	mu.Unlock()
	dep.Default.Unlock()

	l, other := dep.New("x"), dep.New("y")
	l.Lock()
	if c == nil {
		<-c
		other.Unlock()
	}

	dep.Default.Other.Lock() //hark:ok pinned it is a test
	<-c
	dep.Default.Other.Unlock()
}
