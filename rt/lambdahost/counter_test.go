package lambdahost

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/harkgen/harkgen/rt"
	"github.com/harkgen/harkgen/rt/wire"
)

// This file defines a server, hand-written as the compiler would: it answers each request with how many there were. To /slow it sleeps for an hour first.
//
//	counter ADDRESS...    listens at all of them, and answers requests to the first

func runCounter() {
	h, err := wire.Dial()
	if err != nil {
		panic(err)
	}
	rt.Main(&rt.Program{Name: "counter", Main: counter{}}, h)
}

type counter struct{}

type counterFrame struct {
	rt.Frame
	n  int
	id string // of the request that is slow
}

var _ = rt.Register[counterFrame]("main.counter", rt.Point{PC: 1, Pos: "main.go:1:1", Op: "event"}, rt.Point{PC: 2, Pos: "main.go:2:1", Op: "sleep"})

func (counter) Run(g *rt.G) {
	var f counterFrame
	if g.Resuming() {
		f = *rt.Pop[counterFrame](g)
		if f.PC == 2 {
			goto sleeping
		}
	} else {
		for _, addr := range os.Args[2:] {
			rt.Respond("", []byte("listen "+addr))
		}
	}
next:
	{
		id, data, ok := rt.NextEvent(g, "http "+os.Args[2])
		if g.Suspending() {
			g.Push(&counterFrame{rt.Frame{PC: 1}, f.n, ""})
			return
		}
		if !ok {
			return
		}
		f.n++
		f.id = id
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(data)))
		if err != nil {
			panic(err)
		}
		if r.URL.Path != "/slow" {
			goto answer
		}
	}
sleeping:
	rt.Sleep(g, time.Hour)
	if g.Suspending() {
		g.Push(&counterFrame{rt.Frame{PC: 2}, f.n, f.id})
		return
	}
answer:
	text := fmt.Sprint(f.n)
	rt.Respond(f.id, fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\n%s", len(text), text))
	goto next
}

// handlesEvent is a handler of events: what the payload says, in words.
//
//	handler           fails if the payload has "fail", waits for an hour first if it has "later", else answers with it
type handlesEvent struct{}

type handlesFrame struct {
	rt.Frame
	id   string
	data []byte
}

var _ = rt.Register[handlesFrame]("main.handles", rt.Point{PC: 1, Pos: "main.go:1:1", Op: "event"}, rt.Point{PC: 2, Pos: "main.go:2:1", Op: "sleep"})

func runHandler() {
	h, err := wire.Dial()
	if err != nil {
		panic(err)
	}
	rt.Main(&rt.Program{Name: "handler", Main: handlesEvent{}}, h)
}

func (handlesEvent) Run(g *rt.G) {
	var f handlesFrame
	if g.Resuming() {
		if f = *rt.Pop[handlesFrame](g); f.PC == 2 {
			goto sleeping
		}
	}
	f.id, f.data, _ = rt.NextEvent(g, "")
	if g.Suspending() {
		g.Push(&handlesFrame{rt.Frame{PC: 1}, "", nil})
		return
	}
	fmt.Println("handling")
	if !strings.Contains(string(f.data), "later") {
		goto answer
	}
sleeping:
	rt.Sleep(g, time.Hour)
	if g.Suspending() {
		g.Push(&handlesFrame{rt.Frame{PC: 2}, f.id, f.data})
		return
	}
answer:
	if strings.Contains(string(f.data), "fail") {
		rt.Respond(f.id, []byte(`-{"errorMessage":"it has failed","errorType":"errorString"}`))
		return
	}
	rt.Respond(f.id, append([]byte{'+'}, f.data...))
}
