// Package suspend finds which functions may suspend (are coloured) and at which calls.
//
// A function may suspend when it can reach a suspending operation: a channel operation, select, sleep, lock or wait. The search
// goes backwards from those operations over a call graph that is sound for interfaces and func values (CHA refined by
// VTA), through the functions of the compiled packages only: a call back from code that is not compiled pins the goroutine at
// run time instead, so colour never flows through foreign code.
//
// Invariants others rely on:
//  1. A function that is not coloured never suspends, so its text may stay as the user wrote it.
//  2. A call site that is not coloured never returns suspending, so it needs no check.
//  3. Every coloured function has a reason chain that ends in a suspending operation.
package suspend

import (
	"go/token"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/callgraph/cha"
	"golang.org/x/tools/go/callgraph/vta"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
)

// A Reason says why a function is coloured: an operation of its own, or a call of another coloured function.
type Reason struct {
	Pos  token.Pos
	What string        // "channel receive", "calls main.worker"
	Via  *ssa.Function // the callee; nil when the function itself suspends
}

// Facts is the colouring of one program.
type Facts struct {
	All      bool // every compiled function is coloured
	coloured map[*ssa.Function]*Reason
	sites    map[ssa.CallInstruction]bool
	callees  map[ssa.CallInstruction][]*ssa.Function
	graph    *callgraph.Graph
	carries  func(*ssa.Function) bool // colour flows through the function
}

// Coloured reports whether fn may suspend.
func (f *Facts) Coloured(fn *ssa.Function) bool { return f.coloured[fn] != nil }

// Reason returns why fn is coloured, or nil.
func (f *Facts) Reason(fn *ssa.Function) *Reason { return f.coloured[fn] }

// Site reports whether the call may suspend.
func (f *Facts) Site(c ssa.CallInstruction) bool { return f.sites[c] }

// Callees lists what the call may call.
func (f *Facts) Callees(c ssa.CallInstruction) []*ssa.Function { return f.callees[c] }

// Chain spells out why fn is coloured, from fn down to the operation, one step a string.
func (f *Facts) Chain(fset *token.FileSet, fn *ssa.Function) []string {
	var out []string
	seen := map[*ssa.Function]bool{}
	for fn != nil && !seen[fn] {
		seen[fn] = true
		r := f.coloured[fn]
		if r == nil {
			break
		}
		out = append(out, fn.String()+": "+r.What+" at "+fset.Position(r.Pos).String())
		fn = r.Via
	}
	return out
}

// primitives are the library calls that suspend, by ssa.Function.String().
var primitives = map[string]string{
	"time.Sleep":             "sleep",
	"(*sync.Mutex).Lock":     "sync.Mutex.Lock",
	"(*sync.RWMutex).Lock":   "sync.RWMutex.Lock",
	"(*sync.RWMutex).RLock":  "sync.RWMutex.RLock",
	"(*sync.WaitGroup).Wait": "sync.WaitGroup.Wait",
	"(*sync.Cond).Wait":      "sync.Cond.Wait",
}

// conduits are library functions that only call the function they are given: they may suspend if it may. Package rt has them.
var conduits = map[string]bool{
	"(*sync.Once).Do":     true,
	"(*sync.Once).doSlow": true,
}

// Primitive returns the name of the suspending operation that calling fn is, or "".
func Primitive(fn *ssa.Function) string {
	if fn == nil || fn.Pkg == nil && fn.Synthetic != "" {
		return ""
	}
	return primitives[fn.String()]
}

// Operation returns the suspending operation that instr itself is, or "".
func Operation(instr ssa.Instruction) string {
	switch i := instr.(type) {
	case *ssa.Send:
		return "chan send"
	case *ssa.UnOp:
		if i.Op == token.ARROW {
			return "chan receive"
		}
	case *ssa.Select:
		return "select"
	case *ssa.Call:
		return Primitive(i.Call.StaticCallee())
	case *ssa.Defer:
		return Primitive(i.Call.StaticCallee())
	}
	return ""
}

// Analyze colours the functions for which compiled is true. With all, it colours every one of them.
func Analyze(prog *ssa.Program, compiled func(*ssa.Function) bool, all bool) *Facts {
	fns := ssautil.AllFunctions(prog)
	f := &Facts{
		All:      all,
		coloured: map[*ssa.Function]*Reason{},
		sites:    map[ssa.CallInstruction]bool{},
		callees:  map[ssa.CallInstruction][]*ssa.Function{},
		graph:    vta.CallGraph(fns, cha.CallGraph(prog)),
		// Wrappers that go/ssa makes (promoted methods, method values) carry colour like the user's functions.
		carries: func(fn *ssa.Function) bool {
			return compiled(fn) || fn.Synthetic != "" && fn.Pkg == nil && fn.Origin() == nil || conduits[fn.String()]
		},
	}
	var roots []*ssa.Function
	for _, fn := range sorted(fns) {
		if f.carries(fn) && !conduits[fn.String()] {
			if r := f.own(fn, all && compiled(fn)); r != nil {
				f.coloured[fn] = r
				roots = append(roots, fn)
			}
		}
	}
	f.spread(roots)
	f.recordCallees()
	return f
}

// own finds the first operation of fn that suspends, and notes the calls among them.
func (f *Facts) own(fn *ssa.Function, all bool) *Reason {
	var first *Reason
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			op := Operation(instr)
			if op == "" {
				continue
			}
			if first == nil {
				first = &Reason{Pos: instr.Pos(), What: op}
			}
			if c, ok := instr.(ssa.CallInstruction); ok {
				f.sites[c] = true
			}
		}
	}
	if first == nil && all && len(fn.Blocks) > 0 {
		first = &Reason{Pos: fn.Pos(), What: "everything is compiled"}
	}
	return first
}

// Colour colours fn, and whatever calls it, for another reason than an operation.
func (f *Facts) Colour(fn *ssa.Function, r *Reason) {
	if f.coloured[fn] == nil {
		f.coloured[fn] = r
		f.spread([]*ssa.Function{fn})
	}
}

// spread colours the callers of coloured functions.
func (f *Facts) spread(work []*ssa.Function) {
	for ; len(work) > 0; work = work[1:] {
		n := f.graph.Nodes[work[0]]
		if n == nil {
			continue
		}
		for _, e := range inOrder(n.In) {
			if e.Site == nil || !f.carries(e.Caller.Func) {
				continue
			}
			f.sites[e.Site] = true
			if _, ok := e.Site.(*ssa.Go); ok {
				continue // the new goroutine suspends, not this one
			}
			if caller := e.Caller.Func; f.coloured[caller] == nil {
				f.coloured[caller] = &Reason{Pos: e.Site.Pos(), What: "calls " + work[0].String(), Via: work[0]}
				work = append(work, caller)
			}
		}
	}
}

func (f *Facts) recordCallees() {
	for fn, n := range f.graph.Nodes {
		if fn == nil || !f.carries(fn) {
			continue
		}
		for _, e := range n.Out {
			if e.Site != nil {
				f.callees[e.Site] = append(f.callees[e.Site], e.Callee.Func)
			}
		}
	}
}
