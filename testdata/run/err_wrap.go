// Covers: wrapped errors, errors.Is, errors.As and errors.Join across suspensions.

package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
)

type opError struct {
	op  string
	err error
}

func (e opError) Error() string { return e.op + ": " + e.err.Error() }
func (e opError) Unwrap() error { return e.err }

func via(err error) error {
	c := make(chan error)
	go func() { c <- err }()
	return <-c
}

func load(name string) error {
	_, err := os.ReadFile(name)
	if err = via(err); err != nil {
		return fmt.Errorf("load: %w", opError{"read", via(err)})
	}
	return nil
}

func main() {
	err := via(load("/no/such/file"))
	fmt.Println(err)
	var oe opError
	var pe *fs.PathError
	fmt.Println(errors.Is(err, fs.ErrNotExist), errors.Is(err, os.ErrNotExist), errors.Is(err, io.EOF))
	fmt.Println(errors.As(err, &oe), oe.op, errors.As(via(err), &pe), pe.Path)
	_, err = strconv.Atoi("x1")
	err = via(err)
	var ne *strconv.NumError
	fmt.Println(errors.As(err, &ne), ne.Err == strconv.ErrSyntax, err)
	j := via(errors.Join(io.EOF, via(fmt.Errorf("a %w b %w", io.ErrUnexpectedEOF, io.ErrClosedPipe))))
	fmt.Println(errors.Is(j, io.EOF), errors.Is(j, io.ErrClosedPipe), errors.Is(j, io.ErrShortWrite))
	fmt.Println(j)
	fmt.Println(errors.Unwrap(via(opError{"x", io.EOF})) == io.EOF, via(nil) == nil)
}
