// Covers: local types of every kind in generic and plain functions, closures, methods and bodies of ranges over functions, mentioning each other.

package main

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"strings"
)

func pass[T any](v T) T {
	c := make(chan T)
	go func() { c <- v }()
	return <-c
}

type set interface{ set(string) }

type conf struct{ s string }

func (c *conf) set(s string) { c.s = pass(s) }

func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < n && yield(pass(i)); i++ {
		}
	}
}

// kinds has a constraint with a core type, and a local type of each kind.
func kinds[T any, P interface {
	*T
	set(string)
}, K cmp.Ordered](k K) string {
	type (
		fn     func(P, K) (K, error)
		ch     chan fn
		m      map[K]*node[T]
		arr    [2]m
		iface  interface{ set(string) }
		both   struct{ iface }
		alias  = map[K]both
		number int
	)
	var out []string
	c := make(ch, 1)
	c <- func(p P, k K) (K, error) {
		p.set(fmt.Sprint("fn ", k))
		return pass(k), errors.New("e")
	}
	t := new(T)
	k2, err := (<-c)(t, k)
	a := arr{{k: {v: *t}}, nil}
	a[1] = m{k2: pass(&node[T]{v: *t, next: a[0][k]})}
	al := alias{k: both{P(t)}}
	al[k].set("both")
	n := number(pass(3))
	for i := range upTo(int(n)) {
		type row struct {
			number
			a   arr
			row *int
		}
		r := pass(row{number: n + number(i), a: a, row: &i})
		if x, ok := any(r).(interface{ set(string) }); ok {
			x.set("never")
		}
		*r.row += 10
		defer func() {
			type end struct{ row }
			e := pass(end{r})
			a[0][k].v = *t
			_ = e.number
		}()
		out = append(out, fmt.Sprint(r.number, len(r.a), *r.row, i))
		switch v := any(pass(r)).(type) {
		case number, row:
			out = append(out, fmt.Sprintf("%T", v))
		}
	}
	out = append(out, fmt.Sprint(*t, err, len(a[1]), a[1][k].next == a[0][k]), fmt.Sprintf("%T %T %T %T", c, a, al, n))
	return strings.Join(out, "; ")
}

type node[V any] struct {
	v    V
	next *node[V]
}

func (n *node[V]) walk(f func(any)) {
	type visit struct {
		depth int
		at    *node[V]
		up    *visit
	}
	type stack []visit
	var s stack
	var last *visit
	for d := 0; n != nil; n, d = n.next, d+1 {
		s = append(s, visit{d, n, last})
		last = &s[len(s)-1]
		func() {
			type visit struct{ stack }
			f(pass(visit{s}))
			f(len(visit{s[pass(0):]}.stack))
		}()
	}
	f(pass(last.depth))
}

// errorsToo has local types that are errors by embedding, and compares them.
func errorsToo() {
	type wrapped struct{ error }
	type coded struct {
		wrapped
		code int
	}
	base := errors.New("base")
	var err error = coded{wrapped{base}, pass(7)}
	var c coded
	fmt.Println(errors.As(pass(err), &c), c.code, err == error(coded{wrapped{base}, 7}), errors.Is(err.(coded).error, base), err)
	type state int
	const (
		idle state = iota
		busy
	)
	names := map[state]string{idle: "idle", pass(busy): "busy"}
	next := func(s state) state { return pass(1 - s) }
	fmt.Println(names[next(idle)], names[next(next(idle))], busy)
	type rec struct {
		kids map[string]*rec
		f    func(*rec) rec
	}
	r := &rec{kids: map[string]*rec{"a": {}}}
	r.f = func(x *rec) rec { x.kids = pass(r.kids); return *x }
	got := r.f(r.kids["a"])
	fmt.Println(len(got.kids), got.kids["a"] == r.kids["a"], got.f == nil)
}

func main() {
	fmt.Println(kinds[conf]("k"))
	fmt.Println(kinds[conf](1.5))
	n := &node[string]{"a", &node[string]{"b", nil}}
	n.walk(func(v any) {
		if i, ok := v.(int); ok {
			fmt.Println(i)
		} else {
			fmt.Printf("%T\n", v)
		}
	})
	errorsToo()
}
