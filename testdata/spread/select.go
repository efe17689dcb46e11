// Covers: Fan-in with select, a timer and a quit channel.
package main

import (
	"fmt"
	"time"
)

func produce(n int, out chan<- int, quit <-chan struct{}) {
	for i := 0; ; i++ {
		select {
		case out <- n*100 + i:
		case <-quit:
			return
		}
	}
}

func main() {
	a, b, quit := make(chan int), make(chan int, 2), make(chan struct{})
	go produce(1, a, quit)
	go produce(2, b, quit)
	na, nb := 0, 0
	for na < 5 || nb < 5 {
		select {
		case v := <-a:
			if v != 100+na {
				fmt.Println("a", v, na)
			}
			na++
		case v := <-b:
			if v != 200+nb {
				fmt.Println("b", v, nb)
			}
			nb++
		}
	}
	close(quit)
	late := make(chan int)
	go func() { //hark:go remote
		time.Sleep(time.Second)
		late <- 1
	}()
	select {
	case <-late:
		fmt.Println("too early")
	case <-time.After(time.Millisecond):
		fmt.Println("timeout")
	}
	fmt.Println("late", <-late)
	select {
	case v := <-late:
		fmt.Println(v)
	default:
		fmt.Println("default")
	}
}
