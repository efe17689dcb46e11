// Package colour tells the checks which functions of a package may suspend (are coloured), at which calls, and why, by the rules of package
// suspend.
//
// The pass over a package leaves a summary of it as a fact: what its functions do that suspends, what they call, and how funcs and
// interfaces flow in them. A pass puts the summaries of all that it imports together, as the compiler would have the whole program, and
// colours that. Of calls of what only callers in other packages bring it knows nothing, so it colours at most what the compiler does.
package colour

import (
	"cmp"
	"go/token"
	"go/types"
	"path"
	"reflect"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/buildssa"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
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
	FactTypes:  []analysis.Fact{(*Summary)(nil)},
	Run:        run,
}

// Facts is the colouring of one package.
type Facts struct {
	speller
	own      *Summary
	imported []*Summary
	fns      []*ssa.Function
	names    map[string]*ssa.Function
	solved   func() *solution
}

// A solution is what Facts finds when it is first asked.
type solution struct {
	*colouring
	reasons map[*ssa.Function]*inst
	sites   map[ssa.CallInstruction]*reached
	places  map[at]ssa.Instruction
	backs   map[string][]Back
}

// at is an instruction by its number in a function.
type at struct {
	fn string
	n  int32
}

// reached is a call with what it calls that may suspend.
type reached struct {
	call *call
	to   *inst
}

// Functions lists the functions of the package, with literals, in source order.
func (f *Facts) Functions() []*ssa.Function { return f.fns }

// Standard reports whether the package is of the standard library.
func (f *Facts) Standard() bool { return f.own.Std }

// Coloured reports whether fn may suspend; if it is a generic one of this package, whether an instance may.
func (f *Facts) Coloured(fn *ssa.Function) bool { return f.coloured(fn) != nil }

// coloured is fn, or an instance of it, if it may suspend, else nil.
func (f *Facts) coloured(fn *ssa.Function) *inst {
	s := f.solved()
	if r := s.reasons[fn]; r != nil {
		return r
	}
	if other := s.insts[fn.String()]; other != nil && s.why[other] != nil {
		return other
	}
	return nil
}

// Name names fn for a message, and says for the middle of a sentence where it is.
func (f *Facts) Name(fn *ssa.Function) (name, where string) {
	if !fn.Pos().IsValid() {
		return flow.Title(fn.String()), ""
	}
	return flow.Title(fn.String()), " (" + f.position(fn.Pos()) + ")"
}

// Site reports whether the call may suspend, or defers a call or starts a goroutine that may.
func (f *Facts) Site(c ssa.CallInstruction) bool {
	return suspend.Operation(c) != "" || f.solved().sites[c] != nil
}

// Suspends reports whether the goroutine may be suspended in i, so that a frame of the function is saved.
func (f *Facts) Suspends(i ssa.Instruction) bool {
	c, ok := i.(*ssa.Call)
	return suspend.Operation(i) != "" || ok && f.Site(c)
}

// Waits reports whether i suspends for more than the moments that a lock is held.
func (f *Facts) Waits(i ssa.Instruction) bool {
	chain := f.ChainOf(i)
	return len(chain) > 0 && f.Suspends(i) && !suspend.Lock(chain[len(chain)-1].What)
}

// Left reports whether the package that is imported from path is never compiled, but for copies of its functions.
func (f *Facts) Left(path string) bool {
	for _, s := range f.imported {
		if s.Path == path {
			return s.Std || s.Left
		}
	}
	return false
}

// Chain says why fn may suspend, from it down to the operation; nil if it may not.
func (f *Facts) Chain(fn *ssa.Function) []vet.Step { return f.chain(f.coloured(fn)) }

// ChainOf says why i may suspend, from the call or operation that it is down to the operation; nil if it may not.
func (f *Facts) ChainOf(i ssa.Instruction) []vet.Step {
	if op := suspend.Operation(i); op != "" {
		pos := suspend.Position(i)
		return []vet.Step{{Pos: pos, Where: f.position(pos), What: op}}
	}
	c, _ := i.(ssa.CallInstruction)
	r := f.solved().sites[c]
	if r == nil {
		return nil
	}
	return append([]vet.Step{f.calls(r.call, r.to)}, f.chain(r.to)...)
}

