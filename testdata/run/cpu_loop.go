// Covers: long computations with a channel operation now and then.

package main

import "fmt"

func collatz(limit int, out chan<- [2]int) {
	best := [2]int{}
	for i := 1; i < limit; i++ {
		n := 0
		for x := i; x != 1; n++ {
			if x%2 == 0 {
				x /= 2
			} else {
				x = 3*x + 1
			}
		}
		if n > best[1] {
			best = [2]int{i, n}
		}
		if i%20000 == 0 {
			out <- best
		}
	}
	close(out)
}

func main() {
	out := make(chan [2]int)
	go collatz(100000, out)
	h := uint32(2166136261)
	for b := range out {
		fmt.Println(b)
		for i := range 100000 {
			h = (h ^ uint32(b[1]+i)) * 16777619
		}
	}
	fmt.Println(h)
}
