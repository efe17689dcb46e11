// Covers: an uncaught index error in a function called after a suspension.

package main

import "fmt"

func get(a []int, i <-chan int) int {
	return a[<-i]
}

func main() {
	c := make(chan int, 2)
	c <- 1
	c <- 5
	a := []int{1, 2, 3}
	fmt.Println(get(a, c))
	fmt.Println(get(a, c))
}
