// Covers: recover in deferred closures of suspending functions, and where it returns nil.

package main

import (
	"errors"
	"fmt"
)

func via(x int) int {
	c := make(chan int)
	go func() { c <- x }()
	return <-c
}

func try(f func()) (r any) {
	defer func() {
		r = recover()
		via(0)
	}()
	via(1)
	f()
	via(2)
	return "no panic"
}

func helper() any { return recover() }

func main() {
	fmt.Println(try(func() {}))
	fmt.Println(try(func() { panic("text") }))
	fmt.Println(try(func() { via(1); panic(via(7)) }))
	fmt.Println(try(func() { panic(errors.New("err")) }))
	fmt.Println(try(func() { panic([]int{1, 2}) }))
	fmt.Println(try(func() {
		defer func() { via(1); recover() }()
		panic("inner")
	}))
	fmt.Println(try(func() {
		defer func() {
			func() { recover() }() // not called by the deferred function's caller: no effect
		}()
		panic("still here")
	}))
	fmt.Println(try(func() {
		defer func() { fmt.Println("helper:", helper()) }()
		panic("not by helper")
	}))
	fmt.Println(recover(), via(3))
	fmt.Println(try(func() { via(1); try(func() { panic("a") }); panic("b") }))
	fmt.Println(try(func() { panic(nil) }))
	for i := range 3 { // recovering in a loop
		func() {
			defer func() {
				if r := recover(); r != nil {
					fmt.Println("loop", i, r, via(i))
				}
			}()
			if via(i) != 1 {
				panic(i * 100)
			}
		}()
	}
}
