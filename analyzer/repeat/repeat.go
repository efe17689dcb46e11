package repeat

import (
	"cmp"
	_ "embed"
	"go/ast"
	"maps"
	"slices"
	"sync"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/colour"
	"github.com/harkgen/harkgen/analyzer/directive"
	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/vet"
)

//go:embed doc.go
var doc string

// Analyzer reports effects that a crash may repeat.
var Analyzer = &analysis.Analyzer{
	Name:      "repeat",
	Doc:       vet.Doc(doc, "repeat"),
	URL:       vet.URL("repeat"),
	Requires:  []*analysis.Analyzer{colour.Analyzer},
	FactTypes: []analysis.Fact{(*summary)(nil)},
	Run:       run,
}

func run(ap *analysis.Pass) (any, error) {
	p := &pass{Pass: ap, colour: ap.ResultOf[colour.Analyzer].(*colour.Facts), own: map[*ssa.Function]*summary{}}
	p.summarise()
	roots := sync.OnceValue(p.roots)
	for _, fn := range p.colour.Functions() {
		if found := p.found(fn); len(found) > 0 && p.executed(fn, roots()) {
			p.report(found)
		}
	}
	return nil, nil
}

// roots finds the functions that the run time begins with: main, handlers of events, and the goroutines of library calls.
func (p *pass) roots() map[*ssa.Function]bool {
	entries := map[ast.Node]bool{}
	for _, file := range p.Files {
		for _, e := range directive.Parse(p.Fset, file).Entries {
			entries[e.Func] = true
		}
	}
	roots := map[*ssa.Function]bool{}
	for _, fn := range p.colour.Functions() {
		if flow.IsMain(fn) || entries[fn.Syntax()] || flow.HandlesHTTP(fn.Signature) {
			roots[fn] = true
		}
		for i := range flow.Instructions(fn) {
			if c, ok := i.(ssa.CallInstruction); ok && starts[flow.Callee(c.Common())] {
				addFunctions(roots, c.Common().Args)
			}
		}
	}
	return roots
}

// starts are the calls that begin with the function that they are given.
var starts = library.Words(`(*sync.WaitGroup).Go (*golang.org/x/sync/errgroup.Group).Go (*golang.org/x/sync/errgroup.Group).TryGo time.AfterFunc
	github.com/aws/aws-lambda-go/lambda.Start github.com/aws/aws-lambda-go/lambda.StartWithOptions github.com/aws/aws-lambda-go/lambda.StartHandler`)

func addFunctions(to map[*ssa.Function]bool, args []ssa.Value) {
	for _, a := range args {
		if m, ok := a.(*ssa.MakeInterface); ok {
			a = m.X
		}
		switch f := a.(type) {
		case *ssa.Function:
			to[f] = true
		case *ssa.MakeClosure:
			to[f.Fn.(*ssa.Function)] = true
		}
	}
}

// executed reports whether effects of fn are reported in it: it may wait, or begins something, or stands in a function that does.
func (p *pass) executed(fn *ssa.Function, roots map[*ssa.Function]bool) bool {
	return p.colour.Coloured(fn) || roots[fn] || fn.Parent() != nil && p.executed(fn.Parent(), roots)
}

// found lists the effects of fn: those of a function literal are found in it, not where it is called.
func (p *pass) found(fn *ssa.Function) map[ssa.Instruction]effect {
	found := map[ssa.Instruction]effect{}
	for i := range flow.Instructions(fn) {
		c, ok := i.(ssa.CallInstruction)
		if !ok {
			continue
		}
		if callee := c.Common().StaticCallee(); callee != nil && callee.Parent() != nil {
			continue
		}
		effects := p.effects(c)
		n := slices.IndexFunc(effects, func(e effect) bool { return e.Param == 0 })
		if n >= 0 && !p.colour.Site(c) {
			found[c] = effects[n]
		}
	}
	return found
}

// report reports the effects of a function.
func (p *pass) report(found map[ssa.Instruction]effect) {
	calls := slices.SortedFunc(maps.Keys(found), func(a, b ssa.Instruction) int { return cmp.Compare(a.Pos(), b.Pos()) })
	for _, i := range calls {
		p.effect(i.(ssa.CallInstruction), found)
	}
}

// What else can be done about several effects between two commits: time that is waited is time to save the run. A function that waits is saved between
// the rounds of its loops, when a second has passed.
const (
	rounds  = ", or wait in the loop (time.Sleep(time.Millisecond)), so that it is saved once a second"
	between = ", or wait for two seconds between the two, in which the run is saved"
)

// effect reports one; found are all of the function.
func (p *pass) effect(c ssa.CallInstruction, found map[ssa.Instruction]effect) {
	e := found[c]
	severity := vet.Info
	why, next := p.why(c, found)
	do := do[e.Kind]
	switch {
	case e.Loop || !p.colour.Coloured(c.Parent()) && flow.Repeats(c.Block()):
		severity = vet.Warning
		why += ", with all rounds of the loop"
		do += rounds
	case next != nil:
		severity = vet.Warning
		why += ", with the next effect: " + what(found[next]) + " at " + flow.Where(p.Fset, next.Pos())
		do += between
	}
	if e.Kind == command { // it may well do no harm
		severity = vet.Info
	}
	vet.Report(p.Pass, severity, vet.Finding{
		Pos: e.Steps[0].Pos, What: what(e) + " may be repeated", Why: why, Do: do + ", or say //hark:ok repeat if it does no harm", Chain: vet.Related(e.Steps[1:]),
	})
}

// why says between which commits the effect of c falls, and gives another one that falls between them, after it; nil if none is known.
func (p *pass) why(c ssa.CallInstruction, found map[ssa.Instruction]effect) (text string, next *ssa.Call) {
	if _, ok := c.(*ssa.Call); !ok { // a go or defer statement
		return "a crash before the next commit repeats it", nil
	}
	w := p.windowOf(c, found)
	if !p.colour.Coloured(c.Parent()) {
		return "nothing is saved while " + flow.Title(c.Parent().String()) + " runs, since it does not wait, so a crash before the next commit repeats it", w.next
	}
	return "a crash before the next commit, at " + list(w.after) + " or later, repeats what was done since the last one, at " + list(w.before) + " or earlier", w.next
}

// what says what an effect is, and where, if not at the call itself.
func what(e effect) string {
	if len(e.Steps) < 2 {
		return e.What
	}
	last := e.Steps[len(e.Steps)-1]
	return e.What + " (" + last.Where + ")"
}
