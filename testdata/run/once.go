// Covers: sync.Once, with functions that suspend.

package main

import (
	"fmt"
	"sync"
)

func main() {
	var once sync.Once
	c := make(chan int, 1)
	n := 0
	var wg sync.WaitGroup
	for range 3 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			once.Do(func() {
				c <- 5
				n += <-c
			})
			if n != 5 {
				fmt.Println("wrong")
			}
		}()
	}
	wg.Wait()
	once.Do(func() { fmt.Println("never") })
	fmt.Println(n)
	var o2 sync.Once
	func() {
		defer func() { fmt.Println(recover()) }()
		o2.Do(func() { panic("in once") })
	}()
	o2.Do(func() { fmt.Println("never") })
}
