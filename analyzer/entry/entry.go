// Package entry finds the entry points of a program: what an event can start.
//
//	func main()                             Main
//	main reaches lambda.Start(h)            Lambda: h is called with the event
//	main reaches http.ListenAndServe        Server
//	a function with //hark:entry            Func: called with the event, or a part of it
//
// Directives on func main say what starts it, and its resources. What a handler may look like is in handler.go, what it is called with in delivery.go.
package entry

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"

	"github.com/harkgen/harkgen/analyzer/directive"
	"github.com/harkgen/harkgen/deploygen/plan"
)

// A Program is what is searched.
type Program struct {
	Fset     *token.FileSet
	Packages []Package // of the main module
}

// A Result is what was found.
type Result struct {
	Points  []*Point // by package and place
	Starts  []*Start // in all packages
	program *Program
}

// A Package is one that may have entry points.
type Package struct {
	Types *types.Package
	Info  *types.Info
	Files []*ast.File
	Tests []*ast.File // of its directory, without types
	Name  string      // what its command is called, or would be
}

// A Point is an entry point.
type Point struct {
	Name    string
	Kind    plan.Kind
	Pkg     *types.Package
	Func    *types.Func // main, or the function with directives
	Pos     token.Pos   // of what makes it one
	Said    []*directive.Entry
	Handler *Handler  // Func: of its signature; nil for http, and for a function that is called as main is
	Form    Form      // Func: what the handler is called with
	Starts  []*Start  // Lambda
	Chain   []Link    // Lambda, Server: the calls that lead from main to what makes it one
	Empty   bool      // main does nothing
	Foreign token.Pos // if it is no Server: where main reaches a library's call that serves HTTP
}

// HTTP reports whether p is a handler of HTTP requests.
func (p *Point) HTTP() bool {
	return p.Kind == plan.Func && p.Said[0].Trigger.Type == "http"
}

// IsMain reports whether p is the main function of a package main.
func (p *Point) IsMain() bool { return p.Pkg.Name() == "main" && p.Func.Name() == "main" }

// Setting is what its directives say together.
func (p *Point) Setting() directive.Setting {
	var s directive.Setting
	for _, d := range p.Said {
		s.Memory, s.Timeout, s.Storage = cmp.Or(s.Memory, d.Memory), cmp.Or(s.Timeout, d.Timeout), cmp.Or(s.Storage, d.Storage)
		s.Concurrency, s.Name = cmp.Or(s.Concurrency, d.Concurrency), cmp.Or(s.Name, d.Name)
	}
	return s
}

// Triggers are what starts it, besides an invocation.
func (p *Point) Triggers(fset *token.FileSet) []plan.Trigger {
	var out []plan.Trigger
	for _, d := range p.Said {
		if d.Trigger.Type == directive.Main {
			continue
		}
		t := d.Trigger
		t.Pos = fset.Position(d.Pos).String()
		t.Batch = p.Kind == plan.Lambda && slices.Contains(batched, t.Type) || p.Form == Whole && slices.Contains(batched, t.Type)
		out = append(out, t)
	}
	return out
}

type finder struct {
	*Program
	*Result
	calls    Calls // in Reach
	problems []directive.Problem
}

// Find lists the entry points, and everything that is wrong with them. What a main function is, Reach finds out.
func Find(p *Program) (*Result, []directive.Problem) {
	f := &finder{Program: p, Result: &Result{program: p}}
	for _, pkg := range p.Packages {
		f.inPackage(pkg)
	}
	f.clashes()
	return f.Result, f.sorted()
}

func (f *finder) sorted() []directive.Problem {
	slices.SortStableFunc(f.problems, func(a, b directive.Problem) int { return cmp.Compare(a.Pos, b.Pos) })
	return f.problems
}

func (f *finder) problem(pos token.Pos, what, why, do string) {
	f.problems = append(f.problems, directive.Problem{Pos: pos, What: what, Why: why, Do: do})
}

