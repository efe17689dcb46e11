package transform

import (
	"bytes"
	"go/ast"
	"go/parser"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/harkgen/harkgen/analyzer/directive"
	"github.com/harkgen/harkgen/analyzer/entry"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/diag"
	"github.com/harkgen/harkgen/transform/glue"
	"github.com/harkgen/harkgen/transform/load"
)

// This file finds the entry points of a program. Those that are handlers get glue, for which the program must be loaded with it; it is then
// searched again, since all positions and types are others.

// entryGlue is a load.Adder. Where something is wrong there is no glue; it is told later, with what else is wrong.
func entryGlue(prog *load.Program) (*load.Glue, error) {
	found, problems := find(prog)
	if len(problems) > 0 {
		return nil, nil
	}
	return glue.Entries(prog, found)
}

// find lists the entry points of the packages that were asked for.
func find(prog *load.Program) (*entry.Result, []directive.Problem) {
	p := &entry.Program{Fset: prog.Fset}
	for _, u := range prog.Own() {
		pkg := entry.Package{Types: u.Types, Info: u.TypesInfo, Files: u.Syntax, Tests: testFiles(prog, u), Name: entryName(prog, u)}
		p.Packages = append(p.Packages, pkg)
	}
	found, problems := entry.Find(p)
	found.Points = slices.DeleteFunc(found.Points, func(p *entry.Point) bool {
		return !slices.ContainsFunc(prog.Roots, func(r *packages.Package) bool { return r.Types == p.Pkg })
	})
	return found, problems
}

// testFiles parses the test files of u that have directives, where they mean nothing.
func testFiles(prog *load.Program, u *packages.Package) []*ast.File {
	if len(u.GoFiles) == 0 {
		return nil
	}
	var out []*ast.File
	names, _ := filepath.Glob(filepath.Join(filepath.Dir(u.GoFiles[0]), "*_test.go")) // the pattern is not malformed
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil || !bytes.Contains(text, []byte(directive.Prefix)) {
			continue
		}
		if f, err := parser.ParseFile(prog.Fset, name, text, parser.ParseComments); err == nil { // else go test says so
			out = append(out, f)
		}
	}
	return out
}

// entryPoints are the entry points of prog, with what main functions are. Everything that is wrong with directives and handlers is in errs.
func entryPoints(prog *load.Program, facts *suspend.Facts, o *Options) (found *entry.Result, errs Errors) {
	found, problems := find(prog)
	problems = append(problems, found.Reach(entry.Calls{SSA: prog.SSA, Callees: facts.Callees})...)
	problems = append(problems, place(prog, o).Problems...)
	return found, diagnostics(prog, problems)
}

// findEntries finds the entry points, and plans their deployment. Its error has everything that is wrong with directives, handlers, hark.toml and the
// placement of goroutines.
func (o *Options) findEntries(prog *load.Program, facts *suspend.Facts) error {
	var errs, more Errors
	o.found, errs = entryPoints(prog, facts, o)
	if o.Lambda && len(errs) == 0 {
		var err error
		if o.plan, more, err = newPlanner(prog, o, o.found); err != nil {
			return err
		}
	}
	return append(errs, more...).Err()
}

// beginFunc is the function that begins p in its package main.
func beginFunc(p *entry.Point) string {
	if p.IsMain() {
		return "main"
	}
	return glue.Func(p)
}

func diagnostics(prog *load.Program, problems []directive.Problem) (errs Errors) {
	for _, p := range problems {
		errs.Add(diag.Diagnostic{Pos: prog.Fset.Position(p.Pos), What: p.What, Why: p.Why, Do: p.Do})
	}
	return errs
}

// entries names the main packages, one entry each, by path. Functions of other packages have one each of harkgen's own.
func entries(prog *load.Program, found *entry.Result) map[string]*Entry {
	out := map[string]*Entry{}
	for _, p := range found.Points {
		if p.IsMain() {
			out[p.Pkg.Path()] = &Entry{Name: p.Name, Package: p.Pkg.Path(), Dir: "cmd/" + p.Name}
		} else if main := glue.MainPath(p); prog.All[main] != nil {
			out[main] = &Entry{Name: p.Name, Package: main, Dir: path.Join(internalRoot(prog, p.Pkg.Path()), "cmd", p.Name)}
		}
	}
	return out
}

// internalRoot is the directory of the output below which pkg may be imported.
func internalRoot(prog *load.Program, pkg string) string {
	rel := strings.TrimPrefix(strings.TrimPrefix(pkg, modulePath(prog)), "/")
	if i := strings.LastIndex("/"+rel+"/", "/internal/"); i > 0 {
		return rel[:i-1]
	}
	return ""
}

// mainOf is the path of the package main that p is built in.
func mainOf(p *entry.Point) string {
	if p.Pkg.Name() == "main" {
		return p.Pkg.Path()
	}
	return glue.MainPath(p)
}

// begins are the packages main that have other entry points than main. Their names are given with build tags.
func begins(found *entry.Result) map[string]bool {
	out := map[string]bool{}
	for _, p := range found.Points {
		if p.Pkg.Name() == "main" && !p.IsMain() {
			out[p.Pkg.Path()] = true
		}
	}
	return out
}

// tag is the build tag of p, a function of a package main.
func tag(p *entry.Point) string {
	return "hark_entry_" + strings.Map(func(r rune) rune {
		if r == '-' || r == '.' {
			return '_'
		}
		return r
	}, p.Name)
}

// constraint is the build constraint of p in its package main, "" if it is alone there.
func constraint(found *entry.Result, p *entry.Point) string {
	if p.Pkg.Name() != "main" {
		return ""
	}
	if !p.IsMain() {
		return tag(p)
	}
	var not []string
	for _, o := range found.Points {
		if o.Pkg == p.Pkg && !o.IsMain() {
			not = append(not, "!"+tag(o))
		}
	}
	return strings.Join(not, " && ")
}
