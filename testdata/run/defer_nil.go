// Covers: defer of a method of a nil interface, which panics at once, and of a nil function, which panics when it runs.

package main

import "fmt"

type logger interface{ Log(string) }

type stdout struct{}

func (stdout) Log(s string) { fmt.Println(s) }

func try(ch chan int, f func(l logger), l logger) {
	defer func() { fmt.Println(recover()) }()
	ch <- 1
	f(l)
}

func main() {
	ch := make(chan int, 1)
	for _, l := range []logger{stdout{}, nil} {
		try(ch, func(l logger) {
			defer l.Log("method")
			fmt.Println("deferred", <-ch)
		}, l)
		select {
		case <-ch:
		default:
		}
	}
	try(ch, func(logger) {
		var f func()
		defer f()
		fmt.Println("deferred", <-ch)
	}, nil)
	try(ch, func(l logger) {
		defer func() { <-ch }()
		f := l.Log
		f("unreached")
	}, nil)
	try(ch, func(l logger) {
		defer func() { <-ch }()
		go l.Log("unreached")
	}, nil)
}
