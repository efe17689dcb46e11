// Covers: Disjoint writes to a slice.
package main

import (
	"fmt"
	"strings"
	"sync"
)

func f(i int) int { return i*i + 1 }

func main() {
	n := 20
	results := make([]int, n)
	names := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Add(1)
		go func() {
			defer wg.Done()
			results[i] = f(i)
			names[i] = strings.Repeat("x", i)
		}()
	}
	wg.Wait()
	sum, length := 0, 0
	for i := range results {
		sum += results[i]
		length += len(names[i])
	}
	fmt.Println(sum, length)
}
