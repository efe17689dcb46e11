// Covers: sync.Cond: Wait with a Mutex, Signal in order, Broadcast.

package main

import (
	"fmt"
	"sync"
)

type queue struct {
	mu    sync.Mutex
	cond  sync.Cond
	items []int
	done  bool
}

func newQueue() *queue {
	q := &queue{}
	q.cond.L = &q.mu
	return q
}

func (q *queue) put(v int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	defer q.cond.Signal()
	q.items = append(q.items, v)
}

func (q *queue) get() (v int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.done {
		q.cond.Wait()
	}
	if len(q.items) == 0 {
		return 0, false
	}
	v, q.items = q.items[0], q.items[1:]
	return v, true
}

func main() {
	q := newQueue()
	sums := make(chan int)
	for range 3 {
		go func() {
			sum := 0
			for {
				v, ok := q.get()
				if !ok {
					break
				}
				sum += v
			}
			sums <- sum
		}()
	}
	for i := range 20 {
		q.put(i)
	}
	q.mu.Lock()
	q.done = true
	q.mu.Unlock()
	go q.cond.Broadcast()
	fmt.Println(<-sums + <-sums + <-sums)

	// Those who wait are signalled in the order in which they began.
	var mu sync.Mutex
	turn := sync.NewCond(&mu)
	waiting, woken := 0, []int{}
	ready, back := make(chan bool), make(chan bool)
	for i := range 4 {
		go func() {
			mu.Lock()
			waiting++
			ready <- true
			turn.Wait()
			woken = append(woken, i)
			mu.Unlock()
			back <- true
		}()
		<-ready
	}
	for range 4 {
		mu.Lock() // has it: the last one is in Wait
		turn.Signal()
		mu.Unlock()
		<-back
	}
	fmt.Println(waiting, woken)
	turn.Signal() // nobody waits: it is lost
	turn.Broadcast()
}
