// Covers: select whose cases have no bodies, so that nothing asks which was chosen.

package main

import "fmt"

func main() {
	a, b := make(chan int, 1), make(chan int, 1)
	n := 0
	for i := range 4 {
		a <- i
		b <- i
		select {
		case n = <-a:
		case b <- i: // full
		}
		select {
		case n = <-a:
		default:
		}
		fmt.Println(n, <-b)
	}
}
