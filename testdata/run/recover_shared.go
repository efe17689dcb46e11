// Covers: one handler that recovers, deferred in several functions; a recovering function that defers another inside.

package main

import (
	"errors"
	"fmt"
)

func handle(ch chan int, name string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s: %v %v", name, r, <-ch)
	}
}

func a(ch chan int) (err error) {
	defer handle(ch, "a", &err)
	<-ch
	panic("boom")
}

func b(ch chan int) (n int, err error) {
	defer func() { n *= 2 }()
	defer handle(ch, "b", &err)
	n = <-ch
	var m map[string]int
	m["x"] = n
	return n, nil
}

func nest(ch chan int) (out string) {
	defer func() {
		defer func() {
			out += fmt.Sprint("inner ", recover())
			<-ch
		}()
		<-ch
		out += fmt.Sprint("outer ", recover(), " ")
		panic("again")
	}()
	<-ch
	panic(errors.New("first"))
}

func main() {
	ch := make(chan int)
	go func() {
		for i := 1; ; i++ {
			ch <- i
		}
	}()
	fmt.Println(a(ch))
	fmt.Println(b(ch))
	fmt.Println(nest(ch))
}
