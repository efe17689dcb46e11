// Covers: type switches with a bound variable, several types in a case, nil, interfaces, and suspensions inside.

package main

import (
	"errors"
	"fmt"
)

type point struct{ x, y int }

func (p point) String() string { return fmt.Sprint("<", p.x, ",", p.y, ">") }

type myErr int

func (e *myErr) Error() string { return fmt.Sprint("myErr ", int(*e)) }

func via(x any) any {
	c := make(chan any)
	go func() { c <- x }()
	return <-c
}

func describe(x any) string {
	switch v := via(x).(type) {
	case nil:
		return "nil"
	case int:
		return fmt.Sprint("int ", v+via(1).(int))
	case string, []byte:
		return fmt.Sprintf("text %T", v)
	case error:
		via(0)
		return "error " + v.Error()
	case fmt.Stringer:
		via(0)
		return "stringer " + v.String()
	case []int:
		return fmt.Sprint("ints ", len(v), v[via(0).(int)])
	case func() int:
		return fmt.Sprint("func ", v())
	case *int:
		*v += via(1).(int)
		return fmt.Sprint("pointer ", *v)
	case chan int:
		v <- 3
		return fmt.Sprint("chan ", <-v)
	default:
		return fmt.Sprintf("other %T", v)
	}
}

func main() {
	e, n := myErr(4), 41
	for _, x := range []any{nil, 1, "s", []byte("b"), errors.New("e"), &e, point{1, 2}, []int{7, 8},
		func() int { return 5 }, &n, make(chan int, 1), 2.5, struct{}{}, (*point)(nil) == nil} {
		fmt.Println(describe(x))
	}
	fmt.Println(n)
	_, ok := via(3).(string)
	s, ok2 := via("s").(string)
	fmt.Println(ok, s, ok2)
}
