// Covers: the text of an uncaught panic with an error that has a pointer receiver and wraps another.

package main

import (
	"fmt"
	"io"
)

type failure struct {
	op  string
	err error
}

func (f *failure) Error() string { return f.op + ": " + f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func main() {
	c := make(chan error, 1)
	c <- &failure{"read", io.ErrUnexpectedEOF}
	err := <-c
	fmt.Println(err)
	panic(err)
}
