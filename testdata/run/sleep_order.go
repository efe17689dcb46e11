// Covers: time.Sleep, one after the other and in several goroutines: none ends early, all end.

package main

import (
	"fmt"
	"sort"
	"time"
)

func main() {
	c := make(chan int)
	start := time.Now()
	for _, ms := range []int{60, 5, 30} {
		go func() {
			d := time.Duration(ms) * time.Millisecond
			time.Sleep(d)
			if time.Since(start) < d {
				fmt.Println("too early", ms)
			}
			c <- ms
		}()
	}
	got := []int{<-c, <-c, <-c}
	sort.Ints(got)
	fmt.Println(got)
	for i := range 3 {
		time.Sleep(time.Duration(i) * 2 * time.Millisecond)
		fmt.Print(i, " ")
	}
	time.Sleep(0)
	time.Sleep(-time.Second)
	fmt.Println("end")
}
