// Covers: receiving from a nil channel blocks for ever, also in range.

package main

import "fmt"

type box struct{ c chan int }

func main() {
	b := box{}
	fmt.Println("range over nil")
	for range b.c {
		fmt.Println("never")
	}
	fmt.Println("never")
}
