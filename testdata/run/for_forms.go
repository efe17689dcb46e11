// Covers: every form of the for statement without range, with channel operations in condition, post and body.

package main

import "fmt"

func id(x int) int {
	c := make(chan int, 1)
	c <- x
	return <-c
}

func main() {
	for i := 0; i < 3; i++ {
		fmt.Println("three clauses", id(i))
	}
	for i := id(0); i < id(3); i += id(1) {
		fmt.Println("all clauses suspend", i)
	}
	n := 3
	for n > 0 {
		n = id(n - 1)
		fmt.Println("condition", n)
	}
	for {
		n++
		if id(n) == 2 {
			break
		}
	}
	fmt.Println("endless", n)
	for i, j := 0, 10; i < j; i, j = i+id(1), j-id(2) {
		fmt.Println("two variables", i, j)
	}
	for ; n < 4; n++ {
		id(n)
	}
	fmt.Println("no init", n)
	for i := 0; i < 2; {
		i = id(i + 1)
	}
	for i := 0; i < 3; i++ {
		for j := 0; j < i; j++ {
			fmt.Print(id(i*10+j), " ")
		}
	}
	fmt.Println()
}
