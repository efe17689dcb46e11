// Covers: a goroutine that panics waits for another of its process, which waits for a third one elsewhere: that is no deadlock.

package main

import (
	"fmt"
	"time"
)

func work(ready, res chan int) {
	time.Sleep(500 * time.Millisecond)
	ready <- 1
	time.Sleep(time.Second)
	res <- 7
}

func get(local chan int) {
	defer func() {
		fmt.Println(<-local, recover())
	}()
	panic("so it is")
}

func main() {
	ready, res, local := make(chan int), make(chan int), make(chan int)
	go work(ready, res)
	//hark:go local
	go func() { local <- <-res }()
	fmt.Println(<-ready)
	get(local)
}
