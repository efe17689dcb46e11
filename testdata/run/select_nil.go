// Covers: select with nil channels that switch cases off, until none is left.

package main

import "fmt"

func merge(a, b <-chan int) (sum int, log int) {
	for a != nil || b != nil {
		select {
		case v, ok := <-a:
			if !ok {
				a = nil
				log++
				continue
			}
			sum += v
		case v, ok := <-b:
			if !ok {
				b = nil
				log += 10
				continue
			}
			sum += v * 100
		}
	}
	return
}

func gen(vs ...int) <-chan int {
	c := make(chan int)
	go func() {
		for _, v := range vs {
			c <- v
		}
		close(c)
	}()
	return c
}

func main() {
	fmt.Println(merge(gen(1, 2, 3), gen(4, 5)))
	fmt.Println(merge(nil, gen(1)))
	fmt.Println(merge(nil, nil))
	var out chan<- int
	c := make(chan int, 1)
	pending := []int{1, 2, 3}
	var got []int
	for len(got) < 3 {
		var next int
		if len(pending) > 0 {
			out, next = c, pending[0]
		} else {
			out = nil
		}
		select {
		case out <- next:
			pending = pending[1:]
		case v := <-c:
			got = append(got, v)
		}
	}
	fmt.Println(got)
}
