package placed

import (
	_ "embed"

	"golang.org/x/tools/go/analysis"

	"github.com/harkgen/harkgen/analyzer/gostmt"
	"github.com/harkgen/harkgen/analyzer/vet"
)

//go:embed doc.go
var doc string

// Analyzer is the check.
var Analyzer = &analysis.Analyzer{
	Name:     "placed",
	Doc:      vet.Doc(doc, "placed"),
	URL:      vet.URL("placed"),
	Requires: []*analysis.Analyzer{gostmt.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	for _, s := range pass.ResultOf[gostmt.Analyzer].([]*gostmt.Statement) {
		if s.Said != nil || s.Found == nil {
			continue
		}
		severity := vet.Info
		if s.Found.Race != nil {
			severity = vet.Warning
		}
		f := s.Finding(s.Text())
		f.Fixes = fixes(pass, s)
		vet.Report(pass, severity, f)
	}
	return nil, nil
}
