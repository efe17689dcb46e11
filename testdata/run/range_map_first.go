// Ranges over a map that take one entry and break: they must not cost as much as the map is long. The first key deleted, inserted again,
// or NaN; the body suspending before and after.
package main

import (
	"fmt"
	"math"
)

func drain(c chan int, n int) (sum int) {
	m := map[int]int{}
	for i := range n {
		m[i] = i
	}
	sum = <-c
	for len(m) > 0 {
		for k, v := range m {
			sum += v
			delete(m, k)
			break
		}
	}
	return sum
}

func again(c chan int) int {
	m := map[string]int{"a": 1, "b": 2, "c": 3}
	seen := map[string]int{}
	for k, v := range m {
		<-c
		seen[k]++
		delete(m, k)
		if seen[k] == 1 && len(seen) == 1 {
			<-c
			m[k] = v
		}
	}
	return len(seen)
}

func odd(c chan int) (n int) {
	m := map[float64]int{math.NaN(): 1, math.NaN(): 2, 3: 3}
	for _, v := range m {
		<-c
		n += v
	}
	for range m {
		<-c
		clear(m)
		n += 100
	}
	return n
}

func one(c chan int) (n int) {
	m := map[int]int{7: 7}
	for k := range m {
		<-c
		n += k
	}
	for range map[int]int(nil) {
		n++
	}
	return n
}

func main() {
	c := make(chan int)
	go func() {
		for {
			c <- 0
		}
	}()
	fmt.Println(drain(c, 100000), again(c), odd(c), one(c))
}
