// Covers: goroutines that recover and then use what processes share.
package main

import (
	"fmt"
	"sync"
)

func check(n int) int {
	if n%3 == 0 {
		panic(fmt.Sprint("bad ", n))
	}
	return n * n
}

func main() {
	jobs, errs := make(chan int), make(chan string)
	results := make([]int, 10)
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	work := func(n int) {
		defer func() {
			mu.Lock()
			defer mu.Unlock()
			done++
		}()
		defer func() {
			if r := recover(); r != nil {
				errs <- fmt.Sprint(r)
			}
		}()
		results[n] = check(n)
	}
	for range 3 {
		wg.Go(func() {
			for n := range jobs {
				work(n)
			}
		})
	}
	go func() {
		for n := range results {
			jobs <- n
		}
		close(jobs)
		wg.Wait()
		close(errs)
	}()
	bad := map[string]bool{}
	for err := range errs {
		bad[err] = true
	}
	fmt.Println(bad, results, done)
}
