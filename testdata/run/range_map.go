// Covers: range over maps, with suspensions, deletions and early exits in the body.

package main

import "fmt"

func id(x int) int {
	c := make(chan int, 1)
	c <- x
	return <-c
}

func main() {
	m := map[string]int{"a": 1, "b": 2, "c": 3, "d": 4}
	sum, letters := 0, 0
	for k, v := range m {
		sum += id(v)
		letters += int(k[0])
	}
	fmt.Println(sum, letters)
	n := 0
	for k := range m { // each deleted entry is not seen later
		n++
		id(n)
		for other := range m {
			if other != k {
				delete(m, other)
			}
		}
	}
	fmt.Println(n, len(m))
	for range m {
		m["new"] = id(5)
		break
	}
	fmt.Println(m["new"], len(m))
	for k := range map[int]bool(nil) {
		fmt.Println("never", id(k))
	}
	inner := map[int]map[int]int{1: {10: 100, 20: 200}, 2: {30: 300}}
	total := 0
	for i, mm := range inner {
		for j, v := range mm {
			total += id(i*j) + v
		}
	}
	fmt.Println(total)
	counts := map[int]int{}
	for i := range 10 {
		counts[i%3] += id(i)
	}
	fmt.Println(counts)
	clear(counts)
	for k := range counts {
		fmt.Println("never", k)
	}
}
