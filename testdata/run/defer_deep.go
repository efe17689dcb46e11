// Covers: deferred functions that suspend, recover, panic again, exit, and defer themselves; in loops, closures and methods.

package main

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
)

func pass[T any](v T) T {
	c := make(chan T)
	go func() { c <- v }()
	return <-c
}

type list struct {
	mu    sync.Mutex
	items []string
}

func (l *list) add(s string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = append(l.items, pass(s))
}

func (l *list) addAll(ss ...string) {
	for i, s := range ss {
		defer l.add(fmt.Sprint(pass(s), i))
	}
}

func results(mode string) (n int, s string, err error) {
	defer func() {
		n *= pass(2)
		s += pass("!")
	}()
	defer func() {
		if r := recover(); r != nil {
			n, err = pass(7), fmt.Errorf("recovered: %v", r)
		}
	}()
	defer func() { n += pass(1) }()
	switch pass(mode) {
	case "return":
		return pass(10), "returned", nil
	case "bare":
		n, s = pass(20), "bare"
		return
	case "panic":
		n, s = 30, pass("before")
		panic("boom")
	case "error":
		return 40, "e", errors.New(pass("an error"))
	}
	s = pass("end")
	return n, s, err
}

// again panics, recovers, and panics again in what it defers.
func again(l *list, depth int) {
	defer func() {
		r := recover()
		l.add(fmt.Sprint("depth ", depth, " ", r))
		if depth > 0 {
			defer func() { l.add(fmt.Sprint("inner ", depth, " ", recover())) }()
			defer again(l, depth-1)
			panic(fmt.Sprint("again ", depth))
		}
	}()
	defer l.add(pass("plain"))
	panic(fmt.Sprint("first ", pass(depth)))
}

func loops(l *list) {
	for i := range pass(3) {
		func() {
			for j := 0; j < i; j++ {
				defer func() {
					if pass(j) == 1 {
						return
					}
					l.add(fmt.Sprint(i, j))
				}()
			}
			pass(0)
		}()
	}
	for i := 0; i < 3; i++ {
		defer func(n int) { l.add(fmt.Sprint("late ", n, i)) }(pass(i * 10))
	}
}

func exits(l *list) {
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer func() { l.add(fmt.Sprint("exit ", i, " ", recover())) }()
			defer func() {
				if pass(i) == 1 {
					defer func() { recover() }()
					panic("in a deferred function")
				}
			}()
			if i == 2 {
				defer func() { panic("after Goexit") }()
			}
			pass(i)
			runtime.Goexit()
			l.add("not reached")
		}()
		wg.Wait()
	}
}

type closer struct {
	name string
	log  func(string)
}

func (c closer) Close() error {
	c.log("close " + pass(c.name))
	if c.name == "b" {
		return errors.New("cannot close b")
	}
	return nil
}

func use(log func(string), names ...string) (err error) {
	for _, name := range names {
		c := closer{name, log}
		defer func() { err = errors.Join(err, c.Close()) }()
		if pass(name) == "d" {
			return errors.New("d is bad")
		}
	}
	return nil
}

func main() {
	l := &list{}
	l.addAll("a", "b", "c")
	again(l, 2)
	loops(l)
	exits(l)
	for _, s := range l.items {
		fmt.Println(s)
	}
	for _, mode := range []string{"return", "bare", "panic", "error", "end"} {
		fmt.Println(results(mode))
	}
	var log []string
	fmt.Printf("%q\n", use(func(s string) { log = append(log, s) }, "a", "b", "c"))
	fmt.Printf("%q\n", use(func(s string) { log = append(log, pass(s)) }, "a", "d", "c"))
	fmt.Println(log)
}
