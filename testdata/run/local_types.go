// Covers: types declared in functions, the same name twice, recursive, embedded; printed and sent over channels.

package main

import "fmt"

type T struct{ global int }

func a() any {
	type T struct{ a int }
	c := make(chan T, 1)
	c <- T{1}
	return <-c
}

func b() any {
	type T struct{ b string }
	c := make(chan any, 1)
	c <- T{"x"}
	if t, ok := (<-c).(T); ok {
		return t
	}
	return nil
}

func main() {
	type list struct {
		v    int
		next *list
	}
	c := make(chan *list, 1)
	var l *list
	for i := range 3 {
		c <- &list{i, l}
		l = <-c
	}
	for n := l; n != nil; n = n.next {
		fmt.Print(n.v, " ")
	}
	fmt.Println()
	fmt.Printf("%+v %+v %+v\n", a(), b(), T{2})
	_, ok := a().(T)
	fmt.Println(ok, a() == a(), a() == b())
	type wrapper struct {
		T
		f func() int
	}
	w := wrapper{T: T{5}}
	w.f = func() int { c <- nil; <-c; return w.global }
	w.global++
	fmt.Println(w.f())
	for i := range 2 {
		type T struct{ i int }
		d := make(chan T, 1)
		d <- T{i}
		fmt.Print(<-d, " ")
	}
	fmt.Println()
}
