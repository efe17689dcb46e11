// Covers: iterator functions of the standard library, and range over func, where the body does not suspend.

package main

import (
	"fmt"
	"maps"
	"slices"
)

func count(n int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func main() {
	c := make(chan []int, 1)
	c <- []int{3, 1, 2}
	s := <-c
	sum := 0
	for v := range slices.Values(s) {
		sum += v
	}
	c <- slices.Sorted(maps.Keys(map[int]bool{sum: true, 1: true}))
	fmt.Println(<-c)
	for i := range count(10) {
		if i == 1 {
			continue
		}
		if i == 4 {
			break
		}
		sum += i * 100
	}
	c <- []int{sum}
	fmt.Println((<-c)[0])
}
