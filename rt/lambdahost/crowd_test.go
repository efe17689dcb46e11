package lambdahost

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/harkgen/harkgen/rt"
	"github.com/harkgen/harkgen/rt/wire"
)

// This file defines a program of several processes, hand-written as the compiler would:
//
//	crowd N NAPS DURATION    N goroutines in processes of their own, each of which sleeps so often and so long
//	crowd N kill             the last of them kills its worker
//	crowd N refuse           the last of them has an open file

func runCrowd() {
	h, err := wire.Dial()
	if err != nil {
		panic(err)
	}
	rt.Main(&rt.Program{Name: "crowd", Main: crowd{}}, h)
}

type crowd struct{}

type crowdFrame struct {
	rt.Frame
	wg *sync.WaitGroup
}

var _ = rt.Register[crowdFrame]("main.main", rt.Point{PC: 1, Pos: "main.go:1:1", Op: "wait"})

func (crowd) Run(g *rt.G) {
	var wg *sync.WaitGroup
	if g.Resuming() {
		wg = rt.Pop[crowdFrame](g).wg
	} else {
		wg = new(sync.WaitGroup)
		n, _ := strconv.Atoi(os.Args[2])
		o := one{mode: os.Args[3], wg: wg}
		if len(os.Args) > 4 {
			o.naps, _ = strconv.Atoi(os.Args[3])
			o.d, _ = time.ParseDuration(os.Args[4])
		}
		for i := range n {
			rt.WaitGroupAdd(wg, 1)
			o := o
			o.i, o.last = i, i == n-1
			class := ""
			if o.last && o.mode == "class" {
				class = "m2048"
			}
			rt.GoRemote(g, &o, class)
		}
	}
	rt.WaitGroupWait(g, wg)
	if g.Suspending() {
		g.Push(&crowdFrame{Frame: rt.Frame{PC: 1}, wg: wg})
		return
	}
	fmt.Println("done")
}

type one struct {
	i, naps int
	d       time.Duration
	last    bool
	mode    string
	wg      *sync.WaitGroup
}

type oneFrame struct {
	rt.Frame
	left int
	file *os.File
}

var _ = rt.Register[oneFrame]("main.one", rt.Point{PC: 1, Pos: "main.go:2:1", Op: "sleep"})

func (o *one) Run(g *rt.G) {
	left := o.naps
	var file *os.File
	if g.Resuming() {
		f := rt.Pop[oneFrame](g)
		left, file = f.left, f.file
		goto sleeping
	}
	fmt.Println("begin", o.i)
	switch {
	case o.last && o.mode == "kill":
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case o.last && o.mode == "refuse":
		file, _ = os.Open("/dev/null")
		left, o.d = 1, time.Hour
	}
loop:
	if left == 0 {
		fmt.Println("end", o.i)
		rt.WaitGroupDone(o.wg)
		return
	}
sleeping:
	rt.Sleep(g, o.d)
	if g.Suspending() {
		g.Push(&oneFrame{rt.Frame{PC: 1}, left, file})
		return
	}
	left--
	goto loop
}
