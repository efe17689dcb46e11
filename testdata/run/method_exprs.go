// Covers: method expressions of interfaces, embedded and promoted methods, held in variables and called across a suspension.

package main

import "fmt"

type T struct{ n int }

func (t T) Val(ch chan int) int  { return t.n + <-ch }
func (t *T) Ptr(ch chan int) int { t.n++; return t.n + <-ch }

type In struct {
	pad [4]int
	T
}
type Out struct{ *In }

type Doer interface{ Val(chan int) int }

func main() {
	ch := make(chan int)
	go func() {
		for i := 1; ; i++ {
			ch <- i
		}
	}()
	o := Out{&In{T: T{1}}}
	iface, ptr, val, promoted := Doer.Val, (*T).Ptr, (*T).Val, Out.Ptr
	fmt.Println(iface(o, ch), ptr(&o.T, ch), val(&o.T, ch), promoted(o, ch))
	fmt.Println(Doer.Val(o, ch), Out.Val(o, ch), (*Out).Ptr(&o, ch), In.Val(*o.In, ch))
}
