// Covers: arrays, structs and interfaces by value, comparison and map keys of any kind, embedded foreign types, across suspensions.

package main

import (
	"bytes"
	"fmt"
	"math"
	"net"
	"strings"
	"sync"
	"time"
)

func pass[T any](v T) T {
	c := make(chan T)
	go func() { c <- v }()
	return <-c
}

type inner struct {
	a [3]int
	s struct{ x, y float64 }
}

type outer struct {
	inner
	in  [2]inner
	any any
	_   int
}

// change gets a copy, whatever it suspends at.
func change(o outer, a [2][2]int) (outer, [2][2]int) {
	o.a[pass(1)] = pass(5)
	o.in[pass(0)].s.y = pass(2.5)
	a[pass(1)][pass(0)] = 9
	return o, pass(a)
}

func values() {
	o := outer{any: [1]string{"k"}}
	a := [2][2]int{{1, 2}, {3, 4}}
	p, b := change(o, a)
	fmt.Println(o.a, p.a, o.in[0].s, p.in[0].s, a, b, a == b, o.inner == p.inner)
	q := p
	p.in[1].a[pass(2)]++
	fmt.Println(q.in == p.in, q.in[0] == p.in[0], pass(q.any) == pass(any([1]string{"k"})), q.any == any([1]string{pass("l")}))
	arr := [3]int{1, 2, 3}
	for i, v := range arr {
		arr[2] = pass(10)
		arr[i] += v
	}
	fmt.Println(arr)
	for i, v := range &arr {
		arr[2] = pass(20)
		arr[i] += v
	}
	fmt.Println(arr)
	f := func() [3]int { return pass(arr) }
	c := f()
	c[0]++
	fmt.Println(f()[pass(1)], arr[0] == c[0], f() == arr)
	s := []inner{{}, {}}
	for i := range s {
		e := &s[i]
		e.a[i] = pass(i + 1)
		s = append(s, *e)
	}
	fmt.Println(s)
}

type key interface{ k() }
type k1 int
type k2 struct {
	s string
	f float64
}
type k3 [2]any

func (k1) k()  {}
func (k2) k()  {}
func (*k3) k() {}

func keys() {
	p := &k3{1, "x"}
	m := map[key]string{k1(1): "int", k2{"s", 1}: "struct"}
	m[pass(key(p))] = pass("pointer")
	fmt.Println(m[k1(pass(1))], m[k2{pass("s"), 1}], m[&k3{1, "x"}] == "", m[p], len(m))
	n := map[any]int{1: 1, int8(1): 2, "1": 3, 1.0: 4, [1]int{1}: 5, struct{ x int }{1}: 6, nil: 7, true: 8, 'x': 9}
	sum := 0
	for _, k := range []any{1, int8(1), "1", 1.0, [1]int{1}, struct{ x int }{1}, nil, true, 'x', uint(1)} {
		sum = sum*10 + n[pass(k)]
	}
	fmt.Println(sum)
	nan := map[float64]int{math.NaN(): 1}
	nan[pass(math.NaN())] = 2
	nan[math.Inf(1)]++
	fmt.Println(len(nan), nan[math.Inf(pass(1))], nan[math.NaN()])
	total := 0
	for k, v := range nan {
		delete(nan, k)
		total += pass(v)
	}
	fmt.Println(total, len(nan))
	clear(nan)
	ch := make(chan int)
	chans := map[<-chan int]string{ch: "ch"}
	fmt.Println(chans[pass((<-chan int)(ch))], chans[make(chan int)] == "")
	z := map[struct{}]int{}
	z[pass(struct{}{})]++
	z[struct{}{}] += pass(2)
	w := map[[0]int]complex128{{}: 1i}
	w[[0]int{}] *= pass(2i)
	fmt.Println(z, w)
	// Insertion and deletion while ranging: what is deleted is not seen, and what stays is seen once.
	g := map[int]bool{}
	for i := range 10 {
		g[i] = true
	}
	seen := map[int]int{}
	for i := range g {
		seen[pass(i)]++
		delete(g, i^1)
		g[i+100] = pass(true)
		if i >= 100 {
			delete(g, i)
			delete(g, i+100)
		}
		if len(seen) > 200 {
			break
		}
	}
	small := 0
	for i, n := range seen {
		if n != 1 {
			fmt.Println("seen twice", i)
		}
		if i < 10 {
			small++
		}
	}
	fmt.Println(small)
}

// foreign embeds types whose fields and methods come through unexported fields.
type foreign struct {
	net.TCPConn
	*strings.Builder
	bytes.Buffer
	sync.Mutex
	time.Duration
	err error
}

func embedded() {
	f := &foreign{Builder: new(strings.Builder), Duration: pass(time.Second)}
	f.Lock()
	f.Builder.WriteString(pass("text "))
	f.Buffer.WriteString(pass("buffer"))
	unlock := f.Unlock
	write := f.Buffer.WriteString
	local := f.LocalAddr
	fmt.Println(f.Builder.String(), f.Buffer.Len(), f.Seconds(), f.err, local(), f.TCPConn.RemoteAddr())
	pass(unlock)()
	write(pass("!"))
	minutes := (*foreign).Minutes
	fmt.Printf("%s %.3f %v\n", f.Buffer.String(), minutes(pass(f)), f.TryLock())
}

func main() {
	values()
	keys()
	embedded()
}
