// recover in functions that are deferred by way of package reflect: methods as method values and as method expressions, with receivers of
// several kinds and a promoted one, and what reflect.MakeFunc was given. A method that reflect.Value.Call calls is not the deferred function.
package main

import (
	"fmt"
	"reflect"
)

type T struct{ name string }

func (t *T) Catch() { fmt.Println(t.name, recover()) }

type V [3]int

func (v V) Catch() { fmt.Println(v, recover()) }

type Outer struct {
	n int
	*T
}

func value(c chan int, x any) {
	f := reflect.ValueOf(x).MethodByName("Catch").Interface().(func())
	defer f()
	panic(<-c)
}

func expr(c chan int, t *T) {
	m, _ := reflect.TypeOf(t).MethodByName("Catch")
	f := m.Func.Interface().(func(*T))
	defer f(t)
	panic(<-c)
}

func called(c chan int, x any) {
	defer func() { fmt.Println("outside", recover()) }()
	defer reflect.ValueOf(x).MethodByName("Catch").Call(nil)
	panic(<-c)
}

func made(c chan int) {
	f := reflect.MakeFunc(reflect.TypeFor[func(int)](), func(args []reflect.Value) []reflect.Value {
		fmt.Println("made", args[0], recover())
		return nil
	}).Interface().(func(int))
	defer f(5)
	panic(<-c)
}

func quiet(c chan int, x any) {
	f := reflect.ValueOf(x).MethodByName("Catch").Interface().(func())
	defer f()
	<-c
}

func main() {
	c := make(chan int)
	go func() {
		for i := 0; ; i++ {
			c <- i
		}
	}()
	t := &T{"t"}
	for _, x := range []any{t, V{1, 2, 3}, &V{4}, Outer{1, t}, &Outer{2, t}} {
		value(c, x)
		called(c, x)
		quiet(c, x)
	}
	expr(c, t)
	made(c)
}
