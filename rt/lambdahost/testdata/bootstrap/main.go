// The handler of a program as the compiler would emit it:
//
//	func main() {
//		for i := 0; i < 3; i++ {
//			fmt.Println(os.Args[1], i)
//			time.Sleep(d) // os.Args[2]
//		}
//		os.Exit(i)
//	}
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/harkgen/harkgen/rt"
	"github.com/harkgen/harkgen/rt/lambdahost"
)

type main__t struct{}

func (*main__t) Run(g *rt.G) { main__h(g) }

type main__f struct {
	rt.Frame
	i int
	d time.Duration
}

var _ = rt.Register[main__f]("main.main", rt.Point{PC: 1, Pos: "main.go:6:3", Op: "sleep"})

func main__h(g *rt.G) {
	var i int
	var d time.Duration
	if g.Resuming() {
		f := rt.Pop[main__f](g)
		i, d = f.i, f.d
		goto p1
	}
	d, _ = time.ParseDuration(os.Args[2])
loop:
	if i == 3 {
		os.Exit(i)
	}
	fmt.Println(os.Args[1], i)
p1:
	rt.Sleep(g, d)
	if g.Suspending() {
		g.Push(&main__f{rt.Frame{PC: 1}, i, d})
		return
	}
	i++
	goto loop
}

func main() {
	lambdahost.Main(&rt.Program{Name: "bootstrap", Main: &main__t{}}, lambdahost.Entry{Kind: lambdahost.KindMain})
}
