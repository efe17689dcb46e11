// Covers: range over arrays (a copy) and pointers to arrays (no copy), also nil ones.

package main

import "fmt"

func id(x int) int {
	c := make(chan int, 1)
	c <- x
	return <-c
}

func main() {
	a := [3]int{1, 2, 3}
	for i, v := range a {
		a[2] = 30
		fmt.Print(i, "=", id(v), " ")
	}
	fmt.Println(a)
	b := [3]int{1, 2, 3}
	for i, v := range &b {
		b[2] = 30
		fmt.Print(i, "=", id(v), " ")
	}
	fmt.Println(b)
	var p *[4]int
	for i := range p {
		fmt.Print(id(i), " ")
	}
	for range p {
		fmt.Print(id(9), " ")
	}
	fmt.Println(len(p))
	grid := [2][3]int{{1, 2, 3}, {4, 5, 6}}
	sum := 0
	for _, row := range grid {
		for j := range row {
			sum += id(row[j])
		}
	}
	fmt.Println(sum)
}
