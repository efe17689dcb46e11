package main

import (
	"errors"
	"fmt"
	"runtime"
)

func seq(n int, end func()) func(func(int) bool) {
	return func(yield func(int) bool) {
		defer fmt.Println("seq done")
		for i := range n {
			if !yield(i) {
				return
			}
		}
		if end != nil {
			end()
		}
	}
}

func panics() (err error) {
	defer fmt.Println("panics: first")
	for i := range seq(2, func() { panic("boom") }) {
		defer func() {
			r := recover()
			fmt.Println("recovered", i, r)
			if r != nil {
				err = errors.New("was " + fmt.Sprint(r))
			}
		}()
	}
	return nil
}

func bodyPanics(c chan int) {
	defer func() { fmt.Println("outer", recover()) }()
	for i := range seq(3, nil) {
		defer fmt.Println("d", i, <-c)
		if i == 1 {
			panic("body")
		}
	}
}

func exits(done chan bool) {
	defer close(done)
	for i := range seq(2, func() { runtime.Goexit() }) {
		defer fmt.Println("exit", i)
	}
}

func blocks(c chan int) {
	for i := range seq(3, nil) {
		defer func() { fmt.Println("got", i, <-c) }()
	}
	fmt.Println("before")
}

func main() {
	fmt.Println(panics())
	c := make(chan int)
	go func() {
		for i := range 5 {
			c <- i
		}
		close(c)
	}()
	bodyPanics(c)
	done := make(chan bool)
	go exits(done)
	<-done
	blocks(c)
	f := func() {
		for i := range seq(2, nil) {
			defer fmt.Println("nested", i)
		}
	}
	f()
	defer fmt.Println("last")
	for i := range seq(2, nil) {
		defer fmt.Println("main", i)
		if i == 1 {
			panic(errors.New("crash"))
		}
	}
}
