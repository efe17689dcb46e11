// Covers: the user's names that look like generated ones, hide packages, or hide types of other functions.

package main

import (
	cl "container/list"
	crand "crypto/rand"
	"fmt"
	"math/rand"
	. "slices"
	"strings"
)

type A struct{ n int }

func (a A) B(ch chan int) int { return a.n + <-ch }
func A_B(ch chan int) int     { return -<-ch }
func f(ch chan int) func() int {
	x := <-ch
	return func() int { return x + <-ch }
}
func f_func1(ch chan int) int { return <-ch }
func f_fn(ch chan int) int    { return <-ch }
func f_frame(ch chan int) int { return <-ch }
func program(ch chan int) int { return <-ch }

var list = []int{1, 2}

func locals(ch chan int) {
	rt, g, f, pc, len, string, any, frame, Frame, PC, t_, e, defers := 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13
	int := func(x chan int) int { return <-x }
	nil := <-ch
	fmt.Println(rt, g, f, pc, len, string, any, frame, Frame, PC, t_, e, defers, int(ch), nil)
	func() {
		t_ := 1
		defer func(d_ uint8) {
			t_ += <-ch
			fmt.Println(recover(), t_, d_)
		}(7)
		panic(<-ch)
	}()
}

func types(ch chan int) {
	{
		type item struct{ a int }
		x := item{<-ch}
		<-ch
		fmt.Println(x.a)
	}
	{
		item, node := <-ch, <-ch
		fmt.Println(item, node)
	}
	type node struct{ v int }
	n := node{<-ch}
	<-ch
	type strings struct{ s string }
	s := strings{"q"}
	<-ch
	fmt.Println(n, s)
}

func packages(ch chan int) {
	b := make([]byte, 4)
	rand1 := <-ch
	l := cl.New()
	l.PushBack(rand1)
	r := rand.New(rand.NewSource(1))
	n, _ := crand.Read(b)
	<-ch
	fmt.Println(n, l.Len(), r.Intn(1), list, strings.ToUpper("x"), Max(list))
}

func main() {
	ch := make(chan int)
	go func() {
		for i := 1; ; i++ {
			ch <- i
		}
	}()
	fmt.Println(A{1}.B(ch), A_B(ch), f(ch)(), f_func1(ch), f_fn(ch), f_frame(ch), program(ch))
	locals(ch)
	types(ch)
	packages(ch)
}
