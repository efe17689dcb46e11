// Package driver runs the checks over packages and all that they import, in one process.
package driver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/token"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/harkgen/harkgen/analyzer/suite"
	"github.com/harkgen/harkgen/analyzer/vet"
)

// A Finding is what a check says of a package.
type Finding struct {
	Package string // import path
	analysis.Diagnostic
}

// A Result is what was found, by place.
type Result struct {
	Fset     *token.FileSet
	Findings []Finding
}

// Run runs all checks over the packages that patterns match, relative to dir. Its error tells what is wrong if they cannot be loaded, a line each.
func Run(ctx context.Context, dir string, patterns []string) (*Result, error) {
	fset := token.NewFileSet()
	pkgs, err := packages.Load(&packages.Config{Context: ctx, Dir: dir, Fset: fset, Mode: packages.LoadAllSyntax | packages.NeedModule}, patterns...)
	if err == nil {
		err = loadErrors(pkgs)
	}
	if err != nil {
		return nil, err
	}
	graph, err := checker.Analyze(suite.Analyzers, pkgs, nil)
	if err != nil {
		return nil, err
	}
	r := &Result{Fset: fset}
	for _, a := range graph.Roots {
		if a.Err != nil {
			return nil, fmt.Errorf("check %s of %s: %w", a.Analyzer.Name, a.Package.PkgPath, a.Err)
		}
		for _, d := range a.Diagnostics {
			r.Findings = append(r.Findings, Finding{a.Package.PkgPath, d})
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		p, q := fset.Position(a.Pos), fset.Position(b.Pos)
		return cmp.Or(cmp.Compare(p.Filename, q.Filename), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column), cmp.Compare(a.Message, b.Message))
	})
	return r, nil
}

func loadErrors(pkgs []*packages.Package) error {
	var errs []error
	packages.Visit(pkgs, nil, func(p *packages.Package) {
		for _, e := range p.Errors {
			errs = append(errs, e)
		}
	})
	return errors.Join(errs...)
}

// Bad reports whether something is more than information.
func (r *Result) Bad() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return vet.SeverityOf(f.Diagnostic) != vet.Info })
}
