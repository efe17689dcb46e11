// Covers: closures that call themselves and each other, returned closures, immediately called ones.

package main

import "fmt"

func main() {
	c := make(chan int, 1)
	var fact func(int) int
	fact = func(n int) int {
		c <- n
		if <-c == 0 {
			return 1
		}
		return n * fact(n-1)
	}
	fmt.Println(fact(6))
	var even, odd func(int) bool
	even = func(n int) bool {
		c <- n
		if <-c == 0 {
			return true
		}
		return odd(n - 1)
	}
	odd = func(n int) bool { return n != 0 && even(n-1) }
	fmt.Println(even(7), even(8))
	adder := func(a int) func(int) func(int) int {
		return func(b int) func(int) int {
			return func(d int) int {
				c <- a + b
				return <-c + d
			}
		}
	}
	fmt.Println(adder(1)(2)(3))
	compose := func(fs ...func(int) int) func(int) int {
		return func(x int) int {
			for _, f := range fs {
				x = f(x)
			}
			return x
		}
	}
	fmt.Println(compose(fact, func(x int) int { c <- x; return -<-c }, adder(1)(1))(4))
}
