package rt

import (
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/harkgen/harkgen/rt/snap"
)

// This file turns the error of a save into a line for the user:
//
//	main.go:12:2: variable f of main.copy, suspended at main.go:14:3, cannot be saved: f -> os.File; an open file belongs to this process; ...

// descriptions are what Describe was given, to be read when somebody asks.
var descriptions []string

// Describe tells where what package code declares stands, a line each, with tabs between the parts:
//
//	var	name	pos	why it is state, may be empty
//	frame	type	field	pos			of a frame or a closure's environment
//	go	type	pos				the operands of a go or defer statement
//
// Types are spelled as package reflect does.
func Describe(text string) { descriptions = append(descriptions, text) }

// described returns the parts after key, which begins a line.
func described(key ...string) []string {
	prefix := strings.Join(key, "\t") + "\t"
	for _, text := range descriptions {
		for line := range strings.Lines(text) {
			if rest, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), prefix); ok {
				return strings.Split(rest, "\t")
			}
		}
	}
	return nil
}

// explain turns the error of a save into such a line.
func explain(err error) string {
	var u *snap.UnmovableError
	if !errors.As(err, &u) {
		return "cannot save the program: " + err.Error()
	}
	e := explanation{UnmovableError: u, do: remedy(u)}
	if len(u.Path) > 0 {
		if d := described("var", u.Path[0]); len(d) == 2 {
			e.variable(u.Path[0], d[0], d[1])
			return e.text()
		}
	}
	e.frame()
	return e.text()
}

type explanation struct {
	*snap.UnmovableError
	pos, what, do string
	path          []string // from the variable
}

func (e *explanation) text() string {
	text := e.what + " cannot be saved: " + strings.Join(append(slices.Clone(e.path), e.Type), " -> ") + "; " + e.Why
	if e.do != "" {
		text += "; " + e.do
	}
	if e.pos != "" {
		text = e.pos + ": " + text
	}
	return text
}

// variable explains a package variable.
func (e *explanation) variable(name, pos, why string) {
	e.pos, e.what, e.path = pos, "package variable "+name, readable(e.Path)
	e.do = "let its declaration make it and do not change it afterwards, so that each process makes its own"
	if why != "" {
		e.do += " (" + why + ")"
	}
}

// frame explains what a frame, or what is not yet started, holds: the first variable on the path of which the place is known.
func (e *explanation) frame() {
	e.what, e.path = "something", readable(e.Path)
	if len(e.Path) > 2 && e.Path[0] == "Settings" {
		e.setting(e.Path[1:])
		return
	}
	if f, n := frameOn(e.Path); f != nil {
		at := describe(f)
		e.pos, e.what, e.path = at.Pos, at.Func, readable(e.Path[n:])
	}
	for i, step := range e.Path {
		typ, ok := strings.CutPrefix(step, "(*")
		typ = strings.TrimSuffix(typ, ")")
		if !ok && strings.Contains(step, ".hark_") || strings.Contains(step, ".Hark_") && !ok { // a closure
			typ, ok = step[strings.LastIndexByte(step, '/')+1:], true
		}
		if !ok || i+1 >= len(e.Path) {
			continue
		}
		if d := described("go", typ); len(d) == 1 && e.pos == "" {
			e.pos, e.what, e.path = d[0], "what is called here", readable(e.Path[i+2:])
		}
		if d := described("frame", typ, e.Path[i+1]); len(d) == 1 {
			e.named(d[0], e.Path[i+1:])
			return
		}
	}
}

// frameOn returns the frame that the path goes through, and how many steps lead to it. The goroutines are still as they were saved.
func frameOn(path []string) (Framer, int) {
	n := 0
	index := func() int { // a list of one has no index in the path
		if n < len(path) && strings.HasPrefix(path[n], "[") {
			i, _ := strconv.Atoi(strings.Trim(path[n], "[]"))
			n++
			return i
		}
		return 0
	}
	step := func(name string) bool {
		n++
		return n <= len(path) && path[n-1] == name
	}
	if !step("Goroutines") {
		return nil, 0
	}
	g := index()
	if !step("Frames") {
		return nil, 0
	}
	f := index()
	gs, _ := cur.inOrder()
	if g >= len(gs) || f >= len(gs[g].frames) {
		return nil, 0
	}
	if n < len(path) && strings.Contains(path[n], ".go:") { // the label of the slot
		n++
	}
	return gs[g].frames[f].F, n
}

// setting explains what was given to a package that is not compiled; the path begins with which one, unless there is only one.
func (e *explanation) setting(path []string) {
	i := 0
	if strings.HasPrefix(path[0], "[") {
		i, _ = strconv.Atoi(strings.Trim(path[0], "[]"))
		path = path[1:]
	}
	e.what = "what a package that is not compiled was given"
	if changed := changedSettings(); i < len(changed) {
		e.what = changed[i].Name
	}
	e.path, e.do = readable(path[1:]), "set it in an init function, which runs in each process"
}

// named explains a variable of a function that is declared at pos.
func (e *explanation) named(pos string, path []string) {
	what := "variable " + path[0]
	if strings.Contains(e.pos, ".go:") {
		what += " of " + e.what + ", suspended at " + e.pos + ","
	}
	e.pos, e.what, e.path = pos, what, readable(path)
}

// readable drops the steps that the user did not write: how rt keeps a frame.
func readable(path []string) []string {
	if len(path) > 1 && path[0] == "F" { // slot.F, and what it holds
		return path[2:]
	}
	return path
}

// remedy says what can be done about a value that is held over a wait.
func remedy(u *snap.UnmovableError) string {
	switch {
	case strings.HasPrefix(u.Type, "database/sql."), strings.HasPrefix(u.Type, "sql.DB"):
		return "make it the value of a package variable, which each process initialises"
	case strings.HasPrefix(u.Why, "a closure of code that is not compiled"):
		return "do not keep it over a wait: make it again after it"
	case strings.HasPrefix(u.Why, "a goroutine that is not compiled"):
		return "do not wait while code that is not compiled uses the channel"
	}
	return "finish with it before the wait, or make it again after it"
}
