package unmovable

import (
	_ "embed"
	"go/token"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/harkgen/harkgen/analyzer/colour"
	"github.com/harkgen/harkgen/analyzer/vet"
)

//go:embed doc.go
var doc string

// Analyzer reports what is held over waits.
var Analyzer = &analysis.Analyzer{
	Name:     "unmovable",
	Doc:      vet.Doc(doc, "unmovable"),
	URL:      vet.URL("unmovable"),
	Requires: []*analysis.Analyzer{colour.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	facts := pass.ResultOf[colour.Analyzer].(*colour.Facts)
	for _, fn := range facts.Functions() {
		if !facts.Coloured(fn) {
			continue
		}
		for _, f := range Find(fn, facts.Waits) {
			why := f.Why()
			chain := facts.ChainOf(f.Wait)
			if len(chain) > 1 {
				why = "the wait " + vet.Sentence(chain) + "; " + why
			}
			steps := slices.Concat(f.Made, chain, []vet.Step{{Pos: f.Use, What: "is used here"}})
			vet.Report(pass, vet.Warning, vet.Finding{Pos: f.Pos, What: f.What(func(p token.Pos) token.Position { return pass.Fset.Position(p) }), Why: why, Do: f.Do(), Chain: vet.Related(steps), Fixes: append(later(pass, facts, fn, f), pool(pass, fn, f)...)})
		}
	}
	return nil, nil
}
