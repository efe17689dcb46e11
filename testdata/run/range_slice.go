// Covers: range over slices: by index, by value, of nil, of a slice that grows, shrinks or changes during the loop.

package main

import "fmt"

func id(x int) int {
	c := make(chan int, 1)
	c <- x
	return <-c
}

func slice() []int {
	id(0)
	return []int{4, 5, 6}
}

func main() {
	s := []int{1, 2, 3}
	for i, v := range s {
		fmt.Println(i, id(v))
	}
	for i := range s {
		s[i] += id(10)
	}
	for range s {
		id(1)
	}
	fmt.Println(s)
	for _, v := range slice() {
		fmt.Print(id(v), " ")
	}
	fmt.Println()
	for i, v := range s { // the range expression is evaluated once
		if i == 0 {
			s = append(s, id(99))
			s[2] = 77
		}
		fmt.Print(i, ":", v, " ")
	}
	fmt.Println(len(s))
	for i, v := range s {
		if i == 0 {
			s = nil
		}
		fmt.Print(id(v), " ")
	}
	fmt.Println(s == nil)
	for _, v := range []string(nil) {
		fmt.Println("never", v)
	}
	var i, v int
	for i, v = range []int{7, 8} {
		id(0)
	}
	fmt.Println(i, v)
	var a [3]int
	for a[id(1)], a[id(2)] = range []int{5, 6, 7} {
		id(0)
	}
	fmt.Println(a)
}
