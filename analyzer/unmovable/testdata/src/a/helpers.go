package a

import (
	"b"
	"fmt"
	"io"
	"os"
)

func helper(ready chan int) {
	f := mustOpen("x") // want `f is an open file that is used after the wait at helpers.go:\d+:2; it comes from a.mustOpen, where os.Open makes an open file \(helpers.go:\d+:\d+\); it cannot be saved`
	<-ready
	io.Copy(io.Discard, f)
}

func mustOpen(name string) io.Reader {
	f, err := os.Open(name)
	if err != nil {
		panic(err)
	}
	return f
}

func elsewhere(ready chan int) {
	name, f, err := b.Config("x") // want `f is an open file that is used after the wait at helpers.go:\d+:2; it comes from b.Config, which calls b.open \(b/open.go:\d+:\d+\), where os.Open makes an open file \(b/open.go:\d+:\d+\); it cannot be saved`
	<-ready
	fmt.Println(name, f, err)
}

func lines(ready chan int) {
	sc := b.Lines("x") // want `sc is something that holds an open file that is used after the wait`
	<-ready
	sc.Scan()
}

func method(k *b.Kept, ready chan int) {
	f, _ := k.Again() // want `f is an open file that is used after the wait at helpers.go:\d+:2; it comes from \(\*b.Kept\).Again, where os.Open`
	<-ready
	f.Close()
}

func closure(ready chan int) {
	open := func() *os.File { f, _ := os.Open("x"); return f }
	f := open() // want `f is an open file`
	<-ready
	f.Close()
}

// Nothing is said of what comes from elsewhere, of other results, and of what is not used afterwards.
func fine(k *b.Kept, ready chan int) {
	f := k.File()
	err := k.Open("x")
	name, g, _ := b.Config("x")
	io.Copy(io.Discard, g)
	<-ready
	fmt.Println(f, err, name, again(3))
}

// again opens nothing, and calls itself.
func again(n int) *os.File {
	if n == 0 {
		return nil
	}
	return again(n - 1)
}
