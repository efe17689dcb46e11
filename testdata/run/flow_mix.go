// Covers: goto, labels, switches, selects and ranges inside each other, with suspensions in every condition, tag, case and body.

package main

import (
	"fmt"
	"iter"
)

func pass[T any](v T) T {
	c := make(chan T)
	go func() { c <- v }()
	return <-c
}

func upTo(n int) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(pass(i)) {
				return
			}
		}
	}
}

func states(in []any) (out []string) {
	i := 0
	note := func(format string, args ...any) { out = append(out, pass(fmt.Sprintf(format, args...))) }
start:
	if i >= pass(len(in)) {
		goto end
	}
	switch v := pass(in[i]).(type) {
	case nil:
		note("nil")
	case int, int8:
		note("%T %v", v, v)
		if v == any(pass(3)) {
			i += 2
			goto start
		}
	case string:
		switch n := len(v); {
		case pass(n) == 0:
			note("empty")
			fallthrough
		case n == pass(1):
			note("short")
		case v == pass("skip"):
			i++
			goto next
		default:
			note("string %s", v)
			if n > 5 {
				break
			}
			note("not long")
		}
	case chan int:
		select {
		case x, ok := <-v:
			note("got %d %v", x, ok)
			if ok {
				goto start
			}
		default:
			note("nothing")
		}
	case func() bool:
		for v() && pass(true) {
			note("again")
		}
	case error:
		note("error %v", v)
		goto end
	case interface{ M() int }:
		note("M %d", v.M())
	default:
		note("%T", v)
	}
next:
	i++
	goto start
end:
	return append(out, pass("end"))
}

type m struct{ n *int }

func (x m) M() int { return pass(*x.n) }

func loops() (found []int) {
	c := make(chan int, 10)
	c <- 1
rows:
	for x := range upTo(4) {
		var fs []func() int
	cells:
		for y := 0; pass(y) < 5; y += pass(1) {
			fs = append(fs, func() int { y += 10; return y })
			switch {
			case pass(y) == 3:
				break cells
			case x == 2 && pass(y) == 1:
				for _, f := range fs {
					found = append(found, f(), f())
				}
				continue rows
			}
			for z := range pass([]int{7, 8, 9}) {
				select {
				case v := <-c:
					c <- pass(v + 1)
					if v%pass(4) == 0 {
						found = append(found, x*1000+y*100+z*10+v%10)
						continue cells
					}
				default:
				}
				if x == 3 {
					break rows
				}
				for range upTo(z) {
					if pass(z) == 2 {
						found = append(found, -x)
						continue cells
					}
					goto out
				}
			out:
			}
		}
		if x > 0 {
			defer func() { found = append(found, pass(x)) }()
		}
	}
	return found[:len(found):len(found)]
}

func perIteration() (sum int) {
	var fs []func() int
	for i, j := 0, pass(10); i < j; i, j = i+1, j-pass(1) {
		fs = append(fs, func() int { i += 100; return i*1000 + j })
		if i == 2 {
			i++
			continue
		}
		j -= pass(i)
	}
	for _, f := range fs {
		sum += f() + pass(f())
	}
	return sum
}

func conditions() (out []bool) {
	t, f := true, false
	for i := range 4 {
		a, b := pass(i&1 != 0), pass(i&2 != 0)
		out = append(out, a && pass(b) || !pass(a) && !b, pass(a) != (b || pass(t)), (pass(f) || a) && (b && pass(t) || pass(a)))
		if x := pass(i); a && x == pass(3) || b && pass(x) == 2 {
			out = append(out, t)
		} else if y := pass(x * 2); y > 0 && pass(!b) {
			out = append(out, f)
		}
	}
	return out
}

func main() {
	n := 3
	c := make(chan int, 2)
	c <- 5
	close(c)
	fmt.Printf("%q\n", states([]any{1, "", "x", "skip", "no", nil, int8(2), 3, "skipped", "longer text", c, make(chan int),
		func() bool { n--; return n > 0 }, m{&n}, 2.5, fmt.Errorf("e"), "not reached"}))
	fmt.Println(loops())
	fmt.Println(perIteration())
	fmt.Println(conditions())
}
