// Memory that library functions which keep nothing put into other memory, or give to functions.
package main

import (
	"fmt"
	"slices"
)

func main() {
	calledBack()
	inserted()
	appended()
	searched()
	grown()
}

type item struct{ n int }

// The function that IndexFunc calls gives away what it is given.

func calledBack() {
	ch := make(chan *item, 2)
	go func() { (<-ch).n++ }() // local: .*
	i := &item{}
	slices.IndexFunc([]*item{i}, func(i *item) bool { ch <- i; return true })
	i.n++
}

// The method that heap.Push calls keeps what it is given.

type entry struct{ n int }

var entries = make([]*entry, 0, 10)

func inserted() {
	e := &entry{}
	slices.Insert(entries, 0, e)
	go func() { entries[:1][0].n++ }() // local: a value of type entry .*
	fmt.Println(e.n)
}

type record struct{ n int }

var records = make([]*record, 0, 10)

func appended() {
	r := &record{}
	fmt.Println(len(append(records, r)))
	go func() { records[:1][0].n++ }() // local: a value of type record .*
	fmt.Println(r.n)
}

// A sequence calls what made it was given.

// A function that only looks at what it is called with gives nothing away, and memory of the function can be appended to.

func searched() {
	words := []*word{{"b"}, {"a"}}
	words[slices.IndexFunc(words, func(w *word) bool { return w.text == "a" })].text = "c"
	out := make(chan string)
	go func() { out <- words[0].text }() // remote
	fmt.Println(<-out)
}

type word struct{ text string }

func grown() {
	var lines []*string
	for _, s := range []string{"a", "b"} {
		line := new(string)
		lines = append(lines, line)
		*line = s
	}
	out := make(chan string)
	go func() { out <- *lines[0] }() // remote
	fmt.Println(<-out)
}
