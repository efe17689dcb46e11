package colour

import (
	"go/types"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/analyzer/suspend"
)

// This file decides what of a package others are told: all, or what of a library can be compiled along.

// summarize makes the summary of a package. The functions in it are returned by their names.
func summarize(pass *analysis.Pass, in *buildssa.SSA, fns []*ssa.Function) (*Summary, map[string]*ssa.Function) {
	s := &summarizer{
		speller: speller{fset: pass.Fset, known: map[types.Type]string{}},
		prog:    in.Pkg.Prog, types: map[string]*Type{}, fns: map[string]*ssa.Function{},
	}
	out := &Summary{Path: pass.Pkg.Path(), Std: standard(pass)}
	if pass.Module != nil {
		out.Module = pass.Module.Path
		out.Left = pass.Module.Version != "" && !out.Std && left(pass)
	}
	s.add(append([]*ssa.Function{in.Pkg.Func("init")}, fns...))
	out.got = contents{Funcs: s.out, Types: s.sorted()}
	return out, s.fns
}

// standard reports whether the package is of the standard library: of no module, and beside package runtime.
func standard(pass *analysis.Pass) bool {
	if pass.Module != nil && pass.Module.Path != "" && pass.Module.Path != "std" || len(pass.Files) == 0 {
		return false
	}
	file := pass.Fset.Position(pass.Files[0].Package).Filename // not that which cgo has written
	root, ok := strings.CutSuffix(filepath.ToSlash(filepath.Dir(file)), "/src/"+pass.Pkg.Path())
	if !ok {
		return false
	}
	_, err := os.Stat(filepath.Join(filepath.FromSlash(root), "src", "runtime"))
	return err == nil
}

// exported is what those that import a package need of its summary.
func exported(pass *analysis.Pass, s *Summary, imported []*Summary) contents {
	switch {
	case s.Std:
		return exportedStd(pass, s, imported)
	case s.Left:
		return contents{Callers: callers(s.got.Funcs, backs(imported))}
	}
	return s.got
}

// left reports whether a package of another module is left as it is.
func left(pass *analysis.Pass) bool {
	yes := compilable.LeftModule(pass.Module.Path) || len(pass.OtherFiles) > 0
	for _, f := range pass.Files {
		for _, i := range f.Imports {
			yes = yes || compilable.Left(strings.Trim(i.Path.Value, `"`))
		}
	}
	return yes
}

// exportedStd keeps of a package of the standard library what can be compiled along, and calls something back.
func exportedStd(pass *analysis.Pass, s *Summary, imported []*Summary) (out contents) {
	_, public := compilable.PublicPath(s.Path)
	if suspend.Quiet(s.Path) || !public {
		return out
	}
	out.Callers = callers(s.got.Funcs, backs(imported))
	kept := map[string]bool{}
	for _, i := range imported {
		for _, f := range i.unpack().Funcs {
			kept[f.Name] = true
		}
	}
	copies := copyable(pass)
	for more := true; more; {
		more = false
		for _, f := range s.got.Funcs {
			if !kept[f.Name] && (conduit(f.Name) || copies(f.Name) && calls(&f, kept)) {
				kept[f.Name], more = true, true
			}
		}
	}
	for _, f := range s.got.Funcs {
		if kept[f.Name] {
			out.Funcs = append(out.Funcs, f)
		}
	}
	if len(out.Funcs) > 0 {
		out.Types = s.got.Types
	}
	return out
}

// copyable tells by its name which functions of the package can be compiled along.
func copyable(pass *analysis.Pass) func(string) bool {
	index := compilable.New(pass.Fset, pass.Files, pass.Pkg, pass.TypesInfo)
	fns := map[string]bool{}
	for _, fn := range pass.ResultOf[buildssa.Analyzer].(*buildssa.SSA).SrcFuncs {
		if o := compilable.Declared(fn); o != nil && (index.Copy(o) != nil || pulls[o.FullName()]) {
			fns[fn.String()] = true
		}
	}
	return func(name string) bool { return fns[name] }
}

// calls reports whether f suspends, calls a value or a function of kept, or makes funcs.
func calls(f *Function, kept map[string]bool) bool {
	for _, c := range f.Calls {
		if c.Static == nil || kept[c.Static.Name] {
			return true
		}
	}
	return len(f.Ops) > 0 || len(f.Closures) > 0
}
