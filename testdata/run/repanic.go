// Covers: a panic raised again by a deferred function, and one that replaces another, both recovered in the end.

package main

import "fmt"

func via(s string) string {
	c := make(chan string, 1)
	c <- s
	return <-c
}

func inner() {
	defer fmt.Println("inner deferred")
	defer func() {
		r := recover()
		fmt.Println("saw", r)
		panic(fmt.Sprint("again ", r))
	}()
	panic(via("one"))
}

func replaced() {
	defer func() {
		panic("second")
	}()
	via("x")
	panic("first")
}

func middle() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("middle: %v", via(r.(string)))
		}
	}()
	inner()
	return nil
}

func main() {
	fmt.Println(middle())
	func() {
		defer func() { fmt.Println(recover()) }()
		replaced()
	}()
	func() {
		defer func() { fmt.Println("outer", recover()) }()
		defer func() {
			defer func() { fmt.Println("nested", recover()) }()
			via("y")
			panic("in deferred")
		}()
		panic("original")
	}()
}