func (f *Facts) chain(fn *inst) (out []vet.Step) {
	s := f.solved()
	for fn != nil {
		w := s.why[fn]
		if w == nil {
			break
		}
		if w.op != nil {
			out = append(out, f.step(fn, w.op.At, w.op.Pos, w.op.What))
		} else if !fn.Wrapper {
			out = append(out, f.calls(w.via, w.to))
		}
		fn = w.to
	}
	return out
}

func (f *Facts) calls(c *call, to *inst) vet.Step {
	for to.Wrapper && f.solved().why[to].to != nil { // it only calls
		to = f.solved().why[to].to
	}
	return f.step(c.from, c.At, c.Pos, "calls "+to.title())
}

func (f *Facts) step(fn *inst, n int32, where, what string) vet.Step {
	s := vet.Step{Where: where, What: what}
	switch i := f.solved().places[at{fn.name, n}]; {
	case i != nil:
		s.Pos = suspend.Position(i)
	case fn.pkg.Module != "" && fn.pkg.Module == f.own.Module:
		s.Where = path.Join(strings.TrimPrefix(strings.TrimPrefix(fn.pkg.Path, fn.pkg.Module), "/"), where)
	default:
		s.Where = path.Join(fn.pkg.Path, where)
	}
	return s
}

// title is the name of a function for a sentence.
func (f *inst) title() string { return flow.Title(f.name) }

// solve colours the program.
func (f *Facts) solve() *solution {
	pkgs := append([]*Summary{f.own}, f.imported...)
	p := newProgram(pkgs)
	p.solve(pkgs)
	s := &solution{
		colouring: p.colours(func(s *Summary) bool { return s == f.own || !s.Std && s.Module == f.own.Module }),
		reasons:   map[*ssa.Function]*inst{}, sites: map[ssa.CallInstruction]*reached{}, places: map[at]ssa.Instruction{},
		backs: backs(f.imported),
	}
	for name, fn := range f.names {
		n := int32(0)
		for i := range flow.Instructions(fn) {
			s.places[at{name, n}] = i
			n++
		}
	}
	for _, fn := range p.order {
		if fn.Function == nil || fn.pkg != f.own {
			continue
		}
		if s.why[fn] != nil && s.reasons[f.names[fn.name]] == nil {
			s.reasons[f.names[fn.name]] = fn
		}
		for _, c := range fn.calls {
			if to := s.site(c); to != nil {
				if i, ok := s.places[at{fn.name, c.At}].(ssa.CallInstruction); ok && s.sites[i] == nil {
					s.sites[i] = &reached{c, to}
				}
			}
		}
	}
	return s
}

func run(pass *analysis.Pass) (any, error) {
	in := pass.ResultOf[buildssa.Analyzer].(*buildssa.SSA)
	f := &Facts{speller: speller{fset: pass.Fset, known: map[types.Type]string{}}, fns: functions(pass.Fset, in)}
	for _, p := range pass.AllPackageFacts() {
		if s, ok := p.Fact.(*Summary); ok && p.Package != pass.Pkg {
			f.imported = append(f.imported, s)
		}
	}
	slices.SortFunc(f.imported, func(a, b *Summary) int { return cmp.Compare(a.Path, b.Path) })
	f.own, f.names = summarize(pass, in, f.fns)
	fact, err := f.own.pack(exported(pass, f.own, f.imported))
	if err != nil {
		return nil, err
	}
	pass.ExportPackageFact(fact)
	f.solved = sync.OnceValue(f.solve)
	return f, nil
}

// functions lists the functions of a package with the literals in the values of variables, in source order.
func functions(fset *token.FileSet, in *buildssa.SSA) []*ssa.Function {
	fns := slices.Clone(in.SrcFuncs)
	var add func(*ssa.Function)
	add = func(fn *ssa.Function) {
		for _, literal := range fn.AnonFuncs {
			fns = append(fns, literal)
			add(literal)
		}
	}
	add(in.Pkg.Func("init"))
	slices.SortStableFunc(fns, func(a, b *ssa.Function) int { return suspend.ComparePos(fset, a.Pos(), b.Pos()) })
	return fns
}
