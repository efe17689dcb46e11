// Covers: generic functions and types that do not suspend themselves, used in functions that do.

package main

import (
	"cmp"
	"fmt"
	"slices"
)

type number interface{ ~int | ~float64 }

func sum[T number](xs []T) (s T) {
	for _, x := range xs {
		s += x
	}
	return
}

func mapTo[T, U any](xs []T, f func(T) U) []U {
	out := make([]U, 0, len(xs))
	for _, x := range xs {
		out = append(out, f(x))
	}
	return out
}

type stack[T any] struct{ items []T }

func (s *stack[T]) push(x T) { s.items = append(s.items, x) }
func (s *stack[T]) pop() (x T, ok bool) {
	if len(s.items) == 0 {
		return
	}
	x = s.items[len(s.items)-1]
	s.items = s.items[:len(s.items)-1]
	return x, true
}

type pair[K cmp.Ordered, V any] struct {
	key K
	val V
}

func id(x int) int {
	c := make(chan int, 1)
	c <- x
	return <-c
}

func main() {
	var s stack[pair[string, int]]
	for i, k := range []string{"a", "b", "c"} {
		s.push(pair[string, int]{k, id(i)})
	}
	c := make(chan *stack[pair[string, int]], 1)
	c <- &s
	p, ok := (<-c).pop()
	fmt.Printf("%v %v %T %d\n", p, ok, p, len(s.items))
	fmt.Println(sum([]int{id(1), 2, 3}), sum(mapTo([]int{1, id(2)}, func(x int) float64 { return float64(x) / 2 })))
	xs := []pair[string, int]{{"z", id(1)}, {"y", 2}}
	slices.SortFunc(xs, func(a, b pair[string, int]) int { return cmp.Compare(a.key, b.key) })
	id(0)
	fmt.Println(xs, slices.Max([]int{3, id(9), 4}))
}
