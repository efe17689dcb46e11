package b

import (
	"bufio"
	"os"
)

// Config opens something, two calls away.
func Config(name string) (string, *os.File, error) {
	f, err := open(name)
	if err != nil {
		return "", nil, err
	}
	return name, f, nil
}

func open(name string) (f *os.File, err error) {
	if name == "" {
		return nil, os.ErrNotExist
	}
	f, err = os.Open(name)
	return
}

// Lines wraps what it opens.
func Lines(name string) *bufio.Scanner {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	return bufio.NewScanner(f)
}

type Kept struct{ f *os.File }

// File returns what was opened before.
func (k *Kept) File() *os.File { return k.f }

// Open keeps what it opens, and returns something else.
func (k *Kept) Open(name string) (err error) {
	k.f, err = os.Open(name)
	return err
}

// Again opens it anew.
func (k *Kept) Again() (*os.File, error) { return os.Open(k.f.Name()) }
