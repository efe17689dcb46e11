// Covers: calls of WaitGroup.Go that are deferred, made by a go statement, or local, of a group that processes share.
package main

import (
	"fmt"
	"sync"
)

func square(results []int, i int) func() {
	return func() { results[i] = i * i }
}

func main() {
	var wg sync.WaitGroup
	results := make([]int, 8)
	wg.Go(square(results, 1))
	wg.Wait()
	wg.Go(square(results, 2)) //hark:go local
	func() {
		defer wg.Go(square(results, 3))
		defer wg.Go(square(results, 4)) //hark:go local
	}()
	begun := make(chan bool)
	go wg.Go(func() {
		begun <- true
		results[5] = 25
	})
	<-begun
	add := wg.Go
	add(square(results, 6))
	wg.Wait()
	fmt.Println(results)
}
