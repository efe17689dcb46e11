// Package lazyre compiles regular expressions when they are used first: a command that needs none of them starts sooner.
package lazyre

import (
	"regexp"
	"sync"
)

// New returns a function that returns the expression. It panics then, if text is none.
func New(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
