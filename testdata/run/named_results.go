// Covers: named results, changed by deferred closures, set before suspensions, shadowed, returned bare.

package main

import "fmt"

func pause() {
	c := make(chan int, 1)
	c <- 1
	<-c
}

func a() (n int) {
	defer func() {
		pause()
		n *= 10
	}()
	n = 1
	pause()
	return n + 1
}

func b() (s string, err error) {
	defer func() {
		if r := recover(); r != nil {
			pause()
			err = fmt.Errorf("recovered %v", r)
		}
	}()
	s = "before"
	pause()
	panic("b")
}

func c() (x, y int) {
	x = 1
	pause()
	if x := 5; x > 0 {
		pause()
		y = x
	}
	pause()
	return
}

func d() (x, y int) {
	x, y = 1, 2
	defer func() { x += 100 }()
	pause()
	return y, x
}

func e() (f func() int) {
	n := 3
	f = func() int { pause(); n++; return n }
	defer func() {
		g := f
		f = func() int { return g() * 2 }
	}()
	return
}

func main() {
	fmt.Println(a())
	fmt.Println(b())
	fmt.Println(c())
	fmt.Println(d())
	f := e()
	fmt.Println(f(), f())
}
