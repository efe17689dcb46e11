// Covers: switch with and without tag, init, fallthrough, default in the middle, suspending tags and cases.

package main

import "fmt"

func id(x int) int {
	c := make(chan int, 1)
	c <- x
	return <-c
}

func show(x int) int {
	fmt.Print("[", x, "]")
	return id(x)
}

func name(x int) string {
	switch id(x) {
	case 0:
		return "zero"
	case 1, 2, 3:
		return "few"
	default:
		return "many"
	case -1:
		return "negative"
	}
}

func main() {
	for _, x := range []int{0, 2, 7, -1} {
		fmt.Print(name(x), " ")
	}
	fmt.Println()
	switch show(2) {
	case show(1), show(2), show(3): // evaluated up to the match
		fmt.Println(" matched")
	case show(4):
		fmt.Println(" never")
	}
	switch x := id(5); {
	case x > 3:
		fmt.Print("a")
		id(0)
		fallthrough
	case x > 100:
		fmt.Print("b")
		id(0)
		fallthrough
	default:
		fmt.Print("c")
	case x > 4:
		fmt.Print("never")
	}
	fmt.Println()
	switch s := "hello"; s {
	case "hello":
		if id(1) == 1 {
			break
		}
		fmt.Println("never")
	}
	switch {
	}
	switch id(3) {
	}
	switch x := interface{}(id(3)); x {
	case "3":
		fmt.Println("never")
	case 3:
		fmt.Println("three")
	}
	switch {
	case id(1) == 2:
		fmt.Println("never")
	case id(1) == 1 && id(2) == 2:
		fmt.Println("both")
	}
}
