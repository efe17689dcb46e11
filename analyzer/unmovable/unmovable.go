package unmovable

import (
	_ "embed"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/colour"
	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/vet"
)

//go:embed doc.go
var doc string

// Analyzer reports what is held over waits.
var Analyzer = &analysis.Analyzer{
	Name:      "unmovable",
	Doc:       vet.Doc(doc, "unmovable"),
	URL:       vet.URL("unmovable"),
	Requires:  []*analysis.Analyzer{colour.Analyzer},
	FactTypes: []analysis.Fact{(*opened)(nil)},
	Run:       run,
}

func run(pass *analysis.Pass) (any, error) {
	facts := pass.ResultOf[colour.Analyzer].(*colour.Facts)
	o := openersOf(pass)
	export(pass, facts, o)
	for _, fn := range facts.Functions() {
		if !facts.Coloured(fn) {
			continue
		}
		for _, f := range Find(fn, o, facts.Waits) {
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

// openersOf returns Openers that know what other packages have told of their functions.
func openersOf(pass *analysis.Pass) *Openers {
	imported := func(fn *ssa.Function) []Opened {
		var f opened
		if o, ok := fn.Object().(*types.Func); ok && o.Pkg() != pass.Pkg && pass.ImportObjectFact(o, &f) {
			return f.Results
		}
		return nil
	}
	return NewOpeners(imported, func(c *ssa.Call, what string) vet.Step {
		return vet.Step{Pos: c.Pos(), Where: flow.Where(pass.Fset, c.Pos()), What: what}
	})
}

// export tells other packages what the functions of this one return.
func export(pass *analysis.Pass, facts *colour.Facts, o *Openers) {
	if pass.Pkg.Name() == "main" || facts.Standard() {
		return
	}
	for _, fn := range facts.Functions() {
		obj, ok := fn.Object().(*types.Func)
		if !ok || !obj.Exported() {
			continue
		}
		var f opened
		for _, r := range o.function(fn) {
			r.Steps = vet.Exported(pass.Pkg.Path(), r.Steps)
			f.Results = append(f.Results, r)
		}
		if len(f.Results) > 0 {
			pass.ExportObjectFact(obj, &f)
		}
	}
}
