package main

import (
	"context"
	"os"
	"os/signal"
	"reflect"
	"unsafe"
)

var hark_mine int // want `identifier hark_mine; names that begin with hark_ are harkgen's own; rename it \(error: refuse\)`

func Hark_too() {} // want `identifier Hark_too`

func main() {
	c := make(chan os.Signal, 1)
	signal.Notify(c, os.Interrupt)                                        // want `os/signal.Notify cannot be compiled yet; its goroutine belongs to one machine; leave signals to harkgen \(error: refuse\)`
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt) // want `os/signal.NotifyContext cannot be compiled yet`
	defer stop()
	<-ctx.Done()
	call(main) // want `main is used as a value`
	pointers()
}

func pointers() {
	x := [2]int32{1, 2}
	c := make(chan int, 1)
	p := unsafe.Pointer(&x)
	c <- 1 // want `unsafe.Pointer p lives across a suspension; its target's type is unknown, so it cannot be saved; keep it between two suspending calls`
	<-c
	println(*(*int64)(p))
	v := reflect.ValueOf(&x)
	both(unsafe.Pointer(v.Pointer()), wait(c)) // want `an unsafe.Pointer lives across a suspension`
	q := unsafe.Pointer(&x)
	println(*(*int64)(q))
	<-c
}

func wait(c chan int) int { return <-c }

func both(p unsafe.Pointer, n int) { println(*(*int)(p), n) }

func parameter(p unsafe.Pointer, c chan int) {
	<-c // want `unsafe.Pointer p lives`
	both(p, 1)
}

func call(f func()) { f() }

// again is assigned in a function that does not wait.
var again func()

func init() { again = main } // want `main is used as a value; the compiled main has another signature; move its body into a function of another name \(error: refuse\)`

var table = []func(){once, (main)} // want `main is used as a value`

func once() {
	if len(os.Args) > 100 {
		main()
		go main()    // want `main is used as a value`
		defer main() // want `main is used as a value`
	}
}

func ranges(m map[string]chan int) {
	for _, c := range m {
		<-c
	}
}
