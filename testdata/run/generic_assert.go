// Type assertions that are impossible in one instance of a generic function and not in another: with one and two results, in a type
// switch, from a nil interface.
package main

import "fmt"

type I[T any] interface{ M() T }

type S struct{}

func (S) M() byte { return 0 }

func assert[T, A any](in chan I[T]) {
	defer func() { fmt.Println(recover()) }()
	x := <-in
	switch x.(type) {
	case A:
		fmt.Println("is")
	default:
		fmt.Println("is not")
	}
	_, ok := x.(A)
	v := x.(A)
	fmt.Println(ok, v)
}

type holder struct{}

func never[T any](in chan I[byte]) (v T) {
	if _, ok := any(v).(I[byte]); ok {
		x := <-in
		_, _ = x.(T)
		return x.(T)
	}
	return v
}

func main() {
	in := make(chan I[byte], 4)
	in <- S{}
	in <- S{}
	in <- S{}
	in <- nil
	assert[byte, S](in)
	assert[byte, string](in)
	assert[byte, interface{ M() int }](in)
	assert[byte, string](in)
	in <- S{}
	fmt.Println(never[holder](in), never[S](in))
}
