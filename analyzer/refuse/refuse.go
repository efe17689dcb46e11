package refuse

import (
	_ "embed"
	"go/token"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/colour"
	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/analyzer/vet"
)

//go:embed doc.go
var doc string

// Analyzer reports what harkgen refuses.
var Analyzer = &analysis.Analyzer{
	Name:     "refuse",
	Doc:      vet.Doc(doc, "refuse"),
	URL:      vet.URL("refuse"),
	Requires: []*analysis.Analyzer{colour.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	c := &checker{pass, pass.ResultOf[colour.Analyzer].(*colour.Facts)}
	c.importsC()
	for _, r := range slices.Concat(Identifiers(pass.Pkg), MainValues(pass.Pkg, pass.TypesInfo, pass.Files)) {
		c.report(r)
	}
	for _, fn := range c.facts.Functions() {
		c.function(fn)
	}
	return nil, nil
}

type checker struct {
	pass  *analysis.Pass
	facts *colour.Facts
}

func (c *checker) report(r Refusal) {
	vet.Report(c.pass, vet.Error, vet.Finding{Pos: r.Pos, What: r.What, Why: r.Why, Do: r.Do})
}

// importsC looks for import "C" in the files as they were: cgo has put another import in its place.
func (c *checker) importsC() {
	for _, f := range c.pass.Files {
		at := c.pass.Fset.Position(f.Package) // where a line directive says
		if at.Filename == c.pass.Fset.PositionFor(f.Package, false).Filename {
			continue // cgo has not been here
		}
		for _, p := range ImportsC(at.Filename) {
			for _, i := range f.Imports {
				if c.pass.Fset.Position(i.Pos()) == withOffset(p, c.pass.Fset.Position(i.Pos())) {
					c.report(ImportC(i.Pos()))
				}
			}
		}
	}
}

// withOffset is p with the offset of q, which another text has.
func withOffset(p, q token.Position) token.Position {
	p.Offset = q.Offset
	return p
}

func (c *checker) function(fn *ssa.Function) {
	coloured := c.facts.Coloured(fn)
	var pointers []ssa.Value
	var waits []ssa.Instruction
	for i := range flow.Instructions(fn) {
		if call, ok := i.(ssa.CallInstruction); ok {
			if r := Call(call); r != nil {
				c.report(*r)
			}
		}
		if !coloured {
			continue
		}
		if _, ok := i.(*ssa.Range); ok {
			continue // an iterator has no type of Go
		}
		if v, ok := i.(ssa.Value); ok && library.IsUnsafePointer(v.Type()) {
			pointers = append(pointers, v)
		}
		if c.facts.Suspends(i) {
			waits = append(waits, i)
		}
	}
	for _, p := range fn.Params {
		if library.IsUnsafePointer(p.Type()) {
			pointers = append(pointers, p)
		}
	}
	for _, p := range pointers {
		c.unsafePointer(fn, p, waits)
	}
}

// unsafePointer reports p at the first of waits that it lives across.
func (c *checker) unsafePointer(fn *ssa.Function, p ssa.Value, waits []ssa.Instruction) {
	for _, w := range waits {
		if flow.Across(p, w) {
			name := p.Name()
			if id := flow.Target(fn, p.Pos(), 0); id != nil {
				name = id.Name
			}
			c.report(UnsafePointer(suspend.Position(w), name))
			return
		}
	}
}
