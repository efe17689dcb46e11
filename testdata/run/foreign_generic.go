// Covers: suspending functions called by generic functions of the standard library, which the Go compiler may inline.

package main

import (
	"fmt"
	"slices"
)

func main() {
	ch := make(chan int)
	go func() {
		for i := 1; ; i++ {
			ch <- i
		}
	}()
	xs := []int{5, 3, 9}
	fmt.Println(slices.IndexFunc(xs, func(x int) bool { return x < 5+<-ch*0 }))
	slices.SortFunc(xs, func(a, b int) int { return a - b + <-ch*0 })
	fmt.Println(xs, slices.ContainsFunc(xs, func(x int) bool { return <-ch > 0 && x == 9 }))
	for i, x := range slices.Backward(xs) {
		fmt.Println(i, x, <-ch > 0)
	}
}
