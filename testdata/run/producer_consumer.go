// Covers: several producers and consumers over one bounded queue, made of a channel or of a mutex and a slice.

package main

import (
	"fmt"
	"sync"
)

type queue struct {
	mu    sync.Mutex
	items []int
	ready chan struct{} // holds a token for each item
	room  chan struct{} // holds a token for each free place
}

func newQueue(n int) *queue {
	q := &queue{ready: make(chan struct{}, n), room: make(chan struct{}, n)}
	for range n {
		q.room <- struct{}{}
	}
	return q
}

func (q *queue) put(v int) {
	<-q.room
	q.mu.Lock()
	q.items = append(q.items, v)
	q.mu.Unlock()
	q.ready <- struct{}{}
}

func (q *queue) get() int {
	<-q.ready
	q.mu.Lock()
	v := q.items[0]
	q.items = q.items[1:]
	q.mu.Unlock()
	q.room <- struct{}{}
	return v
}

func main() {
	q := newQueue(2)
	var producers, consumers sync.WaitGroup
	for p := range 3 {
		producers.Add(1)
		go func() {
			defer producers.Done()
			for i := range 4 {
				q.put(p*10 + i)
			}
		}()
	}
	sums := make(chan int, 2)
	for range 2 {
		consumers.Add(1)
		go func() {
			defer consumers.Done()
			s := 0
			for range 6 {
				s += q.get()
			}
			sums <- s
		}()
	}
	producers.Wait()
	consumers.Wait()
	fmt.Println(<-sums+<-sums, len(q.items))
}
