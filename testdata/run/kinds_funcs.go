// Covers: func values over a restore: closures that share variables, recursive ones, those of functions that never wait, method values and expressions, generic ones, closures that library functions return.
package main

import (
	"bytes"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
)

type acc struct {
	n    int
	hook func(int) int
}

func (a *acc) add(x int) int { a.n += x; return a.n }
func (a acc) get() int       { return a.n }

type adder interface{ add(int) int }

// makers never wait.
func counter() (inc func() int, reset func()) {
	n := 0
	return func() int { n++; return n }, func() { n = 0 }
}

func compose[T any](fs ...func(T) T) func(T) T {
	return func(x T) T {
		for _, f := range fs {
			x = f(x)
		}
		return x
	}
}

func walk(depth int) func(int) int {
	var f func(int) int
	f = func(x int) int {
		if x >= depth {
			return x
		}
		return f(x*2 + 1)
	}
	return f
}

func gen(n int) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for i := range n {
			if !yield(i, strings.Repeat("x", i)) {
				return
			}
		}
	}
}

func wait() {
	c := make(chan int)
	go func() { c <- 1 }()
	<-c
}

type table map[string]func(int) int

func main() {
	inc, reset := counter()
	a := &acc{}
	a.hook = a.add // a cycle through a method value
	var i adder = a
	fromIface := i.add
	value := acc{n: 5}.get
	expr, expr2 := (*acc).add, acc.get
	t := table{"twice": func(x int) int { return 2 * x }, "walk": walk(20), "add": a.add}
	c := compose(t["twice"], t["add"], func(x int) int { return x + a.n })
	once := sync.OnceValues(func() (int, error) { a.n += 1000; return a.n, nil })
	onceF := sync.OnceFunc(func() { a.n += 10000 })
	repl := strings.NewReplacer("<", "&lt;", ">", "&gt;")
	keys, vals := maps.Keys(map[string]int{"k": 1}), slices.Values([]int{3, 1, 2})
	chunks := slices.Chunk([]int{1, 2, 3, 4, 5}, 2)
	lines := strings.SplitSeq("a,b,c", ",")
	var buf bytes.Buffer
	write := buf.WriteString
	upper := strings.ToUpper
	fields := strings.FieldsFunc
	seq := gen(4)
	funcs := make(chan func() int, 2)
	funcs <- inc
	byValue := []func(){}
	for x := range 3 {
		byValue = append(byValue, func() { fmt.Print(x, " ") })
	}
	for round := range 2 {
		wait()
		fmt.Println(round, inc(), (<-funcs)(), a.hook(1), fromIface(2), value(), expr(a, 3), expr2(*a))
		funcs <- inc
		wait()
		fmt.Println(t["twice"](4), t["walk"](3), t["add"](1), c(1))
		v, err := once()
		onceF()
		wait()
		fmt.Println(v, err, a.n, repl.Replace("<b>"), slices.Collect(keys), slices.Sorted(vals), upper("x"))
		for ch := range chunks {
			wait()
			fmt.Print(ch)
		}
		for l := range lines {
			wait()
			fmt.Print(l)
		}
		for n, s := range seq {
			wait()
			fmt.Print(n, s)
		}
		write("w")
		fmt.Println(buf.String(), fields("a b", func(r rune) bool { return r == ' ' }))
		for _, f := range byValue {
			f()
			wait()
		}
		reset()
		fmt.Println()
	}
}
