// Covers: a server goroutine with a select loop over several kinds of requests.

package main

import "fmt"

type get struct {
	key   string
	reply chan string
}

type put struct {
	key, value string
	done       chan<- bool
}

type server struct {
	gets chan get
	puts chan put
	stop chan chan int
}

func (s *server) run() {
	m := map[string]string{}
	n := 0
	for {
		select {
		case g := <-s.gets:
			n++
			g.reply <- m[g.key]
		case p := <-s.puts:
			n++
			m[p.key] = p.value
			if p.done != nil {
				p.done <- true
			}
		case r := <-s.stop:
			r <- n
			return
		}
	}
}

func (s *server) get(k string) string {
	g := get{k, make(chan string)}
	s.gets <- g
	return <-g.reply
}

func main() {
	s := &server{make(chan get), make(chan put), make(chan chan int)}
	go s.run()
	done := make(chan bool)
	s.puts <- put{"a", "1", done}
	<-done
	s.puts <- put{"b", "2", nil}
	fmt.Println(s.get("a"), s.get("b"), s.get("c") == "")
	s.puts <- put{key: "a", value: "3"}
	fmt.Println(s.get("a"))
	r := make(chan int)
	s.stop <- r
	fmt.Println(<-r)
}
