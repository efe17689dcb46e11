// Covers: identity of sentinel errors (io.EOF, own ones) across suspensions.

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

var errMine = errors.New("mine")

type reader struct {
	c <-chan string
}

func (r reader) read() (string, error) {
	s, ok := <-r.c
	switch {
	case !ok:
		return "", io.EOF
	case s == "bad":
		return "", errMine
	}
	return s, nil
}

func main() {
	c := make(chan string)
	go func() {
		defer close(c)
		for _, s := range []string{"a", "bad", "b"} {
			c <- s
		}
	}()
	r := reader{c}
	var last error
	for {
		s, err := r.read()
		if err == io.EOF {
			last = err
			break
		}
		if err != nil {
			fmt.Println(err, err == errMine)
			continue
		}
		fmt.Println(s)
	}
	e := make(chan error, 2)
	e <- last
	e <- errMine
	fmt.Println(<-e == io.EOF, <-e == errMine, errMine == errors.New("mine"))
	sr := strings.NewReader("hello world")
	buf := make([]byte, 4)
	for {
		n, err := sr.Read(buf)
		e <- err
		fmt.Printf("%q ", buf[:n])
		if err := <-e; err == io.EOF {
			break
		}
	}
	fmt.Println(sr.Len())
}
