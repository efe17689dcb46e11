// Package colour tells the checks which functions of a package may suspend (are coloured), at which calls, and why, by the rules of package
// suspend.
package colour

import (
	"go/token"
	"path/filepath"
	"reflect"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/analyzer/vet"
)

// Analyzer finds the colours of a package. Its result is a *Facts.
var Analyzer = &analysis.Analyzer{
	Name:       "colour",
	Doc:        "find the functions that may suspend\n\nA prerequisite of other checks, which reports nothing itself.",
	URL:        "https://pkg.go.dev/github.com/harkgen/harkgen/analyzer/colour",
	Requires:   []*analysis.Analyzer{buildssa.Analyzer},
	ResultType: reflect.TypeFor[*Facts](),
	Run:        run,
}

// Facts is the colouring of one package.
type Facts struct {
	fset    *token.FileSet
	fns     []*ssa.Function
	reasons map[*ssa.Function]*reason
	sites   map[ssa.CallInstruction]*ssa.Function // the coloured callee
}

// A reason says why a function is coloured: an operation of its own, or a call of another coloured function.
type reason struct {
	at   ssa.Instruction
	what string
	via  *ssa.Function
}

// Functions lists the functions of the package, with literals, in source order.
func (f *Facts) Functions() []*ssa.Function { return f.fns }

// Coloured reports whether fn may suspend.
func (f *Facts) Coloured(fn *ssa.Function) bool { return f.reasons[fn] != nil }

// Site reports whether the call may suspend, or starts a goroutine or defers a call that may.
func (f *Facts) Site(c ssa.CallInstruction) bool {
	return f.sites[c] != nil || suspend.Operation(c) != ""
}

// Suspends reports whether the goroutine may be suspended in i, so that a frame of the function is saved.
func (f *Facts) Suspends(i ssa.Instruction) bool {
	c, ok := i.(*ssa.Call)
	return suspend.Operation(i) != "" || ok && f.Site(c)
}

// Chain says why fn may suspend, from it down to the operation; nil if it may not.
func (f *Facts) Chain(fn *ssa.Function) []vet.Step {
	var out []vet.Step
	for r := f.reasons[fn]; r != nil; r = f.reasons[r.via] {
		out = append(out, f.step(r.at, r.what))
	}
	return out
}

// ChainOf says why i may suspend, from the call or operation that it is down to the operation; nil if it may not.
func (f *Facts) ChainOf(i ssa.Instruction) []vet.Step {
	if op := suspend.Operation(i); op != "" {
		return []vet.Step{f.step(i, op)}
	}
	c, ok := i.(ssa.CallInstruction)
	if !ok || f.sites[c] == nil {
		return nil
	}
	return append([]vet.Step{f.step(i, "calls "+f.sites[c].String())}, f.Chain(f.sites[c])...)
}

func (f *Facts) step(i ssa.Instruction, what string) vet.Step {
	pos := suspend.Position(i)
	at := f.fset.Position(pos)
	at.Filename = filepath.Base(at.Filename)
	return vet.Step{Pos: pos, Where: at.String(), What: what}
}

func run(pass *analysis.Pass) (any, error) {
	f := &Facts{
		fset: pass.Fset, fns: pass.ResultOf[buildssa.Analyzer].(*buildssa.SSA).SrcFuncs,
		reasons: map[*ssa.Function]*reason{}, sites: map[ssa.CallInstruction]*ssa.Function{},
	}
	for more := true; more; {
		more = false
		for _, fn := range f.fns {
			more = f.colour(fn) || more
		}
	}
	return f, nil
}

// colour looks for what makes fn suspend, and reports whether it has found something new.
func (f *Facts) colour(fn *ssa.Function) (more bool) {
	add := func(r *reason) {
		if f.reasons[fn] == nil {
			f.reasons[fn] = r
			more = true
		}
	}
	for _, b := range fn.Blocks {
		for _, i := range b.Instrs {
			if op := suspend.Operation(i); op != "" {
				add(&reason{at: i, what: op})
			}
			c, ok := i.(ssa.CallInstruction)
			if !ok || f.reasons[c.Common().StaticCallee()] == nil {
				continue
			}
			callee := c.Common().StaticCallee()
			f.sites[c] = callee
			if _, ok := i.(*ssa.Go); !ok {
				add(&reason{at: i, what: "calls " + callee.String(), via: callee})
			}
		}
	}
	return more
}
