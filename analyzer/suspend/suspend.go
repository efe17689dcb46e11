// Package suspend finds which functions may suspend (are coloured) and at which calls.
//
// A function may suspend when it can reach a suspending operation: a channel operation, select, sleep, lock or wait. The search
// goes backwards from those operations over a call graph that is sound for interfaces and func values (CHA refined by
// VTA), through the functions of the compiled packages, and of the library functions that can be compiled along with them. A call back from
// any other code pins the goroutine at run time instead, so colour never flows through it.
//
// Invariants others rely on:
//  1. A function that is not coloured never suspends, so its text may stay as the user wrote it.
//  2. A call site that is not coloured never returns suspending, so it needs no check.
//  3. Every coloured function has a reason chain that ends in a suspending operation.
package suspend

import (
	"go/token"
	"go/types"
	"strings"

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

// Options say what is coloured. The zero value colours what has to be in a program of one process.
type Options struct {
	All bool // every compiled function
	// Shares reports whether processes may share the channels that fn closes, or asks for their length, what it uses atomically, tries to lock or does once, and a sync.Locker: these are
	// operations then. Nil: they do not.
	Shares func(fn *ssa.Function) bool
}

// Facts is the colouring of one program.
type Facts struct {
	Options
	coloured map[*ssa.Function]*Reason
	sites    map[ssa.CallInstruction]bool
	callees  map[*ssa.Function]map[ssa.CallInstruction][]*ssa.Function
	graph    *callgraph.Graph
	fns      []*ssa.Function          // of the program, in order
	carries  func(*ssa.Function) bool // colour flows through the function
}

// Coloured reports whether fn may suspend.
func (f *Facts) Coloured(fn *ssa.Function) bool { return f.coloured[fn] != nil }

// Reason returns why fn is coloured, or nil.
func (f *Facts) Reason(fn *ssa.Function) *Reason { return f.coloured[fn] }

// Site reports whether the call may suspend.
func (f *Facts) Site(c ssa.CallInstruction) bool { return f.sites[c] }

// Callees lists what the call may call.
func (f *Facts) Callees(c ssa.CallInstruction) []*ssa.Function {
	caller := c.Parent()
	sites, ok := f.callees[caller]
	if !ok {
		sites = map[ssa.CallInstruction][]*ssa.Function{}
		if n := f.graph.Nodes[caller]; n != nil {
			for _, e := range n.Out {
				if e.Site != nil {
					sites[e.Site] = append(sites[e.Site], e.Callee.Func)
				}
			}
		}
		f.callees[caller] = sites
	}
	return sites[c]
}

// Functions lists the functions of the program for which is returns true, in source order.
func (f *Facts) Functions(is func(*ssa.Function) bool) []*ssa.Function {
	var out []*ssa.Function
	for _, fn := range f.fns {
		if is(fn) {
			out = append(out, fn)
		}
	}
	return out
}

// Callers lists the calls that may call fn, in source order.
func (f *Facts) Callers(fn *ssa.Function) []ssa.CallInstruction {
	n := f.graph.Nodes[fn]
	if n == nil {
		return nil
	}
	var out []ssa.CallInstruction
	for _, e := range inOrder(n.In) {
		if e.Site != nil {
			out = append(out, e.Site)
		}
	}
	return out
}

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

// primitives are the library calls that suspend, by Name.
var primitives = map[string]string{
	"time.Sleep":             "sleep",
	"(*sync.Mutex).Lock":     "sync.Mutex.Lock",
	"(*sync.RWMutex).Lock":   "sync.RWMutex.Lock",
	"(*sync.RWMutex).RLock":  "sync.RWMutex.RLock",
	"(*sync.WaitGroup).Wait": "sync.WaitGroup.Wait",
	"(*sync.Cond).Wait":      "sync.Cond.Wait",
	"hark_event.next":        "event",
}

// conduits are library functions that only call the function they are given: they may suspend if it may. Package rt has them.
var conduits = map[string]bool{
	"(*sync.Once).Do":     true,
	"(*sync.Once).doSlow": true,
}

// Name is fn.String(), of a function of harkgen's own that is compiled with the program (transform/glue) without the module: "hark_event.next".
func Name(fn *ssa.Function) string {
	name := fn.String()
	if i := strings.LastIndex(name, "/hark_"); i >= 0 {
		return name[i+1:]
	}
	return name
}

// Primitive returns the name of the suspending operation that calling fn is, or "".
func Primitive(fn *ssa.Function) string {
	if fn == nil || fn.Pkg == nil && fn.Synthetic != "" {
		return ""
	}
	return primitives[Name(fn)]
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

// Operation is the function Operation, with what is one only in a program of several processes.
func (f *Facts) Operation(instr ssa.Instruction) string {
	if op := Operation(instr); op != "" || f.Shares == nil {
		return op
	}
	var c *ssa.CallCommon
	switch i := instr.(type) {
	case *ssa.Call:
		c = &i.Call
	case *ssa.Defer:
		c = &i.Call
	default:
		return ""
	}
	op := ChannelBuiltin(c)
	if op == "" {
		op = SharedCall(c.StaticCallee())
	}
	if op == "" && LockerCall(c) == "Lock" {
		op = "sync.Locker.Lock"
	}
	if callee := c.StaticCallee(); callee != nil && callee.String() == "(*sync.Once).Do" { // others wait until it is done
		op = "sync.Once.Do"
	}
	if op == "" || !f.Shares(instr.Parent()) {
		return ""
	}
	return op
}

// SharedCall returns the name of the operation that calling fn is where processes may share what it works on, or "": a function of package sync/atomic, one that
// tries to lock, or a method of sync.Map.
func SharedCall(fn *ssa.Function) string {
	if fn == nil {
		return ""
	}
	if o := fn.Origin(); o != nil {
		fn = o
	}
	o, ok := fn.Object().(*types.Func)
	if !ok || o.Pkg() == nil || fn.Synthetic != "" {
		return ""
	}
	switch path := o.Pkg().Path(); {
	case path == "sync/atomic" && !strings.HasSuffix(o.Name(), "Pointer"): // those of unsafe pointers
		return "sync/atomic"
	case path == "sync" && (strings.HasPrefix(o.Name(), "Try") || strings.HasPrefix(o.FullName(), "(*sync.Map).")):
		return strings.NewReplacer("(*", "", ")", "").Replace(o.FullName())
	}
	return ""
}

// LockerCall returns the name of the method if c calls one of a sync.Locker, or of an interface with the same methods; or "".
func LockerCall(c *ssa.CallCommon) string {
	if !c.IsInvoke() {
		return ""
	}
	t, ok := c.Value.Type().Underlying().(*types.Interface)
	if !ok || t.NumMethods() != 2 || t.Method(0).Name() != "Lock" || t.Method(1).Name() != "Unlock" {
		return ""
	}
	for m := range t.Methods() {
		if s := m.Signature(); s.Params().Len() > 0 || s.Results().Len() > 0 {
			return ""
		}
	}
	return c.Method.Name()
}

// ChannelBuiltin returns "close" or "len" if c is that of a channel, or "".
func ChannelBuiltin(c *ssa.CallCommon) string {
	b, ok := c.Value.(*ssa.Builtin)
	if !ok || b.Name() != "close" && b.Name() != "len" {
		return ""
	}
	if _, ok := c.Args[0].Type().Underlying().(*types.Chan); !ok {
		return ""
	}
	return b.Name()
}

// Conduit reports whether fn only calls the function that it is given: it has no operations itself.
func Conduit(fn *ssa.Function) bool { return conduits[fn.String()] }

// quiet are the library packages whose functions wait for moments only. Their goroutines are coloured, nothing else.
var quiet = map[string]bool{"context": true}

// Quiet reports whether the library package of that path is one whose functions wait for moments only.
func Quiet(path string) bool { return quiet[path] }

// Lock reports whether an operation only locks: where a library does so, it is for moments.
func Lock(op string) bool { return strings.HasSuffix(op, "Lock") }

// isQuiet reports whether fn is of a quiet package and not what a goroutine of it runs. In a program of several processes, what cancels a context waits until all
// processes agree on it.
func (f *Facts) isQuiet(fn *ssa.Function) bool {
	if f.Shares != nil && cancels(fn) {
		return false
	}
	top := fn
	for top.Parent() != nil {
		top = top.Parent()
	}
	if top.Pkg == nil || !quiet[top.Pkg.Pkg.Path()] {
		return false
	}
	if fn.Parent() != nil {
		for _, b := range fn.Parent().Blocks {
			for _, i := range b.Instrs {
				if g, ok := i.(*ssa.Go); ok && g.Call.StaticCallee() == fn {
					return false
				}
			}
		}
	}
	return true
}

// The functions of package context, as it is compiled along, that cancel, and wait for it.
const (
	contextCancel = "context.hark_cancel"
	contextAwait  = "context.hark_await"
)

// cancels reports whether fn is one of them, or calls it.
func cancels(fn *ssa.Function) bool {
	if name := fn.String(); name == contextCancel || name == contextAwait {
		return true
	}
	for _, b := range fn.Blocks {
		for _, i := range b.Instrs {
			if c, ok := i.(ssa.CallInstruction); ok && c.Common().StaticCallee() != nil && c.Common().StaticCallee().String() == contextCancel {
				return true
			}
		}
	}
	return false
}

// Analyze colours the functions for which compiled is true, and those for which along is true if they may suspend: functions
// that can be compiled as well.
func Analyze(prog *ssa.Program, compiled, along func(*ssa.Function) bool, o Options) *Facts {
	fns := ssautil.AllFunctions(prog)
	f := &Facts{Options: o, fns: sorted(fns), graph: vta.CallGraph(fns, cha.CallGraph(prog))}
	return f.Again(compiled, along)
}

// Again is Analyze of the same program for other functions.
func (f *Facts) Again(compiled, along func(*ssa.Function) bool) *Facts {
	f = &Facts{
		Options:  f.Options,
		fns:      f.fns,
		graph:    f.graph,
		coloured: map[*ssa.Function]*Reason{},
		sites:    map[ssa.CallInstruction]bool{},
		callees:  map[*ssa.Function]map[ssa.CallInstruction][]*ssa.Function{},
		carries: func(fn *ssa.Function) bool {
			return compiled(fn) || isWrapper(fn) || Conduit(fn) || along(fn) && !f.isQuiet(fn)
		},
	}
	var roots []*ssa.Function
	for _, fn := range f.fns {
		forced := f.All && compiled(fn)
		if !forced && !f.operates(fn, compiled(fn)) || !f.carries(fn) || Conduit(fn) {
			continue
		}
		if r := f.own(fn, forced); r != nil {
			f.coloured[fn] = r
			roots = append(roots, fn)
		}
	}
	f.spread(roots)
	return f
}

// isWrapper reports whether go/ssa has made fn to call another function (of a promoted method, of a method value). Wrappers carry colour
// like the user's functions.
func isWrapper(fn *ssa.Function) bool {
	return fn.Synthetic != "" && fn.Pkg == nil && fn.Origin() == nil
}

// operates reports whether fn itself has a suspending operation. Without locks, those do not count: a library locks for moments only.
func (f *Facts) operates(fn *ssa.Function, locks bool) bool {
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			if op := f.Operation(instr); op != "" && (locks || !Lock(op)) {
				return true
			}
		}
	}
	return false
}

