// Covers: generic types and functions that suspend: constraints, embedding, recursive instantiation, method values, closures, maps of them.

package main

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"sync"
)

func pass[T any](v T) T {
	c := make(chan T)
	go func() { c <- v }()
	return <-c
}

type stringer interface{ String() string }

type named string

func (n named) String() string { return "<" + string(pass(n)) + ">" }

type number interface {
	~int | ~int8 | ~uint8 | ~float64
}

// base is embedded in generic and plain types.
type base[T any] struct {
	mu  sync.Mutex
	val T
	sub []func(T)
}

func (b *base[T]) set(v T) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.val = pass(v)
	for _, f := range b.sub {
		f(v)
	}
}

func (b *base[T]) get() T { return pass(b.val) }

type watched[K comparable, T any] struct {
	base[T]
	byKey map[K]*base[T]
}

func (w *watched[K, T]) at(k K) *base[T] {
	if w.byKey == nil {
		w.byKey = make(map[K]*base[T])
	}
	b, ok := w.byKey[pass(k)]
	if !ok {
		b = &base[T]{sub: []func(T){w.set}}
		w.byKey[k] = b
	}
	return b
}

type plain struct {
	watched[string, int]
	stringer
}

type getter[T any] interface{ get() T }

func sum[T number, G getter[T]](gs ...G) (s T) {
	for _, g := range gs {
		s += g.get()
	}
	return s
}

func apply[A, B any](in []A, f func(A) (B, error)) (out []B, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("apply: %w", err)
		}
	}()
	for i, a := range in {
		b, err := f(pass(a))
		if err != nil {
			return out, fmt.Errorf("%d: %w", pass(i), err)
		}
		out = append(out, b)
	}
	return out, nil
}

func compose[A, B, C any](f func(A) B, g func(B) C) func(A) C {
	return func(a A) C { return g(pass(f(a))) }
}

// nest calls itself with other type arguments.
func nest[T any](n int, v T) string {
	if pass(n) == 0 {
		return fmt.Sprintf("%T", v)
	}
	return other[T](n-1, v)
}

func other[T any](n int, v T) string {
	type pair struct{ a, b T }
	p := pass(pair{v, v})
	if n%2 == 0 {
		return nest(n, p.a)
	}
	return nest(pass(n), p.b) + "."
}

type list[T any] struct {
	next *list[T]
	v    T
}

func (l *list[T]) push(v T) *list[T] { return &list[T]{l, pass(v)} }

func (l *list[T]) each(f func(int, T) bool) {
	for i := 0; l != nil && f(i, l.v); l, i = l.next, i+1 {
		pass(i)
	}
}

type matrix[T number] [2][2]T

func (m matrix[T]) mul(n matrix[T]) (r matrix[T]) {
	for i := range 2 {
		for j := range r[i] {
			for k := range pass(2) {
				r[i][j] += m[i][pass(k)] * n[k][j]
			}
		}
	}
	return
}

type option[T any] func(*T)

func build[T any, P interface {
	*T
	set(string)
}](opts ...option[T]) T {
	var t T
	for _, o := range opts {
		o(&t)
	}
	P(&t).set(pass("built"))
	return t
}

type conf struct {
	name string
	n    int
}

func (c *conf) set(s string) { c.name += pass(s) }

func zero[T any](v any) (t T, ok bool) {
	switch x := pass(v).(type) {
	case T:
		return x, true
	case []T:
		return x[pass(0)], len(x) > 1
	case func() T:
		return x(), true
	case map[string]T:
		return x["k"], false
	}
	return
}

func main() {
	w := &watched[string, int]{}
	w.at("a").set(3)
	w.at("b").set(4)
	fmt.Println(sum[int](w.at("a"), w.at("b"), &w.base), w.get())
	p := plain{stringer: named("p")}
	p.at("x").set(5)
	get := p.get
	fmt.Println(get(), p.String(), sum[int, getter[int]](&p, w))

	out, err := apply([]string{"a", "bb", ""}, func(s string) (int, error) {
		if s == "" {
			return 0, errors.New(pass("empty"))
		}
		return pass(len(s)), nil
	})
	fmt.Println(out, err)
	upper := compose(strings.ToUpper, func(s string) named { return named(pass(s)) })
	fmt.Println(compose(upper, named.String)("x"), nest(4, 1), nest(3, "s"))

	l := (*list[string])(nil).push("a").push("b").push("c")
	l.each(func(i int, s string) bool {
		fmt.Print(i, s, " ")
		return pass(s) != "b"
	})
	var fs []func(string) *list[string]
	for x := l; x != nil; x = x.next {
		fs = append(fs, x.push)
	}
	fmt.Println(fs[1]("z").next.v, (*list[int]).push(nil, 7).v)

	m := matrix[float64]{{1, 1}, {1, 0}}
	fmt.Println(m.mul(m).mul(m), matrix[uint8]{{200, 100}}.mul(matrix[uint8]{{2, 1}, {3, 4}}))
	fmt.Println(build(func(c *conf) { c.n = pass(2) }, func(c *conf) { c.name = pass("opt ") }))

	fmt.Println(zero[int](1))
	fmt.Println(zero[int]([]int{4, 5}))
	fmt.Println(zero[string](func() string { return pass("f") }))
	fmt.Println(zero[string](map[string]string{"k": "v"}))
	fmt.Println(zero[error](nil))
	names := []named{"c", "a", "b"}
	sort.Slice(names, func(i, j int) bool { return names[i] < names[j] })
	fmt.Println(names)
}
