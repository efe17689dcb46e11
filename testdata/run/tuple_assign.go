// Covers: assignments of several results, whose left sides read what the assignment changes, with and without suspensions.

package main

import (
	"errors"
	"fmt"
)

func pass[T any](v T) T {
	c := make(chan T)
	go func() { c <- v }()
	return <-c
}

func two(a, b int) (int, int)  { return a, b }
func wait(a, b int) (int, int) { return pass(a), pass(b) }
func lookup(m map[int]int, k int) (v int, err error) {
	v, ok := m[pass(k)]
	if !ok {
		return v, errors.New("none")
	}
	if v, err = pass(v), nil; v > 5 {
		v, err = wait1(v)
	}
	return
}

func wait1(v int) (int, error) { return pass(v) * 2, errors.New("big") }

func named(n int) (a, b int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v with %d %d", r, a, b)
		}
	}()
	a, b = two(n, n+1)
	b, a = wait(a, b)
	if a, b = b, a; n > 3 {
		var p *int
		a, *p = wait(7, 8)
	}
	a, err = lookup(map[int]int{1: 2, 2: 9}, a)
	return
}

func indexes() {
	a := []int{10, 20, 30, 40}
	i := 0
	a[i], i = two(1, 2)
	fmt.Println(a, i)
	a[i], i = wait(3, 1)
	fmt.Println(a, i)
	i, a[i] = wait(3, 4)
	fmt.Println(a, i)
	i, i = two(1, 2)
	fmt.Println(i)
	_, i = wait(1, 0)
	a[i], _ = wait(a[i+1], 9)
	arr := [3]int{0, 1, 2}
	j := 1
	arr[j], j = two(j+5, arr[j+1])
	fmt.Println(a, i, arr, j)
	s := struct {
		n int
		p *int
	}{1, &i}
	s.n, *s.p = wait(s.n+1, s.n+2)
	*s.p, s.p = 5, nil
	fmt.Println(s.n, s.p == nil, i)
	m := map[int]int{1: 2, 2: 3}
	k := 1
	m[k], k = wait(k+10, 2)
	v, ok := m[k]
	v, ok = m[v+pass(1)]
	fmt.Println(m, k, v, ok)
	k, m[k] = two(m[k], k)
	fmt.Println(m, k)
}

func commaOK() {
	c := make(chan int, 3)
	c <- 1
	c <- 2
	close(c)
	var x any = 1
	v, ok := <-c
	v, ok = v+<-c, pass(ok)
	fmt.Println(v, ok)
	v, ok = <-c
	fmt.Println(v, ok)
	n, ok := x.(int)
	s, ok2 := x.(string)
	x, ok = x.(fmt.Stringer)
	fmt.Println(n, ok, s, ok2, x == nil)
	f := func() (int, bool) { n, ok = pass(n+1), !ok; return n, ok }
	n, ok = f()
	n, ok2 = f()
	fmt.Println(n, ok, ok2)
	var fs []func() int
	for i, ok := 0, true; ok; i, ok = two2(i) {
		fs = append(fs, func() int { i, ok = two2(i); return i })
	}
	for _, f := range fs {
		fmt.Print(f(), " ", pass(f()), " ")
	}
	fmt.Println()
}

func two2(i int) (int, bool) { return pass(i + 1), i < 2 }

func main() {
	for n := range 5 {
		fmt.Println(named(n))
	}
	indexes()
	commaOK()
}
