// Library functions that call methods of the program's types, which block: io, heap, errors.

package main

import (
	"container/heap"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// source reads from a channel; sink writes to one.
type source struct {
	c    <-chan string
	left string
}

func (s *source) Read(p []byte) (int, error) {
	if s.left == "" {
		next, ok := <-s.c
		if !ok {
			return 0, io.EOF
		}
		s.left = next
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}

type sink struct{ c chan<- string }

func (s sink) Write(p []byte) (int, error) {
	s.c <- string(p)
	return len(p), nil
}

func lines() <-chan string {
	c := make(chan string)
	go func() {
		defer close(c)
		for _, w := range []string{"one ", "two ", "three"} {
			time.Sleep(time.Microsecond)
			c <- w
		}
	}()
	return c
}

type queue []int

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	time.Sleep(time.Microsecond)
	return q[i] < q[j]
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(int)) }
func (q *queue) Pop() any {
	old := *q
	x := old[len(old)-1]
	*q = old[:len(old)-1]
	return x
}

type failure struct{ code int }

func (f failure) Error() string { return fmt.Sprint("failure ", f.code) }
func (f failure) Is(target error) bool {
	time.Sleep(time.Microsecond)
	t, ok := target.(failure)
	return ok && t.code == f.code/10*10
}

func main() {
	b, err := io.ReadAll(&source{c: lines()})
	fmt.Printf("%q %v\n", b, err)

	out := make(chan string)
	done := make(chan string)
	go func() {
		var all strings.Builder
		for s := range out {
			all.WriteString(s)
		}
		done <- all.String()
	}()
	n, err := io.Copy(sink{out}, &source{c: lines()})
	fmt.Println(n, err)
	n, err = io.CopyN(sink{out}, &source{c: lines()}, 6)
	fmt.Println(n, err)
	w := io.MultiWriter(sink{out}, io.Discard)
	k, err := io.WriteString(w, "!")
	fmt.Println(k, err)
	tee := io.TeeReader(io.LimitReader(io.MultiReader(strings.NewReader("ab"), &source{c: lines()}), 5), sink{out})
	rest, err := io.ReadAll(tee)
	fmt.Printf("%q %v\n", rest, err)
	close(out)
	fmt.Println(<-done)

	buf := make([]byte, 5)
	k, err = io.ReadFull(&source{c: lines()}, buf)
	fmt.Println(k, err, string(buf))

	q := &queue{5, 2, 8}
	heap.Init(q)
	heap.Push(q, 3)
	for q.Len() > 0 {
		fmt.Print(heap.Pop(q), " ")
	}
	fmt.Println()
	wrapped := fmt.Errorf("wrapped: %w", failure{42})
	fmt.Println(errors.Is(wrapped, failure{40}), errors.Is(wrapped, failure{50}))
}
