// Covers: every form of the go statement: functions, closures, methods, func values, builtins, arguments evaluated at once.

package main

import (
	"fmt"
	"sync"
)

type t struct {
	n int
	c chan int
}

func (x t) send()            { x.c <- x.n }
func (x *t) sendp(k int)     { x.c <- x.n + k }
func send(c chan int, n int) { c <- n }
func sum(c chan int, xs ...int) {
	s := 0
	for _, x := range xs {
		s += x
	}
	c <- s
}

type sender interface{ send() }

func main() {
	c := make(chan int)
	go send(c, 1)
	fmt.Print(<-c, " ")
	n := 2
	go send(c, n)
	n = 100
	fmt.Print(<-c, " ")
	x := t{3, c}
	go x.send()
	x.n = 4
	fmt.Print(<-c, " ")
	go (&x).sendp(1)
	fmt.Print(<-c, " ")
	f := x.send
	go f()
	fmt.Print(<-c, " ")
	var s sender = x
	go s.send()
	fmt.Print(<-c, " ")
	go t.send(x)
	fmt.Print(<-c, " ")
	go sum(c, 1, 2, 3)
	fmt.Print(<-c, " ")
	go sum(c, []int{4, 5}...)
	fmt.Print(<-c, " ")
	go func(k int) { c <- k }(<-func() chan int { d := make(chan int, 1); d <- 10; return d }())
	fmt.Print(<-c, " ")
	fs := map[string]func(chan int, int){"f": send}
	go fs["f"](c, 11)
	fmt.Println(<-c)
	go close(c)
	_, ok := <-c
	fmt.Println(ok)
	var mu sync.Mutex
	mu.Lock()
	go mu.Unlock()
	mu.Lock()
	var wg sync.WaitGroup
	wg.Add(1)
	go wg.Done()
	wg.Wait()
	go fmt.Sprint("ignored")
	wg.Add(1)
	go func() {
		go func() {
			go func() { fmt.Println("nested"); wg.Done() }()
		}()
	}()
	wg.Wait()
}
