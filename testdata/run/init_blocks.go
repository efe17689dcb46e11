package main

import "fmt"

var a = f(b)
var b, c = g()
var _ = f(9)
var (
	d = map[string]func() int{"x": func() int { return f(3) }}
	e = []int{1, 2, 3}
)

func f(i int) int      { fmt.Println("f", i); return i + 1 }
func g() (int, string) { fmt.Println("g"); return 4, "c" }

var ch = make(chan int)

func init() {
	go func() { ch <- 5 }()
	fmt.Println("init", <-ch)
}
func init() { fmt.Println("init2") }

func main() { fmt.Println(a, b, c, d["x"](), e) }
