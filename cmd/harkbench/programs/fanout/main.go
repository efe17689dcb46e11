// Fanout starts goroutines that all sleep at the same time, and adds up what
// they send.
package main

import (
	"fmt"
	"os"
	"strconv"
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
	results := make(chan int)
	start := time.Now()
	for i := range n {
		go func() {
			time.Sleep(pause)
			results <- i
		}()
	}
	sum := 0
	for range n {
		sum += <-results
	}
	d := time.Since(start) - pause
	if sum != n*(n-1)/2 {
		panic(sum)
	}
	fmt.Println("fanout", float64(d.Nanoseconds())/float64(n), "ns/op")
}
