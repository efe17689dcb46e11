package apart

import (
	_ "embed"
	"go/token"

	"golang.org/x/tools/go/analysis"

	"github.com/harkgen/harkgen/analyzer/gostmt"
	"github.com/harkgen/harkgen/analyzer/vet"
)

//go:embed doc.go
var doc string

// Analyzer is the check.
var Analyzer = &analysis.Analyzer{
	Name:     "apart",
	Doc:      vet.Doc(doc, "apart"),
	URL:      vet.URL("apart"),
	Requires: []*analysis.Analyzer{gostmt.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	told := map[token.Pos]bool{} // each with the first go statement that leads there
	for _, s := range pass.ResultOf[gostmt.Analyzer].([]*gostmt.Statement) {
		if s.Said == nil || !s.Remote {
			continue
		}
		for _, r := range s.Refusals {
			if !told[r.Pos] {
				told[r.Pos] = true
				what, why, do := r.Text(s.Place(s.Pos))
				vet.Report(pass, vet.Error, vet.Finding{Pos: r.Pos, What: what, Why: why, Do: do})
			}
		}
		if s.Found != nil {
			vet.Report(pass, vet.Warning, s.Finding(s.Seen()))
		}
	}
	return nil, nil
}
