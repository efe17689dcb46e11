// Covers: goroutines of other processes that panic: what their deferred calls do with what is shared, before and after they recover.
package main

import (
	"errors"
	"fmt"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
)

type state struct {
	mu      sync.Mutex
	n       int
	running atomic.Int32
	failed  atomic.Bool
}

// risky panics for some n.
func risky(n int) int {
	if n%2 == 1 {
		panic(fmt.Sprint("odd ", n))
	}
	var m map[string]int
	if n == 4 {
		m["x"] = 1
	}
	return n * n
}

// locked holds the lock while it panics, and recovers nothing.
func (s *state) locked(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running.Add(1)
	defer s.running.Add(-1)
	s.n++
	return risky(n)
}

// safe recovers, and sends what it has recovered.
func (s *state) safe(n int, errs chan<- error) (res int, err error) {
	defer func() {
		if r := recover(); r != nil {
			errs <- fmt.Errorf("recovered: %v", r)
			err = fmt.Errorf("failed %d", n)
			s.mu.Lock()
			s.n += 100
			s.mu.Unlock()
			res = -n
		}
	}()
	defer s.failed.Store(true)
	return s.locked(n), nil
}

type handler struct {
	errs chan error
	name string
}

// done recovers, as a method that is deferred through an interface.
func (h *handler) done() {
	r := recover()
	h.errs <- fmt.Errorf("%s: %v", h.name, r)
	h.errs <- nil
}

type finisher interface{ done() }

func viaInterface(f finisher, n int) string {
	defer f.done()
	return fmt.Sprint(risky(n))
}

// produce closes its channel while it panics.
func produce(out chan<- int, n int) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New(fmt.Sprint(r))
		}
	}()
	defer close(out)
	for i := range n {
		out <- risky(i)
	}
	return nil
}

// again panics anew after it has told of the first.
func again(c chan<- string) {
	defer func() {
		c <- fmt.Sprint("last ", recover())
	}()
	defer func() {
		r := recover()
		c <- fmt.Sprint("first ", r)
		panic("second")
	}()
	panic("first")
}

func nested(c chan<- string) (text string) {
	defer func() {
		c <- fmt.Sprint("outer ", recover())
		text += "."
	}()
	defer func() {
		defer func() { c <- fmt.Sprint("inner ", recover()) }()
		func() {
			defer func() {
				c <- fmt.Sprint("innermost ", recover())
				text += "innermost"
			}()
			panic("c")
		}()
	}()
	return "nested "
}

func main() {
	s := &state{}
	errs := make(chan error)
	results := make(chan string)
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			n, err := s.safe(i, errs)
			results <- fmt.Sprint(n, err)
		}()
	}
	var all []string
	for len(all) < 6+4 {
		select {
		case e := <-errs:
			all = append(all, e.Error())
		case r := <-results:
			all = append(all, r)
		}
	}
	wg.Wait()
	sort.Strings(all)
	for _, a := range all {
		fmt.Println(a)
	}
	fmt.Println(s.n, s.running.Load(), s.failed.Load())

	h := &handler{errs, "handler"}
	go func() {
		results <- viaInterface(h, 3)
		results <- viaInterface(h, 2)
	}()
	fmt.Println(<-errs, <-errs, "["+<-results+"]", <-errs, <-errs, "["+<-results+"]")

	out := make(chan int)
	go func() {
		errs <- produce(out, 3)
	}()
	for v := range out {
		fmt.Println("produced", v)
	}
	fmt.Println(<-errs)

	go again(results)
	fmt.Println(<-results, <-results)
	go func() { results <- nested(results) }()
	fmt.Println(<-results, <-results, <-results, <-results)

	// A panic that is recovered in Goexit.
	go func() {
		defer close(results)
		defer func() { recover() }()
		defer func() { panic("in Goexit") }()
		runtime.Goexit()
	}()
	_, ok := <-results
	fmt.Println(ok)
}
