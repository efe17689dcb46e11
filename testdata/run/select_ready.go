// Covers: select with several ready cases: each is chosen sometimes, none is lost.

package main

import "fmt"

func main() {
	a, b, c := make(chan int, 50), make(chan int, 50), make(chan int, 50)
	for i := range 20 {
		a <- i
		b <- i
	}
	na, nb, nc := 0, 0, 0
	for na+nb < 40 {
		select {
		case v := <-a:
			if v != na {
				fmt.Println("a out of order")
			}
			na++
		case v := <-b:
			if v != nb {
				fmt.Println("b out of order")
			}
			nb++
		case c <- 1:
			nc++
			if nc > 40 {
				<-c
			}
		}
	}
	fmt.Println(na, nb, len(a), len(b), nc > 0)
	same := 0
	d := make(chan int, 1)
	for range 10 { // the same channel in both directions
		select {
		case d <- 1:
			same++
		case <-d:
			same--
		}
	}
	fmt.Println(same)
}
