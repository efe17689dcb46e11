// Covers: a suspension below many frames.

package main

import "fmt"

func down(n int, c chan int) int {
	if n == 0 {
		c <- 1
		return <-c
	}
	pad := [8]int{n, n, n}
	r := down(n-1, c)
	if n%400 == 0 {
		c <- r
		r = <-c
	}
	return r + pad[1] - pad[2] + 1
}

func main() {
	c := make(chan int, 1)
	fmt.Println(down(2000, c))
}
