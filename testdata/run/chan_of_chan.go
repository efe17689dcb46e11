// Covers: channels sent over channels, as requests with replies and as chains.

package main

import "fmt"

type request struct {
	n     int
	reply chan int
}

func serve(reqs <-chan request) {
	for r := range reqs {
		go func() {
			r.reply <- r.n * r.n
		}()
	}
}

func main() {
	reqs := make(chan request)
	go serve(reqs)
	var replies []chan int
	for i := range 4 {
		r := request{i, make(chan int)}
		reqs <- r
		replies = append(replies, r.reply)
	}
	close(reqs)
	for i := len(replies) - 1; i >= 0; i-- {
		fmt.Print(<-replies[i], " ")
	}
	fmt.Println()
	cc := make(chan chan chan string, 1)
	go func() {
		c := <-cc
		d := make(chan string)
		c <- d
		d <- "deep"
	}()
	c := make(chan chan string)
	cc <- c
	fmt.Println(<-<-c)
	first := make(chan int)
	left := first
	for range 10 {
		right := make(chan int)
		go func(l, r chan int) { l <- 1 + <-r }(left, right)
		left = right
	}
	go func() { left <- 0 }()
	fmt.Println(<-first)
	self := make(chan any, 1)
	self <- self
	fmt.Println((<-self).(chan any) == self)
}
