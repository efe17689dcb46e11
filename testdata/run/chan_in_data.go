// Covers: channels in structs, slices, arrays and maps; channels as map keys and compared.

package main

import "fmt"

type hub struct {
	in   chan string
	subs map[string]chan string
	all  []chan<- string
	pair [2]chan int
}

func (h *hub) run() {
	for m := range h.in {
		for _, c := range h.all {
			c <- m
		}
	}
	for _, c := range h.all {
		close(c)
	}
}

func main() {
	h := &hub{in: make(chan string), subs: map[string]chan string{}}
	for _, n := range []string{"a", "b"} {
		h.subs[n] = make(chan string, 3)
		h.all = append(h.all, h.subs[n])
	}
	go h.run()
	h.in <- "x"
	h.in <- "y"
	close(h.in)
	for _, n := range []string{"a", "b"} {
		for m := range h.subs[n] {
			fmt.Print(n, m, " ")
		}
	}
	fmt.Println()
	h.pair[0] = make(chan int, 1)
	h.pair[1] = h.pair[0]
	h.pair[0] <- 3
	fmt.Println(<-h.pair[1], h.pair[0] == h.pair[1])
	names := map[chan int]string{h.pair[0]: "first", nil: "nil"}
	other := make(chan int)
	go func() { other <- 1 }()
	<-other
	names[other] = "other"
	var ro <-chan int = other
	fmt.Println(names[h.pair[1]], names[other], names[nil], ro == other, len(names))
}
