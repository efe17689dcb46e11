// Package diag holds what harkgen tells a user about their source: a position, what is wrong, why, and what to do.
package diag

import (
	"fmt"
	"go/token"
	"sort"
	"strings"
)

// A Diagnostic is one message about one place in the user's source.
type Diagnostic struct {
	Pos  token.Position // file:line:col; the zero Position when no place applies
	What string         // what cannot be kept, in the user's words
	Why  string         // the reason; may be empty
	Do   string         // what the user can do; may be empty
}

// Error formats d as `file:line:col: what; why; what to do`.
func (d Diagnostic) Error() string {
	var parts []string
	for _, s := range []string{d.What, d.Why, d.Do} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	msg := strings.Join(parts, "; ")
	if d.Pos.Filename == "" {
		return msg
	}
	return fmt.Sprintf("%s: %s", d.Pos, msg)
}

// List is every diagnostic of one compilation, in source order once sorted.
type List []Diagnostic

// Error prints one diagnostic a line.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, d := range l {
		lines[i] = d.Error()
	}
	return strings.Join(lines, "\n")
}

// Add appends a diagnostic unless the same message stands at the same place already.
func (l *List) Add(d Diagnostic) {
	for _, o := range *l {
		if o == d {
			return
		}
	}
	*l = append(*l, d)
}

// Err returns the sorted list as an error, or nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	sort.SliceStable(l, func(i, j int) bool {
		a, b := l[i].Pos, l[j].Pos
		if a.Filename != b.Filename {
			return a.Filename < b.Filename
		}
		if a.Line != b.Line {
			return a.Line < b.Line
		}
		return a.Column < b.Column
	})
	return l
}
