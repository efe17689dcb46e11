// Covers: select on closed channels, with and without the second result.

package main

import "fmt"

func main() {
	closed := make(chan int)
	close(closed)
	open := make(chan int)
	n := 0
	for range 5 {
		select {
		case v := <-closed:
			n += v + 1
		case <-open:
			n += 1000
		}
	}
	fmt.Println(n)
	b := make(chan string, 2)
	b <- "a"
	b <- "b"
	close(b)
	for {
		select {
		case s, ok := <-b:
			fmt.Println(s, ok)
			if ok {
				continue
			}
		}
		break
	}
	defer func() { fmt.Println(recover()) }()
	select {
	case closed <- 1:
		fmt.Println("never")
	case <-open:
	}
}
