// Covers: order of evaluation where operands suspend: arithmetic, arguments, composite literals, indexes, conversions.

package main

import "fmt"

var trace []int

func f(x int) int {
	c := make(chan int)
	go func() { c <- x }()
	trace = append(trace, x)
	return <-c
}

func show(xs ...any) {
	fmt.Println(append(xs, trace)...)
	trace = nil
}

type pair struct{ a, b int }

func (p pair) add(x, y int) int { return p.a*1000 + p.b*100 + x*10 + y }
func mk(x int) pair             { return pair{f(x), f(x + 1)} }
func two(x int) (int, int)      { return f(x), f(x + 1) }
func sub(a, b int) int          { return a*10 - b }

func main() {
	c := make(chan int, 10)
	for i := range 10 {
		c <- i + 1
	}
	show(f(1) + <-c + f(2)*<-c)
	show(f(3)-f(4)*f(5), -f(6), f(7)<<f(1)%f(4))
	show(sub(f(1), f(2)), sub(two(3)), sub(sub(f(1), 2), sub(3, f(4))))
	show(mk(1).add(f(3), <-c))
	show([]int{f(1), f(2), 5: f(3)}, [3]int{1: f(4)}, pair{b: f(5), a: f(6)}, &pair{f(7), <-c} != nil)
	show(map[int]int{f(1): f(2), f(3): f(4)})
	arr := [][]int{{1, 2, 3}, {4, 5, 6}}
	show(arr[f(1)][f(2)], arr[f(0)][f(1):f(2)], "abcdef"[f(1):f(4)])
	show([]func(int) int{f, sub2}[f(1)](f(2)))
	show(interface{}(f(1)).(int)+int(int8(f(2))), float64(f(3))/2, string(rune(f(65))))
	a, b, d := f(1), <-c, f(2)
	show(a, b, d)
	x := 1
	p := &x
	g := func() int { *p = 50; return f(9) }
	y := *p + g() // the order of the load and the call is not specified: only that the sum is one of both
	show(y == 10 || y == 59)
	show(len(arr[f(1)]), cap(make([]int, f(1), f(3))), min(f(3), f(2), f(5)), max(1, f(0)))
	show(func(a, b int) int { return f(a) - f(b) }(f(8), f(3)))
	show(f(1) == f(1), f(1) < f(2) && f(2) > f(3), !(f(1) != 2))
	show(append([]int{f(1)}, f(2), f(3)), append([]byte("x"), "yz"[f(1):]...))
}

func sub2(x int) int { return f(x) * 100 }
