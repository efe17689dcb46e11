// Covers: shadowed names, redefined predeclared names, names like the compiler's own, blank names, labels as names.

package main

import "fmt"

type string2 = string

func len(x []int) int {
	c := make(chan int, 1)
	c <- 100
	return <-c + cap(x)
}

func g(f int) (d int) {
	ok := make(chan int, 1)
	ok <- f
	d = <-ok
	return
}

func frame(_ int, _ string, rt int) (_ int, err error) {
	c := make(chan int, 1)
	c <- rt
	return <-c, nil
}

func main() {
	true := false
	fmt.Println(len([]int{1, 2}), true, g(3))
	fmt.Println(frame(1, "x", 5))
	x := 1
	{
		x := x + g(1)
		x++
		if x := x * 2; x > g(0) {
			x := "inner"
			g(0)
			fmt.Println(x)
		}
		fmt.Println(x)
	}
	fmt.Println(x)
	int := func(y string2) string2 { return y + "!" }
	nil := g(9)
	fmt.Println(int("call"), nil)
	type error struct{ g, rt, PC string2 }
	e := error{"a", "b", "c"}
	g(0)
	fmt.Println(e)
	var p1, f, t0, _ = g(1), g(2), g(3), g(4)
	fmt.Println(p1, f, t0)
g:
	for i := range 3 {
		for {
			if i == g(1) {
				continue g
			}
			break
		}
		fmt.Print(i, " ")
	}
	var fmt2 = fmt.Sprint
	{
		fmt := g(4)
		println2 := fmt2(fmt)
		x = fmt
		_ = println2
	}
	fmt.Println(x)
}
