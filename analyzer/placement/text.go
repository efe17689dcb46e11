package placement

import (
	"go/token"

	"github.com/harkgen/harkgen/analyzer/directive"
)

// This file puts into words what was decided and found, for the compiler and for vet.

// Name says what kind of statement it is.
func (s *Statement) Name() string {
	if s.Group {
		return "call of sync.WaitGroup.Go"
	}
	return "go statement"
}

// Text says where its goroutines run.
func (s *Statement) Text() string {
	if s.Remote {
		return "the goroutine of this " + s.Name() + " is " + Remote + ": it runs in a process of its own"
	}
	return "the goroutine of this " + s.Name() + " is " + Local + ": it runs in this process"
}

// Seen says what is seen of what was found about a statement that a comment makes remote; "": nothing.
func (s *Statement) Seen() string {
	what := "the goroutine of this " + s.Name() + " runs in a process of its own"
	switch {
	case s.Found.Kept != "":
		return what
	case s.Found.Race != nil:
		return what + ", which sees what others write only at operations on channels and locks"
	}
	return ""
}

// Text says what keeps the goroutine in the process of its go statement, what would free it, and where the reasons are, one after the other.
// The function at spells a place.
func (f *Finding) Text(at func(token.Pos) string) (why, do string, chain []Use) {
	place := func(pos token.Pos) string {
		if !pos.IsValid() {
			return ""
		}
		return " (" + at(pos) + ")"
	}
	switch {
	case f.Unused:
		return "nothing executes it", "", nil
	case f.TooLarge:
		return "the program is too large to tell what it shares", "write " + directive.GoName + " remote if you know", nil
	case f.Kept != "":
		return f.Kept + " in it" + place(f.KeptAt) + ", and " + f.KeptWhy + place(f.KeptBy), "", []Use{{f.KeptAt, f.Kept}}
	}
	r := f.Race
	others := "by others"
	switch {
	case r.Another:
		others = "by another goroutine of the same statement"
	case r.ByGoroutine.IsValid():
		others = "by the goroutine that starts" + place(r.ByGoroutine)
	}
	why = r.Name + place(r.Made) + " " + r.Inside.What + " in it" + place(r.Inside.Pos) + ", and " +
		r.Outside.What + " " + others + place(r.Outside.Pos) + "; what comes first is not known"
	do = "hold one lock at both"
	if !r.Another {
		do += ", or wait for the goroutine in between"
	}
	chain = []Use{{r.Inside.Pos, r.Name + " " + r.Inside.What + " in the goroutine"}, {r.Outside.Pos, r.Outside.What + " " + others}}
	return why, do + ", or send the value on a channel", chain
}
