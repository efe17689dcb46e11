// Covers: deadlock on a WaitGroup that is never done.

package main

import (
	"fmt"
	"sync"
)

func main() {
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Add(1)
		go func() {
			if i != 1 {
				wg.Done()
			}
		}()
	}
	fmt.Println("waiting")
	wg.Wait()
	fmt.Println("never")
}
