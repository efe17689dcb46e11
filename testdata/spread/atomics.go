// Covers: package sync/atomic and TryLock on memory that goroutines of several processes share: words, pointers, values, spinning, deferred operations.
package main

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

type stats struct {
	hits  atomic.Int64
	small atomic.Uint32
	done  atomic.Bool
	plain int64
	u64   uint64
	best  atomic.Pointer[entry]
	conf  atomic.Value
	mask  atomic.Int32
}

type entry struct {
	n    int
	next *entry
}

var (
	total atomic.Int64
	ready atomic.Bool
	stack atomic.Pointer[entry]
)

func push(n int) {
	for {
		old := stack.Load()
		if stack.CompareAndSwap(old, &entry{n, old}) {
			return
		}
	}
}

func improve(s *stats, n int) {
	e := &entry{n: n}
	for {
		old := s.best.Load()
		if old != nil && old.n >= n {
			return
		}
		if s.best.CompareAndSwap(old, e) {
			return
		}
	}
}

type tryer struct {
	mu    sync.Mutex
	rw    sync.RWMutex
	n     int
	tries int
}

func main() {
	s := &stats{}
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			defer s.small.Add(10)
			s.hits.Add(int64(i))
			atomic.AddInt64(&s.plain, 2)
			atomic.AddUint64(&s.u64, ^uint64(0))
			s.mask.Or(1 << i)
			improve(s, i*7%5)
			push(i)
			total.Add(1)
		}()
	}
	wg.Wait()
	fmt.Println(s.hits.Load(), s.small.Load(), s.plain, int64(s.u64), s.mask.And(6), s.mask.Load(), s.best.Load().n, total.Load())
	sum := 0
	for e := stack.Load(); e != nil; e = e.next {
		sum += e.n
	}
	fmt.Println("stack", sum)

	// A store that another process sees by loading again and again; what was written before it is there then.
	var message string
	go func() {
		message = "hello"
		ready.Store(true)
	}()
	for !ready.Load() {
		runtime.Gosched()
	}
	fmt.Println(message, ready.Swap(false), s.done.CompareAndSwap(false, true), s.done.Load())

	// A Value, and its types.
	s.conf.Store("one")
	back := make(chan any)
	go func() {
		back <- s.conf.Swap("two")
		back <- s.conf.CompareAndSwap("two", "three, which is longer than a short string")
		defer func() { back <- recover() }()
		s.conf.Store(3)
	}()
	fmt.Println(<-back, <-back, <-back, s.conf.Load())

	// The same pointer comes back.
	mine := &entry{n: 1}
	s.best.Store(mine)
	go func() {
		p := s.best.Load()
		p.n++
		back <- p
		back <- s.best.CompareAndSwap(p, nil)
	}()
	same := (<-back).(*entry) == mine
	fmt.Println(same, mine.n, <-back, s.best.Load() == nil)

	t := &tryer{}
	t.mu.Lock()
	t.rw.RLock()
	go func() {
		back <- t.mu.TryLock()
		back <- t.rw.TryRLock()
		back <- t.rw.TryLock()
		t.rw.RUnlock()
		back <- true
	}()
	fmt.Println(<-back, <-back, <-back, <-back)
	t.mu.Unlock()
	t.rw.RUnlock()
	fmt.Println(t.rw.TryLock(), t.mu.TryLock(), t.mu.TryLock())
	t.mu.Unlock()
	for range 3 {
		wg.Go(func() {
			for !t.mu.TryLock() {
				runtime.Gosched()
			}
			defer t.mu.Unlock()
			t.n++
		})
	}
	wg.Wait()
	fmt.Println(t.n)

	// What is not shared stays Go's own.
	var local atomic.Int32
	add := local.Add
	add(2)
	fmt.Println(local.Load(), atomic.LoadInt64(new(int64)))
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		atomic.AddInt32(nil, 1)
	}()
}
