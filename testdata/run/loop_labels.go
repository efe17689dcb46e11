// Covers: labelled break and continue out of nested loops, switch and select.

package main

import "fmt"

func main() {
	c := make(chan int, 1)
outer:
	for i := 0; i < 4; i++ {
		for j := 0; j < 4; j++ {
			c <- i*10 + j
			switch v := <-c; {
			case v == 1:
				continue
			case v == 12:
				continue outer
			case v == 21:
				break outer
			case v%2 == 0:
				break
			default:
				fmt.Print(v, " odd ")
			}
			select {
			case c <- 7:
				if j == 3 {
					<-c
					break // of the select
				}
				fmt.Print(i, j, <-c, "; ")
			}
		}
	}
	fmt.Println()
	n := 0
loop:
	for {
		select {
		case c <- n:
			n++
		case v := <-c:
			if v == 5 {
				break loop
			}
		}
	}
	fmt.Println(n)
sw:
	switch n {
	case 6:
		for {
			c <- 2
			if <-c == 2 {
				break sw
			}
		}
	}
	fmt.Println("end")
}
