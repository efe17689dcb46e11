// Forkjoin starts goroutines that write their results to a slice, and waits for all.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

func square(i int) int { return i * i }

func main() {
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	results := make([]int, n)
	var wg sync.WaitGroup
	start := time.Now()
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			results[i] = square(i)
		}()
	}
	wg.Wait()
	d := time.Since(start)
	sum := 0
	for _, r := range results {
		sum += r
	}
	if sum != (n-1)*n*(2*n-1)/6 {
		panic(sum)
	}
	fmt.Println("forkjoin", float64(d)/float64(time.Millisecond), "ms")
}
