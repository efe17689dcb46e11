// Covers: weak.Pointer over a restore: a target that something else keeps, interior targets, equality, map keys, package variables, a target that is gone.
package main

import (
	"fmt"
	"runtime"
	"weak"
)

type item struct {
	name string
	next *item
	n    [4]int
}

var global = item{name: "global"}

func wait() {
	c := make(chan int)
	go func() { c <- 1 }()
	<-c
}

func gone() weak.Pointer[item] {
	return weak.Make(&item{name: "gone"})
}

func main() {
	kept := &item{name: "kept", next: &item{name: "next"}}
	p, q := weak.Make(kept), weak.Make(kept)
	next := weak.Make(kept.next)
	inner := weak.Make(&kept.n[2])
	g := weak.Make(&global)
	lost := gone()
	lost2 := lost
	var none weak.Pointer[item]
	byKey := map[weak.Pointer[item]]string{p: "p", next: "next"}
	runtime.GC()
	for i := range 3 {
		wait()
		runtime.GC()
		kept.n[2]++
		fmt.Println(i, p == q, p.Value() == kept, p == weak.Make(kept), next.Value() == kept.next, next == p)
		fmt.Println(*inner.Value(), inner.Value() == &kept.n[2], inner == weak.Make(&kept.n[2]))
		fmt.Println(g.Value() == &global, lost.Value() == nil, lost == lost2, lost == none, none.Value() == nil)
		fmt.Println(byKey[q], byKey[weak.Make(kept.next)], len(byKey))
	}
	kept.next = nil
	wait()
	runtime.GC()
	fmt.Println(next.Value() == nil, next == none, byKey[next])
	runtime.KeepAlive(kept)
}
