// Covers: values of one sender arrive in the order in which it sent them, whoever else sends.

package main

import "fmt"

type msg struct{ sender, n int }

func main() {
	c, d := make(chan msg), make(chan msg, 3)
	for s := range 3 {
		go func() {
			for n := range 4 {
				if n%2 == 0 {
					c <- msg{s, n}
				} else {
					d <- msg{s, n}
				}
			}
		}()
	}
	next := [2][3]int{{0, 0, 0}, {1, 1, 1}}
	for range 12 {
		var m msg
		var from int
		select {
		case m = <-c:
		case m = <-d:
			from = 1
		}
		if next[from][m.sender] != m.n {
			fmt.Println("out of order", m)
		}
		next[from][m.sender] += 2
	}
	fmt.Println(next)
	e := make(chan int, 2)
	go func() {
		defer close(e)
		for i := range 8 {
			e <- i
		}
	}()
	for v := range e {
		fmt.Print(v, " ")
	}
	fmt.Println()
}
