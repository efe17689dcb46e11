// Covers: deferred calls that wait after they have recovered, and those after them.
package main

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
)

var out = make(chan string)

func say(format string, args ...any) { out <- fmt.Sprintf(format, args...) }

func named(n int) (m int, err error) {
	m = n
	defer func() {
		say("later: %d %v", m, err)
		m++
	}()
	defer func() {
		if r := recover(); r != nil {
			say("recovered %v", r)
			err = fmt.Errorf("from %v", r)
			say("again: %v", recover())
		}
	}()
	defer say("before: %d", m)
	m *= 10
	panic(errors.New("no"))
}

func unnamed() int {
	defer func() {
		recover()
		time.Sleep(time.Millisecond)
	}()
	return deep(5)
}

func deep(n int) int {
	defer time.Sleep(0)
	if n == 0 {
		var p *int
		return *p
	}
	return deep(n-1) + 1
}

// below recovers a panic in a call that another panic has deferred.
func below() (s string) {
	defer func() { s += fmt.Sprint(" outer ", recover()) }()
	defer func() {
		func() {
			defer func() {
				s += fmt.Sprint("inner ", recover())
				say("below")
			}()
			panic("two")
		}()
		say("still panicking")
	}()
	panic("one")
}

func again() (r any) {
	defer func() {
		r = recover()
		say("second: %v", r)
	}()
	defer func() {
		say("first: %v", recover())
		panic("second")
	}()
	panic("first")
}

func exits(wg *sync.WaitGroup) {
	defer wg.Done()
	defer say("exits")
	defer func() {
		say("recovered %v, exiting", recover())
		runtime.Goexit()
	}()
	panic("exit")
}

type handler struct{ name string }

func (h *handler) done() {
	r := recover()
	say("%s: %v", h.name, r)
}

func method() {
	done := (&handler{"value"}).done
	defer done()
	defer (&handler{"method"}).done()
	panic("method")
}

func loop(yield func(int) bool) {
	for i := range 3 {
		if !yield(i) {
			return
		}
	}
}

func ranging() (n int) {
	for i := range loop {
		defer func() {
			if r := recover(); r != nil {
				say("%d recovered %v", i, r)
				n += i
				return
			}
			say("%d", i)
		}()
		if i == 1 {
			panic("ranging")
		}
	}
	return -1
}

func main() {
	go func() {
		defer close(out)
		m, err := named(4)
		say("%d %v", m, err)
		say("%d", unnamed())
		say("%s", below())
		say("%v", again())
		var wg sync.WaitGroup
		wg.Add(1)
		go exits(&wg)
		wg.Wait()
		method()
		say("%d", ranging())
	}()
	for s := range out {
		fmt.Println(s)
	}
}
