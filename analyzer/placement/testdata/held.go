// Functions, readers, writers and memory that values of libraries hold.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"maps"
	"strings"
)

func main() {
	sequence()
	ranged()
	resetReader()
	resetWriter()
	buffered()
}

func sequence() {
	n := 0
	words := strings.FieldsFuncSeq("a b", func(r rune) bool { n++; return r == ' ' })
	go func() { // local: variable n .*
		for range words {
		}
	}()
	fmt.Println(n)
}

type reader struct{ n int }

func (r *reader) Read([]byte) (int, error) { r.n++; return 1, nil }

type writer struct{ n int }

func (w *writer) Write(p []byte) (int, error) { w.n++; return len(p), nil }

func resetReader() {
	from, r := bufio.NewReader(strings.NewReader("a")), &reader{}
	from.Reset(r)
	go func() { from.ReadByte() }() // local: .*
	fmt.Println(r.n)
}

func resetWriter() {
	to, w := bufio.NewWriter(&bytes.Buffer{}), &writer{}
	to.Reset(w)
	go func() { to.Flush() }() // local: .*
	fmt.Println(w.n)
}

func buffered() {
	lines, b := bufio.NewScanner(strings.NewReader("a")), make([]byte, 100)
	lines.Buffer(b, 100)
	go func() { lines.Scan() }() // local: .*
	fmt.Println(b[0])
}

// A sequence reads the map that it was made of.
func ranged() {
	ch := make(chan map[string]int)
	go func() { // local: a map .*
		m := map[string]int{"a": 1}
		keys := maps.Keys(m)
		ch <- m
		for range keys {
		}
	}()
	(<-ch)["x"] = 1
}
