// What library functions keep, hide and call.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"sync"
	"text/template"
	"time"
)

func main() {
	timer()
	split()
	pool()
	written()
	wrapped()
	fmt.Println(errorOf())
	templated()
	ownReader()
	earlier()
	collected()
}

func timer() {
	n := 0
	time.AfterFunc(time.Second, func() { n++ })
	go func() { fmt.Println(n) }() // local: .*
}

// A Scanner calls later what Split is given.
func split() {
	n, done := 0, make(chan int)
	lines := bufio.NewScanner(strings.NewReader("a b"))
	lines.Split(func(data []byte, end bool) (int, []byte, error) {
		n++
		return bufio.ScanWords(data, end)
	})
	go func() { // local: .*
		lines.Scan()
		done <- 1
	}()
	fmt.Println(n, <-done)
}

type item struct{ n int }

func pool() {
	var p sync.Pool
	for range 2 {
		go func() { // local: .*
			x, ok := p.Get().(*item)
			if !ok {
				x = &item{}
			}
			p.Put(x)
			x.n++
		}()
	}
}

func written() {
	from, to := bytes.NewBufferString("a"), &bytes.Buffer{}
	go from.WriteTo(to)              // local: .*
	go func() { from.WriteTo(to) }() // local: .*
	fmt.Println(to.Len())
}

// What is read by way of a bufio.Reader is what it was given.
func wrapped() {
	r := strings.NewReader("a\nb\n")
	for range 2 {
		lines := bufio.NewReader(r)
		go func() { lines.ReadString('\n') }() // local: .*
	}
}

type broken struct{ n int }

func (b *broken) Error() string { return fmt.Sprint("broken ", b.n) }

func (b *broken) Read([]byte) (int, error) { return 0, b }

func errorOf() error {
	errs := make(chan error)
	go func() { // local: .*
		b := &broken{}
		_, err := bufio.NewReader(b).ReadString('a')
		errs <- err
		b.n++
	}()
	return <-errs
}

func templated() {
	n := 0
	t := template.Must(template.New("t").Funcs(template.FuncMap{"next": func() int { n++; return n }}).Parse("{{next}}"))
	go t.Execute(os.Stdout, nil)               // local: .*
	go func() { t.Execute(io.Discard, nil) }() // local: .*
	fmt.Println(n)
}

func ownReader() {
	out := make(chan string)
	for range 2 {
		go func() { // remote
			line, err := bufio.NewReader(strings.NewReader("a\n")).ReadString('\n')
			if err != nil {
				line = err.Error()
			}
			out <- line
		}()
	}
	fmt.Println(<-out, <-out)
}

type node struct {
	N    int
	Next *node
}

// What json writes to is what was made before, too.
func earlier() {
	var prev *node
	for range 2 {
		n := &node{Next: prev}
		if err := json.Unmarshal([]byte("{}"), n); err != nil {
			return
		}
		go func() { fmt.Println(n.N) }() // local: .*
		prev = n
	}
}

func collected() {
	made := slices.Collect(iter.Seq[*node](func(yield func(*node) bool) {
		n := &node{}
		_ = yield(n) && yield(n)
	}))
	go func() { made[0].N = 1 }() // local: .*
	fmt.Println(made[1].N)
}
