// Covers: run-time panics in suspending functions, with their texts.

package main

import (
	"fmt"
	"runtime"
)

type s struct {
	p *s
	n int
}

func via(x int) int {
	c := make(chan int, 1)
	c <- x
	return <-c
}

func try(name string, f func()) {
	defer func() {
		r := recover()
		_, isRuntime := r.(runtime.Error)
		fmt.Println(name, "->", r, isRuntime)
	}()
	f()
	fmt.Println(name, "no panic")
}

func main() {
	var m map[string]int
	var p *s
	a := []int{1, 2, 3}
	arr := [3]int{}
	var x any = "str"
	var c chan int
	try("index", func() { a[via(3)] = 1 })
	try("index value", func() { fmt.Println(a[via(-1)]) })
	try("array index", func() { arr[via(5)]++ })
	try("slice", func() { fmt.Println(a[via(2):via(1)]) })
	try("slice cap", func() { a = a[:via(10)] })
	try("string index", func() { fmt.Println("abc"[via(3)]) })
	try("nil map", func() { m["k"] = via(1) })
	try("nil map read", func() { fmt.Println(m["k"], via(1)) })
	try("nil pointer", func() { p.n = via(1) })
	try("nil pointer read", func() { via(p.p.n) })
	try("divide", func() { fmt.Println(1 / via(0)) })
	try("modulo", func() { fmt.Println(1 % via(0)) })
	try("assertion", func() { fmt.Println(x.(int) + via(1)) })
	try("assertion nil", func() { x = nil; via(1); _ = x.(string) })
	try("assertion iface", func() { x = via(1); _ = x.(fmt.Stringer) })
	try("close nil", func() { via(0); close(c) })
	try("close twice", func() { c = make(chan int); close(c); via(0); close(c) })
	try("send closed", func() { c <- via(1) })
	try("make", func() { _ = make([]int, via(-1)) })
	try("make chan", func() { _ = make(chan int, via(-1)) })
	try("array conversion", func() { _ = [4]int(a[:via(3)]) })
	try("hash", func() { _ = map[any]int{[]int{via(1)}: 1} })
	try("compare", func() { var y, z any = []int{}, []int{via(1)}; fmt.Println(y == z) })
	try("shift", func() { fmt.Println(1 << via(-1)) })
	fmt.Println("end")
}
