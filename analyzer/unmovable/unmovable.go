package unmovable

import (
	_ "embed"
	"go/token"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/colour"
	"github.com/harkgen/harkgen/analyzer/suspend"
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
		waits := func(i ssa.Instruction) bool {
			chain := facts.ChainOf(i)
			return len(chain) > 0 && facts.Suspends(i) && !suspend.Lock(chain[len(chain)-1].What)
		}
		for _, f := range Find(fn, waits) {
			why := f.Why()
			chain := facts.ChainOf(f.Wait)
			if len(chain) > 1 {
				why = "the wait " + vet.Sentence(chain) + "; " + why
			}
			steps := slices.Concat(f.Made, chain, []vet.Step{{Pos: f.Use, What: "is used here"}})
			vet.Report(pass, vet.Warning, vet.Finding{Pos: f.Pos, What: f.What(func(p token.Pos) token.Position { return pass.Fset.Position(p) }), Why: why, Do: f.Do(), Chain: vet.Related(steps)})
		}
	}
	return nil, nil
}
