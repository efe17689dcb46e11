package repeat

import (
	"cmp"
	_ "embed"
	"maps"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/colour"
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
	roots := p.roots()
	for _, fn := range p.colour.Functions() {
		if found := p.found(fn); len(found) > 0 && p.executed(fn, roots) {
			p.report(found)
		}
	}
	return nil, nil
}

// roots finds the functions that the run time begins with: main, handlers of events, and the goroutines of library calls.
func (p *pass) roots() map[*ssa.Function]bool {
	roots := map[*ssa.Function]bool{}
	for _, fn := range p.colour.Functions() {
		if fn.Name() == "main" && fn.Parent() == nil && fn.Signature.Recv() == nil && p.Pkg.Name() == "main" || flow.HandlesHTTP(fn.Signature) {
			roots[fn] = true
		}
		for _, b := range fn.Blocks {
			for _, i := range b.Instrs {
				if c, ok := i.(ssa.CallInstruction); ok && starts[flow.Callee(c.Common())] {
					addFunctions(roots, c.Common().Args)
				}
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
	for _, b := range fn.Blocks {
		for _, i := range b.Instrs {
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
	}
	return found
}

// report reports the effects of a function.
func (p *pass) report(found map[ssa.Instruction]effect) {
	calls := slices.SortedFunc(maps.Keys(found), func(a, b ssa.Instruction) int { return cmp.Compare(a.Pos(), b.Pos()) })
	for _, i := range calls {
		p.effect(i.(ssa.CallInstruction), found[i], found)
	}
}

// rounds is what else can be done about a loop: one in a function that waits is saved between its rounds, when a second has passed.
const rounds = ", or wait in the loop (time.Sleep(time.Millisecond)), so that it is saved once a second"

// effect reports one; found are all of the function.
func (p *pass) effect(c ssa.CallInstruction, e effect, found map[ssa.Instruction]effect) {
	severity, why, do := vet.Info, "", do[e.Kind]
	fn := c.Parent()
	_, plain := c.(*ssa.Call)
	waits := p.colour.Coloured(fn)
	switch {
	case e.Loop:
		do += rounds
		severity, why = vet.Warning, "it is in a loop during which nothing is saved, so a crash repeats all rounds"
	case !waits && flow.Repeats(c.Block()):
		do += rounds
		severity, why = vet.Warning, "nothing is saved while "+flow.Title(fn.String())+" runs, since it does not wait, so a crash repeats all rounds of the loop"
	case !plain:
		why = "a crash before the next commit repeats it"
	case !waits:
		why = "a crash before the next commit repeats it, and nothing is saved while " + flow.Title(fn.String()) + " runs, since it does not wait"
	default:
		w := p.windowOf(c, found)
		why = "a crash before the next commit, at " + list(w.after) + " or later, repeats what was done since the last one, at " + list(w.before) + " or earlier"
		if w.next != nil {
			severity = vet.Warning
			why += ", the next effect as well: " + what(found[w.next]) + " at " + flow.Where(p.Fset, w.next.Pos())
			do += ", or wait for two seconds between the two, in which the run is saved"
		}
	}
	vet.Report(p.Pass, severity, vet.Finding{
		Pos: e.Steps[0].Pos, What: what(e) + " may be repeated", Why: why, Do: do + ", or say //hark:ok repeat if it does no harm", Chain: vet.Related(e.Steps[1:]),
	})
}

// what says what an effect is, and where, if not at the call itself.
func what(e effect) string {
	if len(e.Steps) < 2 {
		return e.What
	}
	last := e.Steps[len(e.Steps)-1]
	return e.What + " (" + last.Where + ")"
}
