package transform

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/analyzer/entry"
	"github.com/harkgen/harkgen/internal/spell"
	"github.com/harkgen/harkgen/transform/load"
)

// This file finds the function that a user means.

// ErrNoFunction is wrapped by the error for an Options.About that names none.
var ErrNoFunction = errors.New("no function")

// A Place is a line of a file, or a column of it.
type Place struct {
	File         string
	Line, Column int // Column 0: anywhere on the line
}

// ParsePlace reads FILE.go:LINE and FILE.go:LINE:COLUMN.
func ParsePlace(s string) (p Place, ok bool) {
	file, rest, ok := strings.Cut(s, ".go:")
	if !ok {
		return p, false
	}
	line, col, has := strings.Cut(rest, ":")
	p.File = file + ".go"
	var err, err2 error
	p.Line, err = strconv.Atoi(line)
	if has {
		p.Column, err2 = strconv.Atoi(col)
	}
	return p, err == nil && err2 == nil && p.Line > 0
}

// IsFunction reports whether s is written as a function's name with its package is: main.f, shop.(*T).m, example.com/shop.T.m.
func IsFunction(s string) bool {
	last := s[strings.LastIndex(s, "/")+1:]
	pkg, name, ok := strings.Cut(last, ".")
	return ok && pkg != "" && name != "" && !strings.HasSuffix(s, ".go") && !strings.HasPrefix(s, ".") && !strings.Contains(s, "...")
}

// aboutAll says what is known of the functions that name means.
func (e *explainer) aboutAll(o *Options, found *entry.Result) ([]*About, error) {
	fns := e.facts.Functions(func(fn *ssa.Function) bool {
		return e.prog.IsUser(fn) && !load.Generic(fn) && !e.prog.IsGlue(compilable.PackageOf(fn).Path()) && fn.Syntax() != nil && (fn.Synthetic == "" || load.Instance(fn))
	})
	var out []*About
	var err error
	if p, ok := ParsePlace(o.About); ok {
		fns, err = e.enclosing(fns, o.Dir, p)
	} else {
		fns, err = e.named(fns, o.About)
	}
	for _, fn := range fns {
		out = append(out, e.about(fn, found))
	}
	return out, err
}

// enclosing picks the smallest function around a place; there are several if it is generic.
func (e *explainer) enclosing(fns []*ssa.Function, dir string, p Place) (out []*ssa.Function, err error) {
	if !filepath.IsAbs(p.File) {
		p.File = filepath.Join(dir, p.File)
	}
	size := 0
	inFile := false
	for _, fn := range fns {
		from, to, ok := e.extent(fn)
		if !ok || from.Filename != p.File {
			continue
		}
		inFile = true
		at := from
		at.Line, at.Column = p.Line, p.Column
		if p.Line < from.Line || p.Line > to.Line || p.Column > 0 && (before(at, from) || before(to, at)) {
			continue
		}
		n := to.Offset - from.Offset
		switch {
		case len(out) == 0 || n < size:
			out, size = []*ssa.Function{fn}, n
		case n == size:
			out = append(out, fn)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	if !inFile {
		return nil, noFunction(fmt.Sprintf("%s is no file of the packages, or has no functions", e.prog.Rel(p.File)))
	}
	return nil, noFunction(fmt.Sprintf("there is %v around line %d of %s", ErrNoFunction, p.Line, e.prog.Rel(p.File)))
}

// named picks the functions of a name: that of a stack trace, with the name or the path of the package, or the last element of that; a method also without parentheses and star.
func (e *explainer) named(fns []*ssa.Function, name string) (out []*ssa.Function, err error) {
	for _, fn := range fns {
		if isNamed(fn, e.low.Title(fn), name) {
			out = append(out, fn)
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	msg := "there is " + ErrNoFunction.Error() + " " + name
	if near := e.nearest(fns, name); len(near) > 0 {
		msg += "; the nearest are " + strings.Join(near, ", ")
	}
	return nil, noFunction(msg)
}

type noFunction string

func (e noFunction) Error() string { return string(e) }
func (e noFunction) Unwrap() error { return ErrNoFunction }

// isNamed reports whether name means fn, whose title this is.
func isNamed(fn *ssa.Function, title, name string) bool {
	title, name = plainName(title), plainName(name)
	if name == title {
		return true
	}
	_, short, _ := strings.Cut(title, ".")
	p := compilable.PackageOf(fn)
	return p != nil && (name == p.Path()+"."+short || name == path.Base(p.Path())+"."+short)
}

// plainName is a name without what tells methods and instances of generic functions apart.
var plainName = strings.NewReplacer("(", "", ")", "", "*", "", "[...]", "").Replace

// nearest are the titles that differ least from name, at most three: by no more than a third of the function's own name, in all or in that.
func (e *explainer) nearest(fns []*ssa.Function, name string) []string {
	type near struct {
		title string
		edits int
	}
	name = plainName(name)
	last := func(s string) string { return s[strings.LastIndex(s, ".")+1:] }
	var list []near
	for _, fn := range fns {
		title := e.low.Title(fn)
		plain := plainName(title)
		n, own := spell.Distance(name, plain), spell.Distance(last(name), last(plain))
		if few := len(last(name)) / 3; n <= few || own <= few {
			list = append(list, near{title, min(n, own+1)})
		}
	}
	slices.SortFunc(list, func(a, b near) int { return cmp.Or(cmp.Compare(a.edits, b.edits), cmp.Compare(a.title, b.title)) })
	list = slices.Compact(list)
	var out []string
	for _, n := range list[:min(3, len(list))] {
		out = append(out, n.title)
	}
	return out
}
