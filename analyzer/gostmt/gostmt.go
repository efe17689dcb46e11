// Package gostmt finds the go statements of a package, and what their goroutines do for certain that keeps them in their process, for the checks that tell of it.
package gostmt

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/placement"
	"github.com/harkgen/harkgen/analyzer/vet"
)

// Analyzer finds the go statements, and calls of (*sync.WaitGroup).Go. Its result is a []*Statement.
var Analyzer = &analysis.Analyzer{
	Name:       "gostmt",
	Doc:        "find go statements, and what keeps their goroutines in their process\n\nA prerequisite of other checks, which reports nothing itself.",
	URL:        "https://pkg.go.dev/github.com/harkgen/harkgen/analyzer/gostmt",
	Requires:   []*analysis.Analyzer{buildssa.Analyzer},
	ResultType: reflect.TypeFor[[]*Statement](),
	FactTypes:  []analysis.Fact{new(neverWaits)},
	Run:        run,
}

// A Statement is a go statement with what the package shows of it. Its Found is nil if that keeps no goroutine.
type Statement struct {
	*placement.Statement
	Refusals []placement.Refusal // what its goroutines do that they cannot in processes of their own
	fset     *token.FileSet
}

// neverWaits is a fact about a function: it waits for no other goroutine.
type neverWaits struct{}

func (*neverWaits) AFact()         {}
func (*neverWaits) String() string { return "never waits" }

func run(pass *analysis.Pass) (any, error) {
	var out []*Statement
	fns := pass.ResultOf[buildssa.Analyzer].(*buildssa.SSA).SrcFuncs
	sight := placement.NewSight(pass.Fset, func(c ssa.CallInstruction) bool { return mayWait(pass, c) })
	for _, fn := range fns {
		if o, ok := fn.Object().(*types.Func); ok && len(fn.Blocks) > 0 && !library.Standard(pass.Pkg.Path()) && !sight.Waits(fn) {
			pass.ExportObjectFact(o, new(neverWaits))
		}
	}
	at := map[token.Pos]*Statement{}
	decided := placement.Decide(pass.Fset, []placement.Package{{Files: pass.Files, Info: pass.TypesInfo}}, placement.Auto)
	for _, s := range decided.Statements {
		at[s.Pos] = &Statement{Statement: s, fset: pass.Fset}
		out = append(out, at[s.Pos])
	}
	if len(out) == 0 {
		return out, nil
	}
	for _, fn := range fns {
		for i := range flow.Instructions(fn) {
			if c, ok := i.(ssa.CallInstruction); ok && at[c.Pos()] != nil {
				s := at[c.Pos()]
				s.Found, s.Refusals = sight.Find(c), sight.Refusals(c)
			}
		}
	}
	return out, nil
}

// Finding puts what keeps the goroutine into the form of a check; what is what comes of it.
func (s *Statement) Finding(what string) vet.Finding {
	why, do, chain := s.Found.Text(s.Place)
	f := vet.Finding{Pos: s.Pos, What: what, Why: why, Do: do}
	for _, u := range chain {
		f.Chain = append(f.Chain, analysis.RelatedInformation{Pos: u.Pos, Message: u.What})
	}
	return f
}

// Place spells a place.
func (s *Statement) Place(pos token.Pos) string { return flow.Where(s.fset, pos) }

// mayWait reports whether call c, of what has no body in the package, may return only after another goroutine has done something.
func mayWait(pass *analysis.Pass, c ssa.CallInstruction) bool {
	fn := c.Common().StaticCallee()
	if fn == nil {
		return true
	}
	if o := fn.Origin(); o != nil {
		fn = o
	}
	o, ok := fn.Object().(*types.Func)
	if !ok || calls(o.Signature()) {
		return true
	}
	if library.Standard(library.PathOf(fn)) {
		return !library.NeverWaits(fn)
	}
	return !pass.ImportObjectFact(o, new(neverWaits))
}

// calls reports whether a function with this signature is given one that it may call.
func calls(sig *types.Signature) bool {
	for v := range sig.Params().Variables() {
		if _, ok := v.Type().Underlying().(*types.Signature); ok {
			return true
		}
	}
	return false
}

// Literal returns the function literal that go statement s calls, nil if it calls something else.
func (s *Statement) Literal(files []*ast.File) (stmt *ast.GoStmt, lit *ast.FuncLit) {
	for _, f := range files {
		if s.Pos < f.FileStart || s.Pos > f.FileEnd {
			continue
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok && g.Go == s.Pos {
				stmt = g
				lit, _ = ast.Unparen(g.Call.Fun).(*ast.FuncLit)
			}
			return stmt == nil
		})
	}
	return stmt, lit
}
