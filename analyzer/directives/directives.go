package directives

import (
	_ "embed"
	"go/ast"
	"path"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/harkgen/harkgen/analyzer/directive"
	"github.com/harkgen/harkgen/analyzer/entry"
	"github.com/harkgen/harkgen/analyzer/placement"
	"github.com/harkgen/harkgen/analyzer/vet"
)

//go:embed doc.go
var doc string

// Analyzer reports wrong directives.
var Analyzer = &analysis.Analyzer{
	Name: "directives",
	Doc:  vet.Doc(doc, "directives"),
	URL:  vet.URL("directives"),
	Run:  run,
}

func run(pass *analysis.Pass) (any, error) {
	var files []*ast.File
	for _, f := range pass.Files {
		if !strings.HasSuffix(pass.Fset.PositionFor(f.Package, false).Filename, "_test.go") {
			files = append(files, f)
		}
	}
	_, problems := entry.Find(&entry.Program{Fset: pass.Fset, Packages: []entry.Package{{
		Types: pass.Pkg, Info: pass.TypesInfo, Files: files, Name: path.Base(pass.Pkg.Path()),
	}}})
	placed := placement.Decide(pass.Fset, []placement.Package{{Files: files, Info: pass.TypesInfo}}, placement.Local)
	for _, p := range append(problems, placed.Problems...) {
		vet.Report(pass, vet.Error, vet.Finding{Pos: p.Pos, What: p.What, Why: p.Why, Do: p.Do, Fixes: fixes(p)})
	}
	return nil, nil
}

// fixes puts another word in the place of a misspelt one.
func fixes(p directive.Problem) []analysis.SuggestedFix {
	if p.Meant == "" {
		return nil
	}
	return []analysis.SuggestedFix{{
		Message:   "Write " + p.Meant,
		TextEdits: []analysis.TextEdit{{Pos: p.Word, End: p.WordEnd, NewText: []byte(p.Meant)}},
	}}
}
