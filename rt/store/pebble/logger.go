// This file defines the logger: Pebble's messages are of no use to the users of a
// compiler, so all but the fatal ones are dropped.

package pebble

import (
	"fmt"
	"sync/atomic"
)

// fatal is what Fatalf panics with while the store is being opened; Open recovers it.
type fatal struct{ error }

type logger struct {
	dir     string
	onFatal atomic.Pointer[func(error)] // nil while opening
}

func (l *logger) ready(f func(error)) {
	if f == nil {
		f = func(err error) { panic(err) }
	}
	l.onFatal.Store(&f)
}

func (l *logger) Infof(string, ...any)  {}
func (l *logger) Errorf(string, ...any) {}

// Fatalf is called by Pebble where it cannot go on. It must not return.
func (l *logger) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	if f := l.onFatal.Load(); f != nil {
		(*f)(fmt.Errorf("state directory %s: %w", l.dir, err))
	}
	panic(fatal{err})
}
