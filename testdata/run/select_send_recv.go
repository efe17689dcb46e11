// Covers: select with send and receive cases together, with suspending operands.

package main

import "fmt"

func id(x int) int {
	c := make(chan int, 1)
	c <- x
	return <-c
}

func pick(cs []chan int, i int) chan int {
	fmt.Print("pick", id(i), " ")
	return cs[i]
}

func val(x int) int {
	fmt.Print("val", id(x), " ")
	return x
}

func main() {
	cs := []chan int{make(chan int, 1), make(chan int, 1), nil}
	m := map[string]int{}
	var arr [3]int
	var ok bool
	for i := range 4 {
		select { // operands are evaluated in source order
		case pick(cs, 2) <- val(i):
			fmt.Println("never")
		case pick(cs, 0) <- val(i + 10):
			fmt.Println("sent")
		case arr[id(1)], ok = <-pick(cs, 0):
			fmt.Println("received", arr, ok)
		}
	}
	cs[1] <- 5
	select {
	case m["k"] = <-cs[1]:
	case cs[2] <- 1:
	}
	fmt.Println(m)
	ping, pong := make(chan int), make(chan int)
	go func() {
		for v := range ping {
			select {
			case pong <- v + 1:
			case <-cs[2]:
			}
		}
		close(pong)
	}()
	in, out := pong, ping
	sent, sum := 0, 0
	for in != nil {
		o := out
		if sent > sum {
			o = nil
		}
		select {
		case o <- sent:
			if sent++; sent == 4 {
				close(out)
				out = nil
			}
		case v, ok := <-in:
			if !ok {
				in = nil
				break
			}
			sum = v
		}
	}
	fmt.Println(sent, sum)
}
