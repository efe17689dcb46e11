// Covers: the order of package initialisation, several init functions, and their effects after suspensions.

package main

import "fmt"

var (
	a = show("a", b+1)
	b = show("b", f())
	c = show("c", 1)
	d = show("d", len(trace))
)

var trace []string

var e = func() int { trace = append(trace, "e"); return len(trace) }()

func show(s string, v int) int {
	trace = append(trace, s)
	return v
}

func f() int { return c + 10 }

func init() {
	trace = append(trace, "init1")
	a *= 2
}

func init() {
	trace = append(trace, "init2")
	b *= 2
}

func main() {
	ch := make(chan []string, 1)
	ch <- trace
	fmt.Println(<-ch)
	ch <- nil
	<-ch
	fmt.Println(a, b, c, d, e)
	trace = append(trace, "main")
	ch <- trace
	fmt.Println(len(<-ch))
}
