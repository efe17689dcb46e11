// A method of a generic type that suspends.

package main

type queue[T any] struct{ c chan T }

func (q *queue[T]) get() T { return <-q.c } // ERROR "generic"

func main() {
	q := queue[int]{make(chan int, 1)}
	q.c <- 1
	println(q.get())
}
