package unmovable

import (
	"fmt"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/vet"
)

// This file finds which functions return what they, or others that they call, have opened.

// An Opened is what a result of a function holds, if it holds anything.
type Opened struct {
	Result int
	Kind   string
	Steps  []vet.Step // from the call in the function to the one that opens it
}

// Openers knows what functions return. It is made for one program or one package.
type Openers struct {
	known    map[*ssa.Function][]Opened
	imported func(*ssa.Function) []Opened
	step     func(c *ssa.Call, what string) vet.Step
}

// NewOpeners returns Openers that ask imported of functions without a body; nil: nothing is known of these.
func NewOpeners(imported func(*ssa.Function) []Opened, step func(c *ssa.Call, what string) vet.Step) *Openers {
	return &Openers{known: map[*ssa.Function][]Opened{}, imported: imported, step: step}
}

// longest is how many calls there may be between a function and what opens something.
const longest = 6

// of says what the results of a call hold. The first step is the call.
func (o *Openers) of(c *ssa.Call) []Opened {
	name := flow.Callee(&c.Call)
	if kind := openers[name]; kind != "" {
		return []Opened{{0, kind, []vet.Step{o.step(c, name+" makes "+kind)}}}
	}
	var out []Opened
	for _, r := range o.function(c.Call.StaticCallee()) {
		if len(r.Steps) < longest {
			r.Steps = append([]vet.Step{o.step(c, "calls "+flow.Title(name))}, r.Steps...)
			out = append(out, r)
		}
	}
	return out
}

// function says what the results of fn hold. Of the standard library the table says it.
func (o *Openers) function(fn *ssa.Function) []Opened {
	if fn == nil || library.Standard(library.PathOf(fn)) || fn.Signature.Results().Len() == 0 {
		return nil
	}
	if g := fn.Origin(); g != nil && len(fn.Blocks) == 0 {
		fn = g
	}
	if out, ok := o.known[fn]; ok {
		return out
	}
	o.known[fn] = nil // while it is asked for
	var out []Opened
	switch {
	case len(fn.Blocks) > 0:
		for i := range fn.Signature.Results().Len() {
			if r, ok := o.result(fn, i); ok {
				out = append(out, r)
			}
		}
	case o.imported != nil:
		out = o.imported(fn)
	}
	o.known[fn] = out
	return out
}

// result says what result i of fn holds.
func (o *Openers) result(fn *ssa.Function, i int) (Opened, bool) {
	seen := map[ssa.Value]bool{}
	for instr := range flow.Instructions(fn) {
		ret, ok := instr.(*ssa.Return)
		if !ok || i >= len(ret.Results) {
			continue
		}
		if r, ok := o.value(ret.Results[i], seen); ok {
			r.Result = i
			return r, true
		}
	}
	return Opened{}, false
}

// value says what v holds.
func (o *Openers) value(v ssa.Value, seen map[ssa.Value]bool) (Opened, bool) {
	if seen[v] {
		return Opened{}, false
	}
	seen[v] = true
	switch v := v.(type) {
	case *ssa.Extract:
		if c, ok := v.Tuple.(*ssa.Call); ok {
			return o.call(c, v.Index, seen)
		}
	case *ssa.Call:
		return o.call(v, 0, seen)
	case *ssa.MakeInterface:
		return o.value(v.X, seen)
	case *ssa.ChangeInterface:
		return o.value(v.X, seen)
	case *ssa.ChangeType:
		return o.value(v.X, seen)
	case *ssa.Phi:
		return o.any(v.Edges, seen)
	case *ssa.UnOp:
		if a, ok := v.X.(*ssa.Alloc); ok {
			return o.any(stored(a), seen)
		}
	}
	return Opened{}, false
}

func (o *Openers) any(vs []ssa.Value, seen map[ssa.Value]bool) (Opened, bool) {
	for _, v := range vs {
		if r, ok := o.value(v, seen); ok {
			return r, true
		}
	}
	return Opened{}, false
}

// call says what result i of a call holds.
func (o *Openers) call(c *ssa.Call, i int, seen map[ssa.Value]bool) (Opened, bool) {
	for _, r := range o.of(c) {
		if r.Result == i {
			return r, true
		}
	}
	if !wrappers[flow.Callee(&c.Call)] {
		return Opened{}, false
	}
	r, ok := o.any(c.Call.Args, seen)
	r.Kind = wrapping(r.Kind)
	return r, ok
}

// stored lists what is stored in a variable.
func stored(a *ssa.Alloc) (vs []ssa.Value) {
	for _, r := range *a.Referrers() {
		if s, ok := r.(*ssa.Store); ok && s.Addr == a {
			vs = append(vs, s.Val)
		}
	}
	return vs
}

// wrapping is the kind of what wraps something of a kind.
func wrapping(kind string) string {
	const holds = "something that holds "
	return holds + strings.TrimPrefix(kind, holds)
}

// opened is the fact about a function that it returns what was opened.
type opened struct{ Results []Opened }

func (*opened) AFact() {}

func (f *opened) String() string {
	var words []string
	for _, r := range f.Results {
		words = append(words, fmt.Sprintf("result %d is %s", r.Result, r.Kind))
	}
	return "opens: " + strings.Join(words, ", ")
}
