// Kernels are loops that compute, each in two variants: plain, and coloured, which also receives from a channel now and
// then. The channel was filled before, so the variants differ in nothing else.
//
//	kernels NAME plain|coloured
package main

import (
	"fmt"
	"os"
	"syscall"
	"time"
)

type kernel struct {
	name     string
	ops      int // what the time is divided by
	ticks    int // receives of the coloured variant
	want     int // what both variants return
	plain    func() int
	coloured func(ticks <-chan int) int
}

var kernels = []kernel{
	{"fib", 1, fibTicks, 39088169, func() int { return fib(fibN) }, func(ticks <-chan int) int { return fibTicking(fibN, ticks) }},
	{"nbody", nbodySteps, nbodySteps / 1000, -169, nbody, nbodyTicking},
	{"spectral", 1, spectralTicks, 1274224, spectral, spectralTicking},
	{"fannkuch", 1, fannkuchTicks, 73196*100 + 38, fannkuch, fannkuchTicking},
	{"sieve", 1, sieveRounds * (sieveLimit/1000 - 1), 148933, sieve, sieveTicking},
	{"matrix", 1, matrixRounds * matrixN, -128, matrixProduct, matrixTicking},
	{"trees", 1, treesTicks, 2621400, trees, treesTicking},
	{"words", wordCount, wordCount / 1000, 8192, words, wordsTicking},
	{"strings", 1, stringLines / 1000, 39627310, stringsBuilt, stringsTicking},
	{"json", orderCount, orderCount / 1000, 26262910, encode, encodeTicking},
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: kernels NAME plain|coloured")
		os.Exit(2)
	}
	for _, k := range kernels {
		if k.name == os.Args[1] {
			measure(k, os.Args[2] == "coloured")
			return
		}
	}
	fmt.Fprintln(os.Stderr, "kernels: no", os.Args[1])
	os.Exit(2)
}

func measure(k kernel, coloured bool) {
	ticks := make(chan int, k.ticks)
	for range k.ticks {
		ticks <- 1
	}
	got := 0
	start, used := time.Now(), userTime()
	if coloured {
		got = k.coloured(ticks)
	} else {
		got = k.plain()
	}
	d, u := time.Since(start), userTime()-used
	if got != k.want {
		panic(fmt.Sprintf("%s returned %d, not %d", k.name, got, k.want))
	}
	if coloured && len(ticks) > 0 {
		panic(fmt.Sprintf("%s left %d ticks", k.name, len(ticks)))
	}
	fmt.Println(k.name, float64(d)/float64(k.ops), "ns/op", float64(u)/float64(k.ops), "user-ns/op")
}

// userTime is the processor time that this process has used.
func userTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano())
}
