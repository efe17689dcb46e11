// Covers: types declared in generic functions and methods, generic types declared in functions; their names, identity and zero values.

package main

import (
	"encoding/json"
	"fmt"
	"reflect"
)

type G[E any] struct{ e E }

type number interface{ ~int | ~float64 }

func pass[V any](v V) V {
	c := make(chan V, 1)
	c <- v
	return <-c
}

// chain's local types mention each other and the type parameter.
func chain[P number](n P) any {
	type elem struct {
		v    P
		next *elem
	}
	type list struct {
		first, last *elem
		sum         func() P
	}
	l := &list{}
	for i := P(0); i < n; i++ {
		e := &elem{v: pass(i)}
		if l.last == nil {
			l.first = e
		} else {
			l.last.next = e
		}
		l.last = e
	}
	l.sum = func() (s P) {
		for e := l.first; e != nil; e = e.next {
			s += pass(e.v)
		}
		return s
	}
	fmt.Printf("%T %T %v\n", l, *l.first, l.sum())
	return *l.first
}

// unused does not mention the type parameter in its type.
func unused[A, B any]() (x, y any) {
	type nothing struct{ n int }
	c := make(chan nothing, 1)
	c <- nothing{1}
	x = <-c
	func() {
		type inner []nothing
		y = pass(inner{nothing{2}})
	}()
	return x, y
}

func (g *G[E]) method() any {
	type pair struct {
		G[E]
		n int
	}
	p := pass(pair{*g, 3})
	c := make(chan func() pair, 1)
	c <- func() pair { p.n++; return pass(p) }
	return (<-c)()
}

func isInt[T any](v any) bool {
	type box struct{ t T }
	_, ok := pass(v).(box)
	return ok
}

func boxed[T any](t T) any {
	type box struct{ t T }
	return pass(box{t})
}

func localGenerics() {
	type couple[A any, B comparable] struct {
		a A
		b B
	}
	type tree[T any] struct {
		l, r *tree[T]
		v    T
	}
	p := pass(couple[int, string]{1, "x"})
	t := pass(&tree[couple[int, string]]{v: p})
	t.l = &tree[couple[int, string]]{v: couple[int, string]{pass(2), "y"}}
	fmt.Printf("%T %v %v\n", p, t.v, t.l.v)
	m := map[couple[int, string]]int{p: pass(5)}
	fmt.Println(m[couple[int, string]{1, "x"}], reflect.TypeOf(p).Name())
}

// conflicts declares types with the names of packages, of a type of the package, and of each other; embedded, too.
func conflicts() {
	type sort struct{ A int }
	type strconv struct {
		sort
		B int
	}
	fmt.Printf("%T %+v\n", pass(sort{1}), pass(strconv{sort{1}, 2}))
	func() {
		type sort struct{ A string }
		type G struct {
			sort
			C int
		}
		g := pass(G{sort{"a"}, 3})
		g.A += "b"
		text, err := json.Marshal(g)
		fmt.Println(string(text), err, g.sort.A)
	}()
	type G = struct{ X, Y int }
	type wrap struct {
		G
		*sort
	}
	w := pass(wrap{G{1, 2}, &sort{7}})
	w.X, w.A = pass(5), pass(6)
	text, err := json.Marshal(w)
	fmt.Println(string(text), err, w.G, w.sort.A)
}

func main() {
	fmt.Println(chain(3) == chain(3), chain[float64](2) == chain(2))
	fmt.Println(unused[int, string]())
	x, _ := unused[int, string]()
	y, _ := unused[string, int]()
	z, s := unused[int, string]()
	fmt.Printf("%T %T %T %v %v\n", x, y, s, x == y, x == z)
	fmt.Printf("%T %+v\n", (&G[int]{1}).method(), (&G[string]{"s"}).method())
	fmt.Println(isInt[int](boxed(1)), boxed(1) == boxed(1), boxed(1) == boxed(int8(1)))
	localGenerics()
	conflicts()
}
