// Closures that library functions return are kept over waits, though nothing that they call blocks.

package main

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"time"
)

type holder struct{ seq iter.Seq[int] }

var once = sync.OnceValue(func() int { fmt.Println("once"); return 7 })

func ready(xs []int) *holder { return &holder{slices.Values(xs)} }

func main() {
	m := map[string]int{"a": 1}
	keys := maps.Keys(m)
	h := ready([]int{3, 1, 2})
	c := make(chan iter.Seq2[int, string], 1)
	c <- slices.All([]string{"x", "y"})
	time.Sleep(time.Millisecond)
	for k := range keys {
		fmt.Println(k)
	}
	fmt.Println(slices.Sorted(h.seq))
	for i, s := range <-c {
		fmt.Println(i, s)
	}
	fmt.Println(once(), once())
}
