// Mix uses all that processes of a run share: channels, select, locks, a WaitGroup, timers of all tiers, and output of several processes.
package main

import (
	"fmt"
	"sync"
	"time"
)

type ledger struct {
	mu  sync.Mutex
	sum map[string]int
}

func (l *ledger) add(who string, n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sum[who] += n
}

// work takes orders until quit is closed.
func work(who string, orders <-chan int, quit <-chan struct{}, l *ledger, wg *sync.WaitGroup) {
	defer wg.Done()
	for {
		select {
		case n := <-orders:
			l.add("all", n)
			l.add(who, 0)
			if n%10 == 0 {
				time.Sleep(time.Second)
			}
		case <-quit:
			return
		}
	}
}

func main() {
	l := &ledger{sum: map[string]int{}}
	orders, quit := make(chan int), make(chan struct{})
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Add(1)
		go work(fmt.Sprint("worker ", i), orders, quit, l, &wg)
	}
	for n := range 12 {
		orders <- n
	}
	close(quit)
	wg.Wait()
	fmt.Println("all", l.sum["all"], "of", 11*12/2)

	late := make(chan string)
	go func() {
		time.Sleep(20 * time.Minute)
		late <- "after twenty minutes"
	}()
	select {
	case s := <-late:
		fmt.Println(s)
	case <-time.After(7 * 24 * time.Hour):
		fmt.Println("after a week")
	}
	results := make(chan int, 4)
	for i := range 4 {
		go func() {
			time.Sleep(time.Duration(i) * time.Minute)
			results <- i * i
		}()
	}
	squares := 0
	for range 4 {
		squares += <-results
	}
	fmt.Println("squares", squares)
}
