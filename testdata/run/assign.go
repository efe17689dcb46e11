// Covers: assignments with suspending sides: indexes, maps, fields, tuples, swaps, op= and ++.

package main

import "fmt"

type s struct {
	a [3]int
	m map[string]int
	p *s
	n int
}

var trace []string

func id(x int) int {
	c := make(chan int, 1)
	c <- x
	trace = append(trace, fmt.Sprint(x))
	return <-c
}

func (v *s) self() *s {
	id(-1)
	return v
}

func feed(xs ...int) chan int {
	c := make(chan int, len(xs))
	for _, x := range xs {
		c <- x
	}
	return c
}

func main() {
	c := feed(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
	a := make([]int, 3)
	a[1] = <-c
	a[id(2)] = <-c
	a[<-c-3] = id(9)
	fmt.Println(a)
	x, y := 10, 20
	x, y = y, <-c
	fmt.Println(x, y)
	x, y = <-c, x
	fmt.Println(x, y)
	i := 0
	i, a[i] = 1, <-c // the index is evaluated first
	fmt.Println(i, a)
	a[0], a[1], a[2] = a[id(2)], <-c, a[id(0)]
	fmt.Println(a)
	x += <-c
	x -= id(1)
	a[id(1)] *= <-c
	a[i]++
	fmt.Println(x, a)
	v := &s{m: map[string]int{}, n: 1}
	v.p = v
	v.self().a[id(1)] += <-c
	v.self().m["k"] = id(5)
	v.m["k"] += <-c
	v.m[fmt.Sprint(id(3))]++
	v.p.self().p.n <<= id(4)
	fmt.Println(v.a, v.m, v.n)
	m := map[int][]int{}
	m[id(1)] = append(m[id(1)], <-c, id(2))
	fmt.Println(m)
	var p *int = &x
	*p = id(3)
	*p += id(4)
	fmt.Println(x)
	var e any = id(1)
	e, ok := e.(int)
	_, ok2 := m[id(2)]
	_ = id(7)
	_, z := <-c, id(8)
	fmt.Println(e, ok, ok2, z, len(c))
	j, k, l := 1, 2, 3
	j, k, l = k, l, j
	id(0)
	j, k = id(k), id(j)
	fmt.Println(j, k, l)
	v2 := *v
	v2.a, v2.n = [3]int{id(7)}, v.n+id(1)
	fmt.Println(v2.a, v2.n, v.a, v.n)
	fmt.Println(trace)
	func() {
		defer func() { fmt.Println(recover() != nil, len(trace)) }()
		trace = nil
		var nilmap map[string]int
		nilmap["x"] = id(1) + id(2) // the panic comes after the calls
	}()
}
