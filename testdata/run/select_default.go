// Covers: select with default, as a non-blocking send and receive, and polling loops.

package main

import "fmt"

func try(c chan int, v int) string {
	select {
	case c <- v:
		return "sent"
	default:
		return "full"
	}
}

func get(c chan int) (int, bool) {
	select {
	case v, ok := <-c:
		return v, ok
	default:
	}
	return -1, false
}

func main() {
	c := make(chan int, 2)
	fmt.Println(try(c, 1), try(c, 2), try(c, 3), len(c))
	fmt.Println(get(c))
	fmt.Println(get(c))
	fmt.Println(get(c))
	close(c)
	fmt.Println(get(c))
	fmt.Println(try(nil, 1))
	d, ready := make(chan int), make(chan bool)
	go func() {
		close(ready)
		d <- 5
	}()
	<-ready
	for {
		if v, ok := get(d); ok {
			fmt.Println("polled", v)
			break
		}
	}
	select {
	default:
		fmt.Println("only default")
	}
	for i := range 3 {
		select {
		case v := <-d:
			fmt.Println("never", v)
		default:
			if i == 1 {
				continue
			}
			d2 := make(chan int, 1)
			d2 <- i
			fmt.Println("default", <-d2)
		}
	}
}