func (f *finder) inPackage(pkg Package) {
	said := map[*ast.FuncDecl][]*directive.Entry{}
	var funcs []*ast.FuncDecl
	for _, file := range pkg.Tests {
		f.problems = append(f.problems, directive.Parse(f.Fset, file).Problems...)
	}
	for _, file := range pkg.Files {
		d := directive.Parse(f.Fset, file)
		f.problems = append(f.problems, d.Problems...)
		for _, e := range d.Entries {
			if said[e.Func] == nil {
				funcs = append(funcs, e.Func)
			}
			said[e.Func] = append(said[e.Func], e)
		}
		f.findStarts(pkg, file)
	}
	if pkg.Types.Name() == "main" {
		f.main(pkg, said)
	}
	for _, fn := range funcs {
		if obj, _ := pkg.Info.Defs[fn.Name].(*types.Func); obj != nil && !(pkg.Types.Name() == "main" && fn.Name.Name == "main") {
			f.function(pkg, obj, said[fn])
		}
	}
}

// main adds package main's own entry point.
func (f *finder) main(pkg Package, said map[*ast.FuncDecl][]*directive.Entry) {
	fn, ok := pkg.Types.Scope().Lookup("main").(*types.Func)
	if !ok {
		return // the Go compiler says so
	}
	p := &Point{Name: pkg.Name, Kind: plan.Main, Pkg: pkg.Types, Func: fn, Pos: fn.Pos()}
	for _, file := range pkg.Files {
		for _, d := range file.Decls {
			if decl, ok := d.(*ast.FuncDecl); ok && pkg.Info.Defs[decl.Name] == fn {
				p.Said, p.Empty = said[decl], len(decl.Body.List) == 0
			}
		}
	}
	f.name(p)
	f.Points = append(f.Points, p)
}

// function adds a function with directives.
func (f *finder) function(pkg Package, fn *types.Func, said []*directive.Entry) {
	p := &Point{Name: pkg.Name + "-" + Kebab(fn.Name()), Kind: plan.Func, Pkg: pkg.Types, Func: fn, Pos: said[0].Pos, Said: said}
	f.name(p)
	f.signature(p, fn.Signature())
	f.Points = append(f.Points, p)
}

// name obeys name=, and finds settings that contradict one another.
func (f *finder) name(p *Point) {
	var first directive.Setting
	for _, d := range p.Said {
		for _, s := range []struct {
			key  string
			a, b any
			zero any
		}{
			{"memory", first.Memory, d.Memory, 0}, {"timeout", first.Timeout, d.Timeout, 0}, {"storage", first.Storage, d.Storage, 0},
			{"concurrency", first.Concurrency, d.Concurrency, 0}, {"name", first.Name, d.Name, ""},
		} {
			if s.a != s.zero && s.b != s.zero && s.a != s.b {
				f.problem(d.Pos, "another "+s.key+" for the same entry point", "it has one function for all its events", "say it once")
			}
		}
		first = (&Point{Said: []*directive.Entry{{Setting: first}, d}}).Setting()
	}
	p.Name = cmp.Or(first.Name, p.Name)
}

// clashes finds entry points of one name. What their events may not share, the plan knows.
func (f *finder) clashes() {
	names := map[string]*Point{}
	for _, p := range f.Points {
		if other := names[p.Name]; other != nil {
			f.problem(p.Pos, "two entry points are named "+p.Name, "the other is "+f.describe(other), "give one another name, or name=NAME in a directive; func main may have "+directive.EntryName+" "+directive.Main)
		} else {
			names[p.Name] = p
		}
	}
}

func (f *finder) describe(p *Point) string {
	return p.Pkg.Path() + "." + p.Func.Name() + " (" + f.at(p.Pos) + ")"
}

// at spells a place for the middle of a sentence.
func (f *finder) at(pos token.Pos) string {
	at := f.Fset.Position(pos)
	return fmt.Sprintf("%s:%d:%d", path.Base(strings.ReplaceAll(at.Filename, "\\", "/")), at.Line, at.Column)
}
