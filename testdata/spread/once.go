// Covers: Once, OnceFunc, OnceValue, Cond and Locker across processes, in variables and in memory that is handed over.
package main

import (
	"fmt"
	"sync"
)

var (
	once                 sync.Once
	config               map[string]string
	setup                = sync.OnceFunc(func() { setups++; config["by"] = "OnceFunc" })
	value                = sync.OnceValue(func() int { values++; return 42 })
	runs, setups, values int
)

func load() map[string]string {
	once.Do(func() {
		runs++
		config = map[string]string{"k": "v"}
	})
	return config
}

type queue struct {
	mu    sync.Mutex
	cond  *sync.Cond
	items []int
	done  bool
}

func newQueue() *queue {
	q := &queue{}
	q.cond = sync.NewCond(&q.mu)
	return q
}

func (q *queue) put(n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.items = append(q.items, n)
	q.cond.Signal()
}

func (q *queue) take() (n int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.items) == 0 && !q.done {
		q.cond.Wait()
	}
	if len(q.items) == 0 {
		return 0, false
	}
	n = q.items[0]
	q.items = q.items[1:]
	return n, true
}

func (q *queue) close() {
	q.mu.Lock()
	q.done = true
	q.mu.Unlock()
	q.cond.Broadcast()
}

// A resource is made once, whoever comes first.
type resource struct {
	once sync.Once
	conn *string
	made int
}

func (r *resource) get() string {
	r.once.Do(func() {
		s := "connection"
		r.conn = &s
		r.made++
	})
	return *r.conn
}

// add uses a lock as a Locker.
func add(l sync.Locker, n *int) {
	l.Lock()
	defer l.Unlock()
	*n++
}

func main() {
	q := newQueue()
	r := &resource{}
	var (
		wg    sync.WaitGroup
		sumMu sync.RWMutex
		sum   int
		count int
	)
	for range 3 {
		wg.Go(func() {
			for {
				n, ok := q.take()
				if !ok {
					return
				}
				sumMu.Lock()
				sum += n * len(load()["k"]) * len(r.get()) / 10
				sumMu.Unlock()
				add(&sumMu, &count)
				add(sumMu.RLocker(), new(int))
			}
		})
	}
	for i := range 10 {
		q.put(i)
	}
	q.close()
	wg.Wait()
	fmt.Println(sum, count, r.made, runs, load())
	for range 3 {
		wg.Go(func() {
			setup()
			sumMu.Lock()
			sum += value()
			sumMu.Unlock()
		})
	}
	wg.Wait()
	fmt.Println(sum, runs, setups, values, config)
}
