// Covers: fan-out to several goroutines and fan-in by goroutines and by recursion.

package main

import (
	"fmt"
	"sync"
)

func producer(id, n int) <-chan int {
	c := make(chan int)
	go func() {
		defer close(c)
		for i := range n {
			c <- id*100 + i
		}
	}()
	return c
}

func merge(cs ...<-chan int) <-chan int {
	out := make(chan int)
	var wg sync.WaitGroup
	for _, c := range cs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for v := range c {
				out <- v
			}
		}()
	}
	go func() {
		wg.Wait()
		close(out)
	}()
	return out
}

func mergeTwo(cs []<-chan int) <-chan int {
	switch len(cs) {
	case 0:
		c := make(chan int)
		close(c)
		return c
	case 1:
		return cs[0]
	}
	h := len(cs) / 2
	return merge(mergeTwo(cs[:h]), mergeTwo(cs[h:]))
}

func sum(c <-chan int) (n, s int) {
	for v := range c {
		n++
		s += v
	}
	return
}

func main() {
	fmt.Println(sum(merge(producer(1, 3), producer(2, 4), producer(3, 2))))
	fmt.Println(sum(mergeTwo([]<-chan int{producer(1, 2), producer(2, 2), producer(3, 2)})))
	fmt.Println(sum(mergeTwo(nil)))
}
