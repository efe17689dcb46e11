package main

// This file makes the values.

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"unsafe"

	"github.com/harkgen/harkgen/rt/snap"
)

// A value is what is measured, for package snap and for gob.
type value struct {
	root, gob       any // pointers
	fresh, freshGob func() any
	units           int
	bytes           func() []byte // memory to copy
}

var values = map[string]func() value{
	"bytes":     func() value { return of(filled[byte](megabyte), megabyte) },
	"floats":    func() value { return of(filled[float64](megabyte/8), megabyte) },
	"list":      func() value { return of(list(million), million) },
	"tree":      func() value { return of(*tree(million), million) },
	"map":       func() value { return of(counts(million), million) },
	"frames":    func() value { return of(frames(), 1) },
	"variables": func() value { declare(); return of(frames(), 1) },
}

const (
	megabyte = 1 << 20
	million  = 1_000_000
)

// of is a value that gob and snap both get as it is.
func of[T any](x T, units int) value {
	p := &x
	fresh := func() any { return new(T) }
	return value{root: p, gob: p, fresh: fresh, freshGob: fresh, units: units, bytes: func() []byte { return memory(p) }}
}

// memory is the array of a slice.
func memory(slice any) []byte {
	s := reflect.ValueOf(slice).Elem()
	return unsafe.Slice((*byte)(s.UnsafePointer()), s.Len()*int(s.Type().Elem().Size()))
}

func filled[T byte | float64](n int) []T {
	s := make([]T, n)
	for i := range s {
		s[i] = T(i * 7)
	}
	return s
}

// A Node has a next one.
type Node struct {
	Val  int
	Next *Node
}

func list(n int) Node {
	var l *Node
	for i := range n {
		l = &Node{i, l}
	}
	return *l
}

// A Tree is binary.
type Tree struct {
	Left, Right *Tree
	Val         int
}

// tree makes a balanced tree of n nodes.
func tree(n int) *Tree {
	if n == 0 {
		return nil
	}
	left := (n - 1) / 2
	return &Tree{tree(left), tree(n - 1 - left), n}
}

func counts(n int) map[string]int {
	m := make(map[string]int, n)
	for i := range n {
		m["key "+strconv.Itoa(i)] = i
	}
	return m
}

// A Frame is like that of a function that works through jobs.
type Frame struct {
	PC   int
	Jobs []int
	Name string
	Sum  *int
	I, J int
	Err  error
	In   chan int
}

// A Stack is what a process of ten frames comes to. Gob cannot encode a channel, and nothing in an error's place.
type Stack struct{ Frames []*Frame }

func frames() Stack {
	sum := 0
	in := make(chan int, 1)
	jobs := []int{1, 2, 3, 4}
	var s Stack
	for i := range 10 {
		s.Frames = append(s.Frames, &Frame{PC: i + 1, Jobs: jobs[i%4:], Name: "worker", Sum: &sum, I: i, J: 2 * i, In: in})
	}
	return s
}

var foreign [100]error

// declare registers as many variables of other packages as a program with a few imports has.
func declare() {
	for i := range foreign {
		foreign[i] = errors.New(strconv.Itoa(i))
		snap.RegisterExternal(fmt.Sprint("foreign", i), &foreign[i])
	}
}
