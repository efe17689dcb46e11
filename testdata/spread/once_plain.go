// Covers: sync.Once with a function that does not wait, by goroutines of several processes: one of them calls it, and the others see what it has done.
package main

import (
	"fmt"
	"sync"
)

type cache struct {
	once  sync.Once
	value []int
}

func (c *cache) get(n int) (mine bool, value []int) {
	c.once.Do(func() {
		c.value = append(c.value, n, n)
		mine = true
	})
	return mine, c.value
}

func main() {
	for range 3 {
		c := new(cache)
		results := make(chan string)
		for i := range 4 {
			go func() {
				mine, value := c.get(i)
				results <- fmt.Sprint(mine, " ", len(value), value[0] == value[1], mine == (value[0] == i))
			}()
		}
		count := map[string]int{}
		for range 4 {
			count[<-results]++
		}
		fmt.Println(count)
	}
	var once sync.Once
	done := make(chan bool)
	for range 3 {
		go func() {
			first := false
			defer func() { done <- first }()
			defer once.Do(func() { first = true })
		}()
	}
	n := 0
	for range 3 {
		if <-done {
			n++
		}
	}
	fmt.Println(n)
}
