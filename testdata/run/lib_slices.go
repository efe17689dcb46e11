// Generic library functions that call back into code that blocks: slices, maps, their iterators, cmp.

package main

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"
)

type item struct {
	name string
	n    int
}

func main() {
	ask, answer := make(chan [2]int), make(chan int)
	go func() {
		for p := range ask {
			answer <- cmp.Compare(p[0], p[1])
		}
	}()
	compare := func(a, b int) int { ask <- [2]int{a, b}; return <-answer }

	var xs []int
	for i := range 40 {
		xs = append(xs, i*37%41)
	}
	ys := slices.Clone(xs)
	slices.SortFunc(ys, compare)
	fmt.Println(ys, slices.IsSortedFunc(ys, compare))
	fmt.Println(slices.BinarySearchFunc(ys, 17, compare))
	fmt.Println(slices.MaxFunc(xs, compare), slices.MinFunc(xs, compare))

	items := []item{{"d", 4}, {"a", 1}, {"c", 1}, {"b", 4}, {"e", 2}}
	slices.SortStableFunc(items, func(a, b item) int { return compare(a.n, b.n) })
	fmt.Println(items)
	fmt.Println(slices.IndexFunc(items, func(x item) bool { time.Sleep(time.Microsecond); return x.name == "e" }))
	items = slices.DeleteFunc(items, func(x item) bool { return compare(x.n, 1) == 0 })
	fmt.Println(items, slices.ContainsFunc(items, func(x item) bool { return compare(x.n, 9) == 0 }))
	fmt.Println(slices.CompactFunc(slices.Clone(ys), func(a, b int) bool { return compare(a/5, b/5) == 0 }))
	fmt.Println(slices.EqualFunc(xs, ys, func(a, b int) bool { return compare(a, b) == 0 }))

	for i, x := range slices.All(ys[:3]) {
		time.Sleep(time.Microsecond)
		fmt.Print(i, x, " ")
	}
	next := slices.Values([]string{"x", "y"}) // kept over the waits below
	for x := range slices.Backward(ys[:3]) {
		ask <- [2]int{x, 1}
		fmt.Print(<-answer, " ")
		if x == 1 {
			break
		}
	}
	for s := range next {
		fmt.Print(s, " ")
	}
	fmt.Println()
	slow := func(yield func(int) bool) {
		for i := range 4 {
			ask <- [2]int{3, i}
			if !yield(<-answer) {
				return
			}
		}
	}
	fmt.Println(slices.Collect(slow), slices.Sorted(iter.Seq[int](slow)))
	for c := range slices.Chunk(xs[:5], 2) {
		time.Sleep(time.Microsecond)
		fmt.Print(c)
	}
	fmt.Println()

	m := map[string]int{"a": 1, "b": 2, "c": 3}
	maps.DeleteFunc(m, func(k string, v int) bool { return compare(v, 2) == 0 })
	fmt.Println(m, maps.EqualFunc(m, m, func(a, b int) bool { return compare(a, b) == 0 }))
	sum := 0
	for _, v := range maps.All(m) {
		time.Sleep(time.Microsecond)
		sum += v
	}
	fmt.Println(sum, slices.Sorted(maps.Keys(m)))
	fmt.Println(maps.Collect(func(yield func(string, int) bool) {
		_ = yield("p", compare(1, 2)) && yield("q", compare(2, 1))
	}))
	for w := range strings.FieldsSeq(" some words here ") {
		time.Sleep(time.Microsecond)
		fmt.Print(w, ";")
	}
	fmt.Println()
	close(ask)
}
