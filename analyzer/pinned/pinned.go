package pinned

import (
	_ "embed"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/colour"
	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/vet"
)

//go:embed doc.go
var doc string

// Analyzer reports waits under calls of code that is not compiled.
var Analyzer = &analysis.Analyzer{
	Name:     "pinned",
	Doc:      vet.Doc(doc, "pinned"),
	URL:      vet.URL("pinned"),
	Requires: []*analysis.Analyzer{colour.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	facts := pass.ResultOf[colour.Analyzer].(*colour.Facts)
	for _, fn := range facts.Functions() {
		locks(pass, facts, fn)
		for i := range flow.Instructions(fn) {
			if c, ok := i.(ssa.CallInstruction); ok {
				call(pass, facts, c)
			}
		}
	}
	return nil, nil
}

// call reports c if it hands a function that may suspend to one that is not compiled and calls it.
func call(pass *analysis.Pass, facts *colour.Facts, c ssa.CallInstruction) {
	callee := c.Common().StaticCallee()
	if callee == nil {
		return
	}
	for _, back := range facts.CallsBack(callee) {
		if back.Param >= len(c.Common().Args) {
			continue
		}
		for _, fn := range Functions(c.Common().Args[back.Param]) {
			if back.Method != "" && fn.Name() != back.Method || !facts.Coloured(fn) {
				continue
			}
			title, where := facts.Name(fn)
			chain := append([]vet.Step{{Pos: fn.Pos(), What: "calls back " + title}}, facts.Chain(fn)...)
			vet.Report(pass, vet.Warning, vet.Finding{
				Pos: c.Pos(), What: What(Name(callee)), Why: Why(title, where),
				Do: "let the callback not wait: collect what it gives, and wait after the call", Chain: vet.Related(chain),
			})
			return
		}
	}
}
