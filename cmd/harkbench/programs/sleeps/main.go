// Sleeps starts goroutines that all sleep at the same time, and waits for all.
package main

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
)

func main() {
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	pause, err := time.ParseDuration(os.Args[2])
	if err != nil {
		panic(err)
	}
	var wg sync.WaitGroup
	start := time.Now()
	for range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			time.Sleep(pause)
		}()
	}
	wg.Wait()
	d := time.Since(start)
	fmt.Println("sleeps", float64(d)/float64(time.Millisecond), "ms")
}
