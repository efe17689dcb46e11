package repeat

import (
	"fmt"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/colour"
	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/analyzer/vet"
)

// This file finds which functions have effects: of those that do not wait, since the effects of the others are reported where they are.

// A summary is the fact about a function that it has effects: the first that it has in any case, and the first for each parameter that decides.
type summary struct{ Effects []effect }

func (*summary) AFact() {}

func (s *summary) String() string {
	var words []string
	for _, e := range s.Effects {
		if e.Param != 0 {
			words = append(words, fmt.Sprintf("parameter %d decides", e.Param))
			continue
		}
		words = append(words, e.What)
	}
	return "effects: " + strings.Join(words, ", ")
}

// longest is how many calls there may be between a function and its effect: what is farther away is the affair of others.
const longest = 6

// A pass is the analysis of one package.
type pass struct {
	*analysis.Pass
	colour *colour.Facts
	own    map[*ssa.Function]*summary
}

// replaced begins the paths of packages in whose place harkgen has its own.
const replaced = "github.com/aws/aws-lambda-go/"

// summarise finds the effects of the functions of the package, and tells others that import it of them; but what the standard library does the tables say.
func (p *pass) summarise() {
	for more := true; more; {
		more = false
		for _, fn := range p.colour.Functions() {
			more = p.function(fn) || more
		}
	}
	if p.Pkg.Name() == "main" || p.colour.Standard() || strings.HasPrefix(p.Pkg.Path(), replaced) {
		return
	}
	for fn, s := range p.own {
		if o, ok := fn.Object().(*types.Func); ok && o.Exported() {
			p.export(o, s)
		}
	}
}

// function adds what is new about fn, and reports whether there was something. Whether fn may wait is asked last: to find that out takes time.
func (p *pass) function(fn *ssa.Function) (more bool) {
	for i := range flow.Instructions(fn) {
		c, ok := i.(ssa.CallInstruction)
		if !ok {
			continue
		}
		for _, e := range p.effects(c) {
			if p.new(fn, e) && !p.colour.Coloured(fn) {
				p.add(fn, c, e)
				more = true
			}
		}
	}
	return more
}

// new reports whether nothing like e is known of fn.
func (p *pass) new(fn *ssa.Function, e effect) bool {
	if len(e.Steps) > longest {
		return false
	}
	s := p.own[fn]
	return s == nil || !slices.ContainsFunc(s.Effects, func(o effect) bool { return o.Param == e.Param })
}

// add notes that fn has effect e, by call c.
func (p *pass) add(fn *ssa.Function, c ssa.CallInstruction, e effect) {
	s := p.own[fn]
	if s == nil {
		s = &summary{}
		p.own[fn] = s
	}
	e.Loop = e.Loop || flow.Repeats(c.Block())
	s.Effects = append(s.Effects, e)
}

// effects lists what c does, with the steps from c on.
func (p *pass) effects(c ssa.CallInstruction) []effect {
	if e, ok := direct(c); ok {
		if e.made != nil && p.saved(e.made, c) || vet.Acknowledged(p.Pass, suspend.Position(c)) {
			return nil
		}
		e.Steps = []vet.Step{p.step(c, flow.Callee(c.Common()))}
		return []effect{e}
	}
	callee := c.Common().StaticCallee()
	s := p.of(callee)
	if s == nil || p.colour.Site(c) {
		return nil
	}
	var out []effect
	for _, e := range s.Effects {
		if e.Param != 0 {
			var ok bool
			param := e.Param
			if e, ok = decide(e, c.Common().Args[param-1]); !ok {
				continue
			}
			if e.Kind == request || e.Kind == method {
				if e, ok = identified(e, headerKey(c.Parent())); !ok {
					continue
				}
			}
		}
		e.Steps = append([]vet.Step{p.step(c, "calls "+flow.Title(callee.String()))}, e.Steps...)
		out = append(out, e)
	}
	return out
}

// of is what is known of fn, nil if nothing.
func (p *pass) of(fn *ssa.Function) *summary {
	if fn == nil {
		return nil
	}
	if o := fn.Origin(); o != nil {
		fn = o
	}
	if s := p.own[fn]; s != nil {
		return s
	}
	o, ok := fn.Object().(*types.Func)
	var s summary
	if ok && o.Pkg() != p.Pkg && p.ImportObjectFact(o, &s) {
		return &s
	}
	return nil
}

// export tells importers of the effects of a function.
func (p *pass) export(o *types.Func, s *summary) {
	out := &summary{}
	for _, e := range s.Effects {
		if e.Kind == connection {
			continue
		}
		e.Steps = vet.Exported(p.Pkg.Path(), e.Steps)
		out.Effects = append(out.Effects, e)
	}
	if len(out.Effects) > 0 {
		p.ExportObjectFact(o, out)
	}
}

func (p *pass) step(i ssa.Instruction, what string) vet.Step {
	pos := suspend.Position(i)
	return vet.Step{Pos: pos, Where: flow.Where(p.Fset, pos), What: what}
}
