// Constructs does one thing many times, so that harkbench can count what it costs. With -placement remote its goroutines are processes of their own.
//
//	constructs begin                 nothing, but print the time: UnixNano
//	constructs spawn N               N goroutines one after the other, each of which sends a result
//	constructs fanout N              N goroutines at the same time, which write their results to a slice
//	constructs collect N             the same, but each sends its result to main
//	constructs messages N            N values to another goroutine, over an unbuffered channel
//	constructs selects N             the same over two channels; the goroutine selects
//	constructs locks N               another goroutine locks and unlocks a mutex N times, and changes what it guards
//	constructs sleeps N DURATION     N sleeps
package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"
)

func main() {
	n := 0
	if len(os.Args) > 2 {
		n, _ = strconv.Atoi(os.Args[2])
	}
	switch os.Args[1] {
	case "begin":
		fmt.Println("begin", time.Now().UnixNano(), "ns")
	case "spawn":
		spawn(n)
	case "fanout":
		fanOut(n)
	case "collect":
		collect(n)
	case "messages":
		messages(n)
	case "selects":
		selects(n)
	case "locks":
		locks(n)
	case "sleeps":
		d, err := time.ParseDuration(os.Args[3])
		if err != nil {
			panic(err)
		}
		for range n {
			time.Sleep(d)
		}
	default:
		panic("unknown: " + os.Args[1])
	}
}

func square(i int) int { return i * i }

// check panics if the sum is not that of the squares below n.
func check(n, sum int) {
	if sum != (n-1)*n*(2*n-1)/6 {
		panic(sum)
	}
}

// spawn prints the median time, without the first.
func spawn(n int) {
	sum := 0
	var took []time.Duration
	for i := range n {
		begin := time.Now()
		result := make(chan int, 1)
		go func() { result <- square(i) }()
		sum += <-result
		took = append(took, time.Since(begin))
	}
	check(n, sum)
	if n > 1 {
		took = slices.Sorted(slices.Values(took[1:]))
		fmt.Println("spawn", float64(took[len(took)/2])/float64(time.Millisecond), "ms")
	}
}

func fanOut(n int) {
	results := make([]int, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			results[i] = square(i)
		}()
	}
	wg.Wait()
	sum := 0
	for _, r := range results {
		sum += r
	}
	check(n, sum)
}

func collect(n int) {
	results := make(chan int)
	for i := range n {
		go func() { results <- square(i) }()
	}
	sum := 0
	for range n {
		sum += <-results
	}
	check(n, sum)
}

func messages(n int) {
	values, sum := make(chan int), make(chan int)
	go func() {
		s := 0
		for v := range values {
			s += square(v)
		}
		sum <- s
	}()
	for i := range n {
		values <- i
	}
	close(values)
	check(n, <-sum)
}

func selects(n int) {
	even, odd, sum := make(chan int), make(chan int), make(chan int)
	go func() {
		s := 0
		for range n {
			select {
			case v := <-even:
				s += square(v)
			case v := <-odd:
				s += square(v)
			}
		}
		sum <- s
	}()
	for i := range n {
		if i%2 == 0 {
			even <- i
		} else {
			odd <- i
		}
	}
	check(n, <-sum)
}

func locks(n int) {
	var mu sync.Mutex
	sum := 0
	done := make(chan bool)
	go func() {
		for i := range n {
			mu.Lock()
			sum += square(i)
			mu.Unlock()
		}
		done <- true
	}()
	<-done
	mu.Lock()
	defer mu.Unlock()
	check(n, sum)
}
