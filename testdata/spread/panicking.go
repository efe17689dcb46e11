// Covers: go statements in deferred calls while a goroutine panics.
package main

import (
	"fmt"
	"sync"
)

func answer(out chan<- int, n int) { out <- n * n }

func work(n int) (err error) {
	defer func() { err = fmt.Errorf("recovered: %v", recover()) }()
	defer func() {
		c := make(chan int)
		go answer(c, n)
		var wg sync.WaitGroup
		wg.Go(func() { n++ })
		wg.Wait()
		fmt.Println("while it panics:", <-c, n)
	}()
	panic(n)
}

func main() {
	fmt.Println(work(3))
	errs := make(chan error)
	go func() { errs <- work(4) }()
	fmt.Println(<-errs)
}
