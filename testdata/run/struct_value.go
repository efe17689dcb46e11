// Covers: structs and arrays by value across suspensions: copies, comparison, nested fields, zero-size ones.

package main

import "fmt"

type inner struct {
	a [3]int
	s string
}

type outer struct {
	inner
	p *inner
	_ int
	e struct{}
}

func id(x int) int {
	c := make(chan int, 1)
	c <- x
	return <-c
}

func change(o outer) outer {
	o.a[1] = id(50)
	o.inner.s += "!"
	o.p.s = "through pointer"
	return o
}

func main() {
	in := inner{[3]int{1, 2, 3}, "in"}
	o := outer{inner: in, p: &in}
	q := change(o)
	fmt.Println(o.a, o.s, q.a, q.s, in.s, o.p == q.p)
	arr := [2]inner{in, o.inner}
	brr := arr
	arr[id(0)].a[id(2)] = 9
	fmt.Println(arr[0].a, brr[0].a, arr == brr, arr[1] == brr[1])
	arr = brr
	fmt.Println(arr == brr)
	m := map[string]inner{"x": in}
	v := m["x"]
	v.s = "changed"
	id(0)
	fmt.Println(m["x"].s, v.s)
	m["x"] = v
	fmt.Println(m["x"].s)
	c := make(chan outer, 1)
	c <- o
	o.s = "later"
	r := <-c
	fmt.Println(r.s, o.s)
	anon := struct {
		x, y int
		f    func() int
	}{x: id(1), y: 2}
	anon.f = func() int { anon.x++; return id(anon.x) }
	other := anon
	fmt.Println(anon.f(), other.x, other.f(), anon.x)
	var big [200]int
	big[id(100)] = 5
	big2 := big
	big[id(100)]++
	fmt.Println(big[100], big2[100], len(big2))
	e := [3]struct{}{}
	id(1)
	fmt.Println(e, len(e))
}
