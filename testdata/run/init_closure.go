// Covers: an init function that makes a closure which suspends when it is called.

package main

import "fmt"

var registry = map[string]func(chan int) int{"f": f}

func f(ch chan int) int { return <-ch }

func init() { registry["a"] = func(ch chan int) int { return -<-ch } }

func init() {
	n := 10
	registry["b"] = func(ch chan int) int { n += <-ch; return n }
}

func main() {
	ch := make(chan int)
	go func() {
		for i := 1; ; i++ {
			ch <- i
		}
	}()
	fmt.Println(registry["a"](ch), registry["b"](ch), registry["b"](ch), registry["f"](ch))
}
