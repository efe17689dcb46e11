// Covers: range over integers of several types, with the bound evaluated once.

package main

import "fmt"

func id(x int) int {
	c := make(chan int, 1)
	c <- x
	return <-c
}

type celsius int8

func main() {
	for i := range 3 {
		fmt.Print(id(i), " ")
	}
	n := 3
	for i := range n {
		n = 100
		fmt.Print(id(i*10), " ")
	}
	for i := range id(2) {
		i += id(5) // does not change the loop
		fmt.Print(i, " ")
	}
	for range 2 {
		fmt.Print(id(8), " ")
	}
	for i := range celsius(2) {
		id(0)
		fmt.Printf("%T(%v) ", i, i)
	}
	for i := range uint8(2) {
		id(0)
		fmt.Printf("%T(%v) ", i, i)
	}
	for i := range -1 {
		fmt.Print("never", i)
	}
	const big = 1 << 40
	for i := range big {
		if id(i&3) == 2 {
			break
		}
	}
	fmt.Println()
}
