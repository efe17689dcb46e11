// Covers: closures and func values in structs, maps, slices, arrays, interfaces and channels, across suspensions.

package main

import "fmt"

type ops struct {
	name string
	do   func(int) int
}

func via(x int) int {
	c := make(chan int)
	go func() { c <- x }()
	return <-c
}

func double(x int) int { return via(x) * 2 }

func main() {
	k := 100
	s := ops{"add", func(x int) int { return via(x) + k }}
	m := map[string]func(int) int{"double": double, "sub": func(x int) int { k--; return via(x) - k }}
	l := []func(int) int{s.do, m["double"], m["sub"]}
	a := [2]func(int) int{double}
	c := make(chan func(int) int, 4)
	for _, f := range l {
		c <- f
	}
	close(c)
	for f := range c {
		fmt.Print(f(via(1)), " ")
	}
	fmt.Println(s.name, s.do(2), m["sub"](3), k, a[1] == nil, a[0](4))
	var x any = m["double"]
	if f, ok := x.(func(int) int); ok {
		fmt.Println(f(21))
	}
	type node struct {
		f    func() string
		next *node
	}
	n := &node{f: func() string { return fmt.Sprint("first ", via(1)) }}
	n.next = &node{f: func() string { return "after " + n.f() }}
	fmt.Println(n.next.f())
}
