// Covers: locks, wait groups, conditions and onces reached through maps, slices, interfaces, embedding and method values, while the way to them changes.

package main

import (
	"fmt"
	"sync"
	"time"
)

type account struct {
	sync.RWMutex
	n int
}

type registry struct {
	mu       sync.Mutex
	accounts map[string]*account
	once     [2]sync.Once
	wg       *sync.WaitGroup
	lockers  []sync.Locker
}

func (r *registry) get(name string) *account {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := r.accounts[name]
	if a == nil {
		a = new(account)
		r.accounts[name] = a
	}
	return a
}

func (r *registry) add(name string, n int) {
	defer r.wg.Done()
	a := r.get(name)
	a.Lock()
	old := a.n
	time.Sleep(100 * time.Microsecond)
	a.n = old + n
	// The map gets another account meanwhile; the lock held is the old one's.
	r.mu.Lock()
	if n == 5 {
		r.accounts[name] = &account{n: a.n}
	}
	r.mu.Unlock()
	a.Unlock()
}

func (r *registry) total(names ...string) (sum int) {
	for _, name := range names {
		func() {
			l := r.get(name).RLocker()
			l.Lock()
			defer l.Unlock()
			sum += r.accounts[name].n
		}()
	}
	return sum
}

func (r *registry) first(i int) int {
	v := -1
	for j := range 3 {
		r.once[i].Do(func() {
			c := make(chan int)
			go func() { c <- i*10 + j }()
			v = <-c
		})
	}
	return v
}

func main() {
	r := &registry{accounts: map[string]*account{}, wg: new(sync.WaitGroup)}
	add := r.add
	for i := range 10 {
		if i == 5 {
			r.wg.Wait() // before the account is replaced
			r.wg = new(sync.WaitGroup)
		}
		r.wg.Add(1)
		go add([]string{"a", "b"}[i%2], i)
		if i >= 5 {
			r.wg.Wait()
		}
	}
	r.wg.Wait()
	fmt.Println(r.total("a", "b", "c"), r.first(0), r.first(1), r.first(0))

	r.lockers = []sync.Locker{new(sync.Mutex), &account{}, new(sync.RWMutex), r.get("a").RLocker()}
	n := 0
	var wg sync.WaitGroup
	for i := range 8 {
		l := r.lockers[i%3]
		lock, unlock := l.Lock, l.Unlock
		wg.Go(func() {
			for _, l := range r.lockers[:3] {
				if l != r.lockers[i%3] {
					continue
				}
				lock()
				defer unlock()
			}
			time.Sleep(50 * time.Microsecond)
		})
	}
	wg.Wait()
	cond := map[bool]*sync.Cond{true: sync.NewCond(r.lockers[0])}
	done := make(chan int)
	for i := range 3 {
		go func() {
			c := cond[true]
			c.L.Lock()
			for n <= i {
				cond[true].Wait()
			}
			c.L.Unlock()
			done <- i
		}()
	}
	for range 3 {
		time.Sleep(200 * time.Microsecond)
		r.lockers[0].Lock()
		n++
		r.lockers[0].Unlock()
		cond[true].Broadcast()
		fmt.Print(<-done, " ")
	}
	fmt.Println()
}
