// Covers: two goroutines that send one value back and forth.

package main

import "fmt"

type ball struct{ hits int }

func player(name string, table chan *ball, done chan<- string) {
	for b := range table {
		b.hits++
		if b.hits >= 10 {
			done <- fmt.Sprint(name != "", b.hits)
			return
		}
		table <- b
	}
}

func main() {
	table, done := make(chan *ball), make(chan string)
	go player("ping", table, done)
	go player("pong", table, done)
	table <- &ball{}
	fmt.Println(<-done)
	a, b := make(chan int), make(chan int)
	go func() {
		for v := range a {
			b <- v + 1
		}
		close(b)
	}()
	v := 0
	for range 10 {
		a <- v
		v = <-b
	}
	close(a)
	_, ok := <-b
	fmt.Println(v, ok)
}
