// iter.Pull and Pull2: values over waits on both sides, early stop, the end, panics and Goexit in the sequence.

package main

import (
	"fmt"
	"iter"
	"maps"
	"runtime"
	"slices"
	"time"
)

func count(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		defer fmt.Println("count ends")
		for i := range n {
			time.Sleep(time.Microsecond)
			if !yield(i) {
				fmt.Println("stopped at", i)
				return
			}
		}
	}
}

// merge is the textbook use: two sequences at once.
func merge(a, b iter.Seq[int]) iter.Seq[int] {
	return func(yield func(int) bool) {
		next, stop := iter.Pull(b)
		defer stop()
		y, ok := next()
		for x := range a {
			for ok && y < x {
				if !yield(y) {
					return
				}
				y, ok = next()
			}
			if !yield(x) {
				return
			}
		}
		for ok && yield(y) {
			y, ok = next()
		}
	}
}

type node struct {
	value       int
	left, right *node
}

func (n *node) all(yield func(int) bool) bool {
	return n == nil || n.left.all(yield) && yield(n.value) && n.right.all(yield)
}

func main() {
	next, stop := iter.Pull(count(3))
	for v, ok := next(); ok; v, ok = next() {
		time.Sleep(time.Microsecond)
		fmt.Println("got", v)
	}
	fmt.Println(next())
	stop()

	next, stop = iter.Pull(count(100))
	fmt.Println(next())
	fmt.Println(next())
	time.Sleep(time.Millisecond)
	stop()
	stop()
	fmt.Println(next())

	_, stop = iter.Pull(count(5)) // never begun
	stop()

	fmt.Println(slices.Collect(merge(slices.Values([]int{1, 4, 9}), slices.Values([]int{2, 3, 5, 11}))))
	for v := range merge(count(10), slices.Values([]int{1, 2, 3})) {
		if v == 3 {
			break
		}
		fmt.Print(v, " ")
	}
	fmt.Println()

	tree := &node{2, &node{1, nil, nil}, &node{3, nil, nil}}
	values, end := iter.Pull(func(yield func(int) bool) { tree.all(yield) })
	for v, ok := values(); ok; v, ok = values() {
		fmt.Print(v, " ")
	}
	end()

	nodes, noMore := iter.Pull(slices.Values([]*node{tree, tree.left}))
	first, _ := nodes()
	time.Sleep(time.Microsecond)
	second, _ := nodes()
	noMore()
	fmt.Println(first == tree, second.value)

	pairs, done := iter.Pull2(maps.All(map[string]int{"one": 1}))
	k, v, ok := pairs()
	time.Sleep(time.Microsecond)
	fmt.Println(k, v, ok)
	k, v, ok = pairs()
	fmt.Printf("%q %v %v\n", k, v, ok)
	done()

	bad, stopBad := iter.Pull(func(yield func(int) bool) {
		yield(1)
		time.Sleep(time.Microsecond)
		panic("in the sequence")
	})
	fmt.Println(bad())
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		bad()
	}()
	fmt.Println(bad())
	stopBad()

	finished := make(chan bool)
	go func() {
		defer close(finished)
		exits, stopExits := iter.Pull(func(yield func(int) bool) { runtime.Goexit() })
		defer stopExits()
		exits()
		fmt.Println("not reached")
	}()
	<-finished
	fmt.Println("end")
}