// Reached lists the functions for which through is true that those for which from is true may call, by way of each other.
func (f *Facts) Reached(from, through func(*ssa.Function) bool) []*ssa.Function {
	seen := map[*ssa.Function]bool{}
	var out, work []*ssa.Function
	for _, fn := range f.fns {
		if from(fn) {
			work = append(work, fn)
		}
	}
	for ; len(work) > 0; work = work[1:] {
		n := f.graph.Nodes[work[0]]
		if n == nil {
			continue
		}
		for _, e := range n.Out {
			callee := e.Callee.Func
			if seen[callee] || !through(callee) && !isWrapper(callee) {
				continue
			}
			seen[callee] = true
			work = append(work, callee)
			if through(callee) {
				out = append(out, callee)
			}
		}
	}
	return out
}

// own finds the first operation of fn that suspends, and notes the calls among them.
func (f *Facts) own(fn *ssa.Function, all bool) *Reason {
	var first *Reason
	for _, b := range fn.Blocks {
		for _, instr := range b.Instrs {
			op := f.Operation(instr)
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
			if e.Site == nil {
				continue
			}
			if _, ok := e.Site.(*ssa.Go); ok {
				f.sites[e.Site] = true
				continue // the new goroutine suspends, not this one
			}
			if !f.carries(e.Caller.Func) {
				continue
			}
			f.sites[e.Site] = true
			if caller := e.Caller.Func; f.coloured[caller] == nil {
				f.coloured[caller] = &Reason{Pos: e.Site.Pos(), What: "calls " + work[0].String(), Via: work[0]}
				work = append(work, caller)
			}
		}
	}
}
