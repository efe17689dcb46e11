// Covers: what has been evaluated, and what has not, when an operand panics beside operands that suspend.

package main

import (
	"fmt"
	"strings"
)

var steps []string

// get suspends and notes that it was called.
func get[T any](name string, v T) T {
	c := make(chan T)
	go func() { c <- v }()
	steps = append(steps, name)
	return <-c
}

func boom(name string) int {
	get(name, 0)
	panic(name + " panics")
}

func try(name string, f func()) {
	steps = nil
	defer func() {
		r := recover()
		fmt.Printf("%s: %s: %v\n", name, strings.Join(steps, " "), r)
	}()
	f()
}

type pair struct{ a, b int }

type shape interface{ area(int) int }

type square int

func (s square) area(n int) int { return int(s) * n }

func main() {
	var (
		nilMap   map[string]int
		nilSlice []int
		nilPtr   *pair
		nilFunc  func(int) int
		nilShape shape
		s        = []int{1, 2, 3}
		arr      [3]int
		zero     int
		x        any = "text"
	)
	try("map write", func() { nilMap[get("key", "k")] = get("value", 1) })
	try("map op=", func() { nilMap[get("key", "k")] += get("value", 1) })
	try("index write", func() { s[get("index", 5)] = get("value", 1) })
	try("array write", func() { arr[get("index", 3)] = get("value", 1) })
	try("nil slice", func() { nilSlice[get("index", 0)] = get("value", 1) })
	try("field write", func() { nilPtr.a = get("value", 1) })
	try("field read", func() { fmt.Println(get("first", 1), nilPtr.b, get("last", 2)) })
	try("deref", func() { *nilPtr = pair{get("a", 1), get("b", 2)} })
	try("divide", func() { s[0] = get("x", 1) / get("y", zero) })
	try("remainder", func() { s[0] %= get("y", zero) })
	try("shift", func() { s[0] = get("x", 1) << get("count", -1) })
	try("assert", func() { _ = get("x", x).(int) + get("y", 1) })
	try("assert iface", func() { _ = get("x", x).(shape).area(get("y", 1)) })
	try("slice", func() { _ = s[get("low", 2):get("high", 1)] })
	try("slice3", func() { _ = s[get("low", 0):get("high", 1):get("max", 9)] })
	try("to array", func() { _ = [4]int(get("s", s)) })
	try("nil func", func() { nilFunc(get("arg", 1)) })
	try("nil iface", func() { nilShape.area(get("arg", 1)) })
	try("args", func() { fmt.Println(get("a", 1), boom("b"), get("c", 3)) })
	try("literal", func() { _ = []int{get("a", 1), boom("b"), get("c", 3)} })
	try("struct", func() { _ = pair{b: get("b", 1), a: boom("a")} })
	try("map literal", func() { _ = map[string]int{get("k", "k"): get("v", 1), get("k2", "k2"): boom("v2")} })
	try("tuple", func() { s[0], s[1] = get("x", 1), boom("y") })
	fmt.Println(s)
	try("tuple index", func() { s[0], s[get("index", 7)] = get("x", 10), get("y", 20) })
	fmt.Println(s)
	try("tuple map", func() { s[1], nilMap["k"], s[2] = get("x", 11), get("y", 21), get("z", 31) })
	fmt.Println(s)
	try("make", func() { _ = make([]int, get("len", -1)) })
	try("make cap", func() { _ = make([]int, get("len", 2), get("cap", 1)) })
	try("chan", func() { _ = make(chan int, get("size", -1)) })
	try("close", func() { close(get("c", (chan int)(nil))) })
	try("key", func() { _ = map[any]int{get[any]("key", []int{1}): get("v", 1)} })
	try("compare", func() { _ = get[any]("x", s) == get[any]("y", s) })
	try("and", func() { _ = get("x", false) && boom("y") > 0 || get("z", 1) == boom("w") })
	try("return", func() { func() (a, b int) { return get("a", 1), boom("b") }() })
	try("send", func() { var c chan<- int = make(chan int, 1); c <- boom("v"); c <- get("w", 1) })
	try("defer args", func() { defer get("deferred", 1); defer fmt.Println(get("arg", 1), boom("arg2")) })
	try("go args", func() { go fmt.Println(get("arg", 1), boom("arg2")) })
	try("switch", func() {
		switch get("tag", 2) {
		case get("one", 1), boom("two"):
		case get("three", 3):
		}
	})
	try("select", func() {
		c := make(chan int, 1)
		select {
		case get("c", c) <- get("v", 1):
		case s[get("index", 9)] = <-get("d", (chan int)(nil)):
		}
		select {
		case s[get("index", 9)] = <-get("c", c):
		}
	})
	try("range", func() {
		for i := range get("n", 2) {
			s[i+get("offset", 2)] = 1
		}
	})
}
