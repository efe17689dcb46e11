package leak

import (
	_ "embed"
	"go/token"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/vet"
)

//go:embed doc.go
var doc string

// Analyzer reports goroutines that wait for ever.
var Analyzer = &analysis.Analyzer{
	Name:     "leak",
	Doc:      vet.Doc(doc, "leak"),
	URL:      vet.URL("leak"),
	Requires: []*analysis.Analyzer{buildssa.Analyzer},
	Run:      run,
}

func run(ap *analysis.Pass) (any, error) {
	in := ap.ResultOf[buildssa.Analyzer].(*buildssa.SSA)
	p := &pass{Pass: ap, locks: map[*ssa.Function]map[lock]lockCall{}, said: map[token.Pos]bool{}}
	p.count(in.SrcFuncs)
	for _, fn := range in.SrcFuncs {
		for i := range flow.Instructions(fn) {
			switch i := i.(type) {
			case *ssa.MakeChan:
				p.channel(i)
			case *ssa.Alloc:
				p.group(i)
			case *ssa.Select:
				p.alone(i)
			}
			p.nilChannel(i)
		}
		p.relock(fn)
	}
	return nil, nil
}

// A pass is the analysis of one package.
type pass struct {
	*analysis.Pass
	calls  map[*ssa.Function][]ssa.CallInstruction // direct calls, go and defer statements
	other  map[*ssa.Function]bool                  // is used as a value, so nobody knows how often it is called
	locks  map[*ssa.Function]map[lock]lockCall     // what the function locks at its begin
	starts bool                                    // the package has a go statement
	said   map[token.Pos]bool                      // where something was reported
}

// warn reports a finding, and the first one only at each place: a function may be called with several channels.
func (p *pass) warn(pos token.Pos, what, why, do string) {
	p.report(vet.Finding{Pos: pos, What: what, Why: why, Do: do})
}

func (p *pass) report(f vet.Finding) {
	if !p.said[f.Pos] {
		p.said[f.Pos] = true
		vet.Report(p.Pass, vet.Warning, f)
	}
}

func (p *pass) at(pos token.Pos) string { return flow.Where(p.Fset, pos) }

// count finds the calls of each function.
func (p *pass) count(fns []*ssa.Function) {
	p.calls, p.other = map[*ssa.Function][]ssa.CallInstruction{}, map[*ssa.Function]bool{}
	for _, fn := range fns {
		for i := range flow.Instructions(fn) {
			p.countIn(i)
		}
	}
}

func (p *pass) countIn(i ssa.Instruction) {
	if _, ok := i.(*ssa.Go); ok {
		p.starts = true
	}
	c, called := i.(ssa.CallInstruction)
	if called {
		if callee := c.Common().StaticCallee(); callee != nil {
			p.calls[callee] = append(p.calls[callee], c)
		}
	}
	if m, ok := i.(*ssa.MakeClosure); ok {
		for _, r := range *m.Referrers() {
			if c, ok := r.(ssa.CallInstruction); !ok || c.Common().Value != m || passes(c, m) {
				p.other[m.Fn.(*ssa.Function)] = true
			}
		}
		return
	}
	for _, v := range i.Operands(nil) {
		if fn, ok := (*v).(*ssa.Function); ok && !(called && v == &c.Common().Value && !passes(c, fn)) {
			p.other[fn] = true
		}
	}
}

// passes reports whether v is an argument of a call.
func passes(c ssa.CallInstruction, v ssa.Value) bool {
	for _, a := range c.Common().Args {
		if a == v {
			return true
		}
	}
	return false
}

// many is more often than can be counted.
const many = 1 << 20

// times is how often, at most, an instruction is executed for each execution of the function maker.
func (p *pass) times(i ssa.Instruction, maker *ssa.Function) int {
	return p.timesOf(i, maker, map[*ssa.Function]bool{})
}

func (p *pass) timesOf(i ssa.Instruction, maker *ssa.Function, under map[*ssa.Function]bool) int {
	fn := i.Parent()
	if flow.Repeats(i.Block()) {
		return many
	}
	if fn == maker {
		return 1
	}
	if p.other[fn] || under[fn] {
		return many
	}
	under[fn] = true
	defer delete(under, fn)
	n := 0
	for _, c := range p.calls[fn] {
		n = min(many, n+p.timesOf(c, maker, under))
	}
	return n
}
