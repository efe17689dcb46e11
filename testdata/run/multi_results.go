// Covers: functions with several results, passed on to calls and returns.

package main

import (
	"errors"
	"fmt"
)

func divmod(a, b int) (int, int, error) {
	c := make(chan int, 2)
	if b == 0 {
		return 0, 0, errors.New("division by zero")
	}
	c <- a / b
	c <- a % b
	return <-c, <-c, nil
}

func pass(a, b int) (int, int, error) { return divmod(a, b) }

func take(q, r int, err error) string { return fmt.Sprint(q, "+", r, " ", err) }

func swap(a, b string) (string, string) {
	c := make(chan string, 1)
	c <- a
	return b, <-c
}

func join(xs ...string) string { return fmt.Sprint(xs) }

func main() {
	fmt.Println(divmod(17, 5))
	fmt.Println(take(pass(9, 4)))
	fmt.Println(take(divmod(1, 0)))
	a, b := swap("x", "y")
	a, b = swap(a, b)
	fmt.Println(a, b, join(swap("1", "2")))
	_, r, _ := divmod(7, 4)
	q, _, err := divmod(7, 4)
	fmt.Println(r, q, err)
	if q, r, err := divmod(100, 7); err == nil && q > r {
		fmt.Println(q, r)
	}
}
