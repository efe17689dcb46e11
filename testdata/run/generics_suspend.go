package main

import "fmt"

type List[T any] struct {
	head *node[T]
	n    int
}
type node[T any] struct {
	v    T
	next *node[T]
}

func (l *List[T]) Push(v T) { l.head = &node[T]{v, l.head}; l.n++ }
func (l *List[T]) Each(f func(T)) {
	for n := l.head; n != nil; n = n.next {
		f(n.v)
	}
}

type Eacher[T any] interface{ Each(func(T)) }

func Map[T, U any](in <-chan T, f func(T) U) []U {
	var out []U
	type pair struct {
		a T
		b U
	}
	for v := range in {
		p := pair{v, f(v)}
		if len(out) == 0 {
			fmt.Printf("%v\n", p)
		}
		out = append(out, p.b)
	}
	return out
}
func Gen[T any](vs ...T) <-chan T {
	c := make(chan T)
	go func() {
		for _, v := range vs {
			c <- v
		}
		close(c)
	}()
	return c
}
func Seq[T any](c <-chan T) func(yield func(T) bool) {
	return func(yield func(T) bool) {
		for v := range c {
			if !yield(v) {
				return
			}
		}
	}
}

func main() {
	fmt.Println(Map(Gen(1, 2, 3), func(i int) string { return fmt.Sprint(i * i) }))
	fmt.Println(Map(Gen("a", "b"), func(s string) int { return len(s) }))
	var l List[string]
	l.Push("x")
	l.Push("y")
	var e Eacher[string] = &l
	c := make(chan string)
	go func() {
		e.Each(func(s string) { c <- s })
		close(c)
	}()
	for s := range c {
		fmt.Println(s)
	}
	f := Map[int, int]
	fmt.Println(f(Gen(4, 5), func(i int) int { return -i }))
	for v := range Seq(Gen(7, 8, 9)) {
		if v == 9 {
			break
		}
		fmt.Println(v)
	}
}
