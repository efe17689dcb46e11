// Covers: recursive data walked by goroutines, and compared through channels.

package main

import "fmt"

type tree struct {
	left, right *tree
	value       int
}

func (t *tree) insert(v int) *tree {
	if t == nil {
		return &tree{value: v}
	}
	if v < t.value {
		t.left = t.left.insert(v)
	} else {
		t.right = t.right.insert(v)
	}
	return t
}

func (t *tree) walk(c chan<- int) {
	if t == nil {
		return
	}
	t.left.walk(c)
	c <- t.value
	t.right.walk(c)
}

func same(a, b *tree) bool {
	ca, cb := make(chan int), make(chan int)
	go func() { defer close(ca); a.walk(ca) }()
	go func() { defer close(cb); b.walk(cb) }()
	for {
		x, ok := <-ca
		y, ok2 := <-cb
		if x != y || ok != ok2 {
			return false
		}
		if !ok {
			return true
		}
	}
}

func build(vs ...int) (t *tree) {
	for _, v := range vs {
		t = t.insert(v)
	}
	return
}

func main() {
	fmt.Println(same(build(5, 2, 8, 1, 3), build(1, 2, 3, 5, 8)))
	fmt.Println(same(build(5, 2, 8), build(5, 2)))
	c := make(chan int, 3)
	go func() { build(3, 1, 2).walk(c); close(c) }()
	for v := range c {
		fmt.Print(v, " ")
	}
	fmt.Println()
}
