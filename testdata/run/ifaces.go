// Covers: interfaces that hold values of many types across suspensions; dynamic types, equality, nil.

package main

import (
	"errors"
	"fmt"
	"time"
)

type named int
type st struct{ a, b any }
type nilable struct{}

func (*nilable) Error() string { return "nilable" }

func via(x any) any {
	c := make(chan any)
	go func() { c <- x }()
	return <-c
}

func mayFail(fail bool) error {
	var e *nilable
	if fail {
		via(0)
	}
	return e // not nil
}

func main() {
	p := new(int)
	values := []any{1, int8(1), uint(1), named(1), 1.5, float32(1.5), 2i, "s", true, 'x', byte(1), nil, p, st{1, "x"},
		[2]any{1, nil}, [0]int{}, struct{}{}, time.Second, errors.New, (*int)(nil), []any{1, []any{2}}, map[string]any{"k": nil}}
	for _, v := range values {
		w := via(v)
		if f, ok := w.(func(string) error); ok {
			fmt.Printf("%T %v\n", w, f("e"))
			continue
		}
		if w == any(p) {
			fmt.Println("the pointer")
			continue
		}
		fmt.Printf("%T %v\n", w, w)
	}
	fmt.Println(via(1) == via(1), via(named(1)) == via(1), via(st{1, "x"}) == via(st{1, "x"}), via(nil) == nil)
	fmt.Println(mayFail(true) == nil, mayFail(true))
	var e error = via(errors.New("x")).(error)
	var s fmt.Stringer = via(3 * time.Second).(fmt.Stringer)
	fmt.Println(e, s)
	type local struct{ x int }
	fmt.Printf("%v %+v\n", via(local{3}), via(&local{4}))
	f := via(func(x int) int { return x * via(2).(int) }).(func(int) int)
	fmt.Println(f(4))
}
