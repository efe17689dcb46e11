package colour_test

import (
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/colour"
	"github.com/harkgen/harkgen/analyzer/vet"
)

// all reports every coloured function with its chain, and every call that may suspend.
var all = &analysis.Analyzer{
	Name: "all", Doc: "report all", Requires: []*analysis.Analyzer{colour.Analyzer},
	Run: func(pass *analysis.Pass) (any, error) {
		f := pass.ResultOf[colour.Analyzer].(*colour.Facts)
		for _, fn := range f.Functions() {
			if f.Coloured(fn) {
				pass.Reportf(fn.Pos(), "%s", vet.Sentence(f.Chain(fn)))
			}
			calls(fn, func(c ssa.CallInstruction) {
				if f.Site(c) {
					pass.Reportf(c.Pos(), "may suspend")
				}
			})
		}
		return nil, nil
	},
}

// TestPackages: colour comes from other packages, by facts.
func TestPackages(t *testing.T) {
	t.Parallel()
	analysistest.Run(t, analysistest.TestData(), all, "a")
}
