// Covers: deferred calls that send, receive, lock and wait, in functions that return normally.

package main

import (
	"fmt"
	"sync"
)

var log []string

func worker(id int, done chan<- int, mu *sync.Mutex) {
	defer func() { done <- id }()
	defer func() {
		mu.Lock()
		defer mu.Unlock()
		log = append(log, "x")
	}()
	c := make(chan int, 1)
	c <- id
	<-c
}

func nested(c chan int) (n int) {
	defer func() {
		defer func() {
			c <- 3
			n += <-c
		}()
		c <- 2
		n += 10 * <-c
	}()
	c <- 1
	return 100 * <-c
}

func loop(c chan int) (s []int) {
	for i := range 4 {
		defer func() {
			c <- i
			s = append(s, <-c)
		}()
	}
	c <- 9
	return []int{<-c}
}

func waits() (s string) {
	var wg sync.WaitGroup
	defer func() { s += "!" }()
	defer wg.Wait()
	wg.Add(1)
	go func() {
		defer wg.Done()
		c := make(chan string, 1)
		c <- "hello"
		s = <-c
	}()
	return
}

func main() {
	var mu sync.Mutex
	done := make(chan int)
	sum := 0
	for i := range 4 {
		go worker(i, done, &mu)
	}
	for range 4 {
		sum += <-done
	}
	fmt.Println(sum, len(log))
	c := make(chan int, 1)
	fmt.Println(nested(c))
	fmt.Println(loop(c))
	fmt.Println(waits())
}
