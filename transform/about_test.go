package transform_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/harkgen/harkgen/transform"
)

const shop = `
-- go.mod --
module example.com/shop

go 1.26
-- main.go --
package main

import (
	"sync"
	"time"
)

type order struct {
	id   int
	done chan bool
}

func (o *order) wait(name string) int {
	n := len(name)
	<-o.done
	time.Sleep(3 * time.Hour)
	return n + o.id
}

func (o *order) run(d time.Duration, mu *sync.Mutex) {
	time.Sleep(d)
	mu.Lock()
	o.wait("")
}

func plain(x int) int { return x }

func main() {
	o := &order{plain(1), make(chan bool)}
	var mu sync.Mutex
	go o.run(time.Second, &mu)
	go func() { o.done <- true }() //hark:go remote
	time.Sleep(time.Second)
}
`

func about(t *testing.T, what string) (*transform.About, error) {
	t.Helper()
	res, err := transform.Compile(context.Background(), &transform.Options{Dir: extract(t, text(shop)), Lambda: true, About: what, Check: true})
	if err != nil {
		return nil, err
	}
	if len(res.About) != 1 {
		t.Fatalf("%s means %d functions", what, len(res.About))
	}
	return res.About[0], nil
}

// frames spells the suspensions of a function, each with what its frame holds.
func frames(a *transform.About) (out []string) {
	for _, p := range a.Points {
		s := fmt.Sprintf("%s %s:", p.Pos, p.Op)
		for _, v := range p.Frame {
			s += fmt.Sprintf(" %s %s %d", v.Name, v.Type, v.Size)
			if v.Captured {
				s += " captured"
			}
			if v.Cannot != "" {
				s += " cannot"
			}
			s += ";"
		}
		out = append(out, s)
	}
	return out
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestAboutFrames: a frame holds what is needed after the suspension and no more.
func TestAboutFrames(t *testing.T) {
	t.Parallel()
	a, err := about(t, "shop.order.wait")
	if err != nil {
		t.Fatal(err)
	}
	compare(t, "frames", frames(a), []string{
		"main.go:15:2 chan receive: o *order 8; n int 8;  chan bool 8;",
		"main.go:16:12 sleep: o *order 8; n int 8;",
	})
	if a.Name != "main.(*order).wait" || !a.Suspends || a.Points[1].Size != 16 {
		t.Errorf("%+v", a)
	}
	if len(a.Routes) != 1 || a.Routes[0].Entry != "shop" {
		t.Fatalf("routes: %+v", a.Routes)
	}
	var steps []string
	for _, l := range a.Routes[0].Chain {
		steps = append(steps, l.Pos+" "+l.What)
	}
	compare(t, "route", steps, []string{"main.go:31:2 starts main.(*order).run", "main.go:23:8 calls main.(*order).wait"})
}

// TestAboutCannot: what cannot be saved of a frame is told, also where a closure has captured it.
func TestAboutCannot(t *testing.T) {
	t.Parallel()
	res := compile(t, &transform.Options{Lambda: true, About: "main.go:7", Dir: extract(t, text(`
-- go.mod --
module example.com/files

go 1.26
-- main.go --
package main

import "os"

func read(f *os.File, in chan int) func() int {
	n := 0
	return func() int { n++; return n + <-in + int(f.Fd()) }
}

func main() { println(read(os.Stdin, nil)()) }
`))})
	compare(t, "frames", frames(res.About[0]), []string{
		"main.go:7:38 chan receive: n int 0 captured; in chan int 0 captured; f *os.File 0 captured cannot;  chan int 8;",
	})
}

// TestAboutCosts: what an operation costs depends on how long it takes, and on whether there are several processes.
func TestAboutCosts(t *testing.T) {
	t.Parallel()
	a, err := about(t, "main.go:21")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range a.Points {
		for _, c := range p.Costs {
			got = append(got, p.Op+": "+c.When+": "+c.Name)
		}
		if strings.HasPrefix(p.Op, "calls") && (len(p.Chain) != 1 || p.Chain[0].What != "chan receive") {
			t.Errorf("%s: %+v", p.Op, p.Chain)
		}
	}
	compare(t, "costs", got, []string{
		"sleep: up to 2 s: sleep of 1 s: the invocation stays",
		"sleep: up to 15 min: sleep of 3 s in a run of several processes",
		"sleep: longer: sleep of 16 min",
		"sync.Mutex.Lock: if another process knows it: lock, change, unlock of what another process knows",
		"sync.Mutex.Lock: else: anything between goroutines of one process",
	})
}

// TestAboutStarts: the go statements of a function are its own, not those of the functions in it.
func TestAboutStarts(t *testing.T) {
	t.Parallel()
	a, err := about(t, "example.com/shop.main")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range a.Starts {
		got = append(got, fmt.Sprint(s.Pos.Line, " ", s.Decision, " ", len(s.Costs)))
	}
	compare(t, "go statements", got, []string{"31 local 1", "32 remote 3"})
	inner, err := about(t, "main.go:32:20")
	if err != nil {
		t.Fatal(err)
	}
	if inner.Name != "main.main.func1" || len(inner.Starts) != 0 {
		t.Errorf("%+v", inner)
	}
	compare(t, "frames", frames(inner), []string{"main.go:32:21 chan send:  chan bool 8;"})
	if never, err := about(t, "main.plain"); err != nil || never.Suspends || len(never.Points) != 0 || len(never.Routes) != 1 {
		t.Errorf("plain: %+v, %v", never, err)
	}
}

func TestAboutUnknown(t *testing.T) {
	t.Parallel()
	for what, want := range map[string]string{
		"main.wait":      "there is no function main.wait; the nearest are main.(*order).wait",
		"shop.order.rum": "there is no function shop.order.rum; the nearest are main.(*order).run",
		"shop.xyzzyx":    "there is no function shop.xyzzyx",
		"main.go:2":      "there is no function around line 2 of main.go",
		"other.go:2":     "other.go is no file of the packages, or has no functions",
	} {
		if _, err := about(t, what); !errors.Is(err, transform.ErrNoFunction) || err.Error() != want {
			t.Errorf("%s: %v, want %s", what, err, want)
		}
	}
}

func TestIsFunction(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		"main.f": true, "shop.(*T).m": true, "example.com/shop.T.m": true, "main.main.func1": true,
		"./...": false, ".": false, "..": false, "./shop": false, "example.com/shop": false, "main.go": false, "shop/...": false,
	} {
		if got := transform.IsFunction(s); got != want {
			t.Errorf("%s: %v", s, got)
		}
	}
}
