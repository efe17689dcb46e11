// Covers: package variables that goroutines of other processes use: locks, maps, channels, pointers, arrays, static data, pointers into them.
package main

import (
	"errors"
	"fmt"
	"sort"
	"sync"
	"time"
)

type config struct {
	mu    sync.RWMutex
	limit int
	names []string
	next  *config
}

type failure struct{ n int }

func (f *failure) Error() string { return fmt.Sprint("failure ", f.n) }

var (
	mu      sync.Mutex
	cache   = map[string]int{}
	counter int
	calls   [8]int
	cfg     = &config{limit: 3, next: &config{limit: 4}}
	jobs    = make(chan int, 3)
	results = make(chan string)
	wg      sync.WaitGroup
	once    sync.Once
	cond    = sync.NewCond(&mu)
	begun   = time.Now()
	errLate = errors.New("late")
	last    = &failure{}
	lastErr error
	hook    = func(n int) int { return n + 1 }
	points  = [...]struct{ name string }{{"a"}, {"b"}, {"c"}}
)

func count(name string) int {
	mu.Lock()
	defer mu.Unlock()
	cache[name]++
	counter++
	return cache[name]
}

func bump(n *int) { *n += 10 }

func worker(id int) {
	defer wg.Done()
	once.Do(func() { cfg.names = append(cfg.names, "once") })
	for j := range jobs {
		count(fmt.Sprint("job", j%3))
		calls[j%8]++
		cfg.mu.RLock()
		limit := cfg.limit
		cfg.mu.RUnlock()
		results <- fmt.Sprint(j, " ", limit)
	}
}

func main() {
	start := begun
	for i := range 3 {
		wg.Add(1)
		go worker(i)
	}
	go func() { //hark:go local
		for j := range 8 {
			jobs <- j
		}
		close(jobs)
		wg.Wait()
		close(results)
	}()
	var got []string
	for r := range results {
		got = append(got, r)
	}
	sort.Strings(got)
	fmt.Println(got, cache, counter, calls, cfg.names)

	cfg.mu.Lock()
	cfg.limit = 30
	cfg.mu.Unlock()
	done := make(chan error)
	go func() { // nested goroutines, pointers into variables
		p := &calls[2]
		inner := make(chan bool)
		go func() {
			bump(p)
			points[1].name += "!"
			cfg.next.limit += cfg.limit
			inner <- begun.Equal(start)
		}()
		same := <-inner
		last.n = 7
		lastErr = last
		hook = func(n int) int { return n * 100 }
		if !same {
			done <- errors.New("another time")
		}
		done <- errLate
	}()
	err := <-done
	fmt.Println(err == errLate, calls, points, cfg.next.limit, lastErr, lastErr == last, hook(3))

	ready := false
	go func() {
		mu.Lock()
		for !ready {
			cond.Wait()
		}
		counter *= 2
		mu.Unlock()
		done <- nil
	}()
	mu.Lock()
	ready = true
	mu.Unlock()
	cond.Broadcast()
	<-done
	fmt.Println(counter)

	// A pointer to a variable that the goroutine does not mention.
	go func(p *int, c *config) {
		*p = 99
		c.limit = 5
		done <- nil
	}(&counter, cfg)
	<-done
	fmt.Println(counter, cfg.limit)
	m := cache
	go func() {
		cache = map[string]int{"new": 1}
		done <- nil
	}()
	<-done
	fmt.Println(len(m), cache)
}
