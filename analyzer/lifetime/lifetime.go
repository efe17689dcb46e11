package lifetime

import (
	_ "embed"
	"go/token"

	"golang.org/x/tools/go/analysis"

	"github.com/harkgen/harkgen/analyzer/colour"
	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/vet"
)

//go:embed doc.go
var doc string

// Analyzer reports what a program that lives for long cannot bear.
var Analyzer = &analysis.Analyzer{
	Name:     "lifetime",
	Doc:      vet.Doc(doc, "lifetime"),
	URL:      vet.URL("lifetime"),
	Requires: []*analysis.Analyzer{colour.Analyzer},
	Run:      run,
}

func run(ap *analysis.Pass) (any, error) {
	p := &pass{Pass: ap, colour: ap.ResultOf[colour.Analyzer].(*colour.Facts)}
	for _, fn := range p.colour.Functions() {
		loops := p.loops(fn)
		for _, l := range loops {
			p.spawns(l)
			p.locals(l)
			p.naps(l)
		}
		for i := range flow.Instructions(fn) {
			p.timer(i)
			p.buffer(i)
		}
	}
	p.globals()
	return nil, nil
}

// A pass is the analysis of one package.
type pass struct {
	*analysis.Pass
	colour *colour.Facts
}

func (p *pass) at(pos token.Pos) string { return flow.Where(p.Fset, pos) }

func (p *pass) report(s vet.Severity, pos token.Pos, what, why, do string) {
	vet.Report(p.Pass, s, vet.Finding{Pos: pos, What: what, Why: why, Do: do})
}
