// Covers: per-iteration loop variables, captured and changed by closures and goroutines.

package main

import (
	"fmt"
	"sync"
)

func main() {
	c := make(chan int, 1)
	var fs []func() int
	for i := 0; i < 3; i++ {
		c <- i
		fs = append(fs, func() int { i += 10; return i })
		<-c
	}
	for _, f := range fs {
		fmt.Print(f(), " ", f(), " ")
	}
	fmt.Println()
	for i := 0; i < 6; i++ {
		inc := func() { i++ } // changes the variable of this iteration before the post statement copies it
		c <- 0
		<-c
		inc()
		fmt.Print(i, " ")
	}
	fmt.Println()
	var ps []*int
	for i, v := range []int{7, 8, 9} {
		c <- v
		ps = append(ps, &i, &v)
		<-c
	}
	for _, p := range ps {
		fmt.Print(*p, " ")
	}
	fmt.Println()
	var wg sync.WaitGroup
	out := make([]int, 5)
	for i := range out {
		wg.Add(1)
		go func() {
			defer wg.Done()
			d := make(chan int, 1)
			d <- i
			out[i] = i * <-d
		}()
	}
	wg.Wait()
	fmt.Println(out)
	var shared int
	var gs []func() int
	for shared = 0; shared < 3; shared++ {
		c <- 0
		<-c
		gs = append(gs, func() int { return shared })
	}
	fmt.Println(gs[0](), gs[2]())
}
