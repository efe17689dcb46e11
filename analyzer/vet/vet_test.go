package vet_test

import (
	"go/ast"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/harkgen/harkgen/analyzer/vet"
)

// pinned reports every call of a function bad.
var pinned = &analysis.Analyzer{Name: "pinned", Doc: "report bad", Run: func(pass *analysis.Pass) (any, error) {
	for _, f := range pass.Files {
		ast.Inspect(f, func(n ast.Node) bool {
			if c, ok := n.(*ast.CallExpr); ok {
				if id, ok := c.Fun.(*ast.Ident); ok && id.Name == "bad" {
					vet.Report(pass, vet.Warning, vet.Finding{Pos: c.Pos(), What: "a call of bad", Do: "do not"})
				}
			}
			return true
		})
	}
	return nil, nil
}}

// TestReport: the form of a finding, and where nothing is reported.
func TestReport(t *testing.T) {
	t.Parallel()
	for _, r := range analysistest.Run(t, analysistest.TestData(), pinned, "a") {
		for _, d := range r.Diagnostics {
			if d.Category != "pinned" || d.URL != vet.URL("pinned") || vet.SeverityOf(d) != vet.Warning {
				t.Errorf("%+v", d)
			}
		}
	}
}

func TestDoc(t *testing.T) {
	t.Parallel()
	const source = "// Package x checks.\n//\n// # Analyzer x\n//\n// x: report x\n//\n// All of it.\npackage x\n"
	if got := vet.Doc(source, "x"); got != "report x\n\nAll of it." {
		t.Errorf("%q", got)
	}
}

func TestChains(t *testing.T) {
	t.Parallel()
	steps := []vet.Step{{Pos: 7, Where: "a.go:1:7", What: "calls b.F"}, {Where: "b/b.go:2:3", What: "chan send"}}
	if got := vet.Sentence(steps); got != "calls b.F (a.go:1:7), which waits: chan send (b/b.go:2:3)" {
		t.Error(got)
	}
	got := vet.Related(steps)
	if len(got) != 2 || got[1].Pos != 7 || got[1].Message != "chan send (b/b.go:2:3)" {
		t.Errorf("%+v", got)
	}
}
