// A heap keeps what it is given.
package main

import (
	"container/heap"
	"fmt"
)

func main() {
	pushed()
}

type queue []*node

type node struct{ n int }

func (q queue) Len() int { return len(q) }

func (q queue) Less(i, j int) bool { return q[i].n < q[j].n }

func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q *queue) Push(x any) { *q = append(*q, x.(*node)) }

func (q *queue) Pop() any { old := *q; x := old[len(old)-1]; *q = old[:len(old)-1]; return x }

func pushed() {
	q, n := &queue{}, &node{}
	heap.Push(q, n)
	x := heap.Pop(q).(*node)
	go func() { x.n++ }() // local: a value of type node .*
	fmt.Println(n.n)
}
