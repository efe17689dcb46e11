// Covers: receiving from closed channels, closing while others wait, ok results.

package main

import (
	"fmt"
	"sync"
)

func main() {
	c := make(chan int, 2)
	c <- 1
	close(c)
	v, ok := <-c
	fmt.Println(v, ok)
	v, ok = <-c
	fmt.Println(v, ok, <-c)
	start := make(chan struct{})
	var wg sync.WaitGroup
	res := make([]bool, 5)
	for i := range res {
		wg.Add(1)
		go func() {
			defer wg.Done()
			_, ok := <-start
			res[i] = !ok
		}()
	}
	close(start)
	wg.Wait()
	fmt.Println(res)
	if _, ok := <-start; !ok {
		fmt.Println("still closed")
	}
	var got struct {
		v  string
		ok bool
	}
	s := make(chan string, 1)
	s <- "x"
	close(s)
	got.v, got.ok = <-s
	fmt.Println(got)
	got.v, got.ok = <-s
	fmt.Println(got)
}
