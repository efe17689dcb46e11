// Covers: struct, array, slice and map literals in every place where one can stand, with elements that suspend.

package main

import (
	"fmt"
	"sort"
)

func pass[T any](v T) T {
	c := make(chan T)
	go func() { c <- v }()
	return <-c
}

type pair struct{ a, b int }

func (p pair) sum(n int) int { return pass(p.a) + p.b + n }
func (p *pair) swap()        { p.a, p.b = p.b, pass(p.a) }

type big struct {
	pair
	arr  [2]pair
	any  any
	f    func(pair) int
	_    string
	next *big
	anon struct{ x, y int }
}

type gen[K comparable, V any] struct {
	k K
	v V
	m map[K]V
}

type summer interface{ sum(int) int }

func give(p pair) pair { return pass(p) }

func places() {
	p := pair{1, 2}
	p = pair{p.b, p.a}
	p = pair{pass(p.b), p.a}
	p = pair{b: p.b + pass(1)}
	fmt.Println(p, pair{pass(3), 4}.sum(pass(5)), (&pair{pass(6), 7}).a, give(pair{b: pass(8)}))
	if p == (pair{0, pass(p.b)}) && (pair{}) != p {
		fmt.Println("equal")
	}
	switch (pair{pass(1), 1}) {
	case p, pair{1, 2}:
		fmt.Println("no")
	case pair{pass(1), pass(1)}:
		fmt.Println("case")
	}
	m := map[pair][]pair{{1, pass(2)}: {{3, 4}, {pass(5), 6}}, {}: nil}
	m[pair{pass(7), 8}] = append(m[pair{1, 2}], pair{pass(9), 10})
	keys := make([]string, 0)
	for k, v := range m {
		keys = append(keys, fmt.Sprint(k, v))
	}
	sort.Strings(keys)
	fmt.Println(keys, m[pair{7, pass(8)}][2])
	c := make(chan pair, 2)
	c <- pair{pass(1), 2}
	select {
	case c <- pair{p.a, pass(3)}:
	default:
	}
	fmt.Println(<-c, <-c)
	var s summer = pair{pass(2), 3}
	f := pair{4, pass(5)}.sum
	s, f = pair{pass(6), 7}, s.sum
	fmt.Println(s.sum(1), f(2), any(pair{1, 2}) == any(pair{pass(1), 2}))
	defer func(ps ...pair) { fmt.Println(ps, pair{1, pass(2)}) }(pair{pass(3), 4}, pair{5, pass(6)})
	done := make(chan pair)
	go func(p pair) { done <- pair{p.b, pass(p.a)} }(pair{pass(1), 2})
	fmt.Println(<-done)
	for _, p := range []pair{{1, pass(2)}, {3, 4}} {
		p.swap()
		fmt.Print(p, " ")
	}
	for i := range [...]pair{{}, {1, 2}} {
		fmt.Print(pair{i, pass(i)}, " ")
	}
	fmt.Println(func() (pair, *pair) { return pair{pass(1), 2}, nil }())
}

func nested() *big {
	x := 1
	b := big{
		pair: pair{pass(x), 2},
		arr:  [2]pair{1: {b: pass(3)}},
		any:  []any{pass("s"), pair{4, 5}, [...]int{2: pass(6)}, nil},
		f:    func(p pair) int { x += p.a; return pass(x) },
		next: &big{any: map[string]pair{"k": {pass(7), 8}}, anon: struct{ x, y int }{y: pass(9)}},
	}
	b.arr[0] = pair{b.f(pair{a: 10}), b.arr[1].b}
	b.next.next = &big{pair: b.pair}
	b.pair.swap()
	fmt.Println(b.pair, b.arr, b.any, b.next.any, b.next.anon, b.next.next.sum(pass(1)), x)
	c := b
	c.arr[1] = pair{-1, -1}
	fmt.Println(b.arr[1], c.arr[1], c.next == b.next)
	return &c
}

func generic[K comparable, V any](k K, v V) (gen[K, V], []gen[K, []V]) {
	return gen[K, V]{pass(k), v, map[K]V{k: pass(v)}}, []gen[K, []V]{{k: k, v: []V{pass(v), v}}}
}

func locals() {
	type pair struct {
		a string
		b int
	}
	type wrap struct {
		pair
		ps [2]*pair
	}
	w := wrap{pair{pass("x"), 1}, [2]*pair{{"y", pass(2)}, nil}}
	w = wrap{w.pair, [2]*pair{w.ps[1], w.ps[0]}}
	fmt.Println(w.a, w.b, w.ps[0], *w.ps[1], w.pair == pair{"x", pass(1)})
	anon := struct {
		pair
		n int
	}{pair{"z", pass(3)}, 4}
	list := []struct{ x, y any }{{1, pass("a")}, {pass(pair{"p", 5}).a, nil}}
	fmt.Println(anon.pair.b, anon.n, list)
	t := [][]int{{pass(1), 2}, {}, {4: pass(5)}, nil}
	u := map[string][2]map[int]bool{"k": {{pass(1): true}, nil}}
	fmt.Println(t, u, len([...]string{2: "", 9: pass("")}))
}

func main() {
	places()
	nested()
	fmt.Println(generic("k", 1.5))
	fmt.Println(generic(1, pair{2, 3}))
	locals()
}
