package suspend

import (
	"go/types"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/ssa"
)

// This file finds what should be compiled along with the program, of the packages that it uses:
//
//   - a package of another module, if a function of it that compiled code calls starts goroutines, waits for long, or
//     may call back compiled code that suspends;
//   - a function of the standard library, if compiled code calls it and it may call back so, or returns a function that is kept.
//
// Locks do not count there: they are held for a moment, unless something is called back meanwhile.

// A Kind says what becomes of a function.
type Kind int

const (
	Left     Kind = iota // it cannot be compiled
	Compiled             // it is
	Package              // it can be compiled with its package
	Function             // it can be compiled
)

// Along lists the functions of kinds Package and Function that should be compiled, in no order.
func (w *World) Along(kind func(*ssa.Function) Kind) []*ssa.Function {
	a := &along{World: w, kind: map[*ssa.Function]Kind{}, members: map[*ssa.Package][]*ssa.Function{}, found: map[*ssa.Function]bool{}, seen: map[*ssa.Function]bool{}}
	var work, roots []*ssa.Function
	for fn := range w.fns {
		k := kind(fn)
		a.kind[fn] = k
		switch k {
		case Compiled:
			work = append(work, fn)
		case Package:
			a.members[packageOf(fn)] = append(a.members[packageOf(fn)], fn)
		}
	}
	a.facts = w.facts(func(fn *ssa.Function) bool { return a.kind[fn] != Left }, false)
	for fn := range w.fns {
		if r := a.reason(fn); r != nil && a.facts.carries(fn) {
			a.facts.coloured[fn] = r
			roots = append(roots, fn)
		}
	}
	a.facts.spread(roots)
	for ; len(work) > 0; work = work[1:] {
		work = append(work, a.calls(work[0])...)
	}
	var out []*ssa.Function
	for fn := range a.found {
		out = append(out, fn)
	}
	return out
}

type along struct {
	*World
	facts   *Facts
	kind    map[*ssa.Function]Kind
	members map[*ssa.Package][]*ssa.Function // of packages that can be compiled
	found   map[*ssa.Function]bool
	seen    map[*ssa.Function]bool
}

func packageOf(fn *ssa.Function) *ssa.Package { return outermost(fn).Pkg }

// outermost is the function that fn is nested in, and of an instance the generic function.
func outermost(fn *ssa.Function) *ssa.Function {
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	if o := fn.Origin(); o != nil {
		return o
	}
	return fn
}

// reason says why fn, if it is compiled, must be treated as one that suspends.
func (a *along) reason(fn *ssa.Function) *Reason {
	kind := a.kind[fn]
	for _, b := range fn.Blocks {
		for _, i := range b.Instrs {
			c, isCall := i.(ssa.CallInstruction)
			op := Operation(i)
			_, starts := i.(*ssa.Go)
			switch {
			case kind == Compiled && op != "", kind != Compiled && op != "" && !(isCall && isLock(c.Common().StaticCallee())):
				return &Reason{Pos: i.Pos(), What: op}
			case kind == Package && (starts || isCall && (a.startsTimer(c) || a.keepsFunction(c))):
				return &Reason{Pos: i.Pos(), What: "starts goroutines"}
			}
		}
	}
	return nil
}

func isLock(fn *ssa.Function) bool {
	switch primitives[fn.String()] {
	case "sync.Mutex.Lock", "sync.RWMutex.Lock", "sync.RWMutex.RLock":
		return true
	}
	return false
}

func (a *along) startsTimer(c ssa.CallInstruction) bool {
	fn := c.Common().StaticCallee()
	return fn != nil && fn.String() == "time.AfterFunc"
}

// calls notes what fn, which is compiled, calls and should be compiled too, and returns what is compiled with it.
func (a *along) calls(fn *ssa.Function) (more []*ssa.Function) {
	if a.seen[fn] || a.graph.Nodes[fn] == nil {
		return nil
	}
	a.seen[fn] = true
	for _, e := range a.graph.Nodes[fn].Out {
		more = append(more, a.edge(e)...)
	}
	return more
}

func (a *along) edge(e *callgraph.Edge) []*ssa.Function {
	to := e.Callee.Func
	switch a.kind[to] {
	case Package:
		if a.facts.Coloured(to) && !a.found[outermost(to)] {
			a.found[outermost(to)] = true
			return a.members[packageOf(to)]
		}
	case Function:
		if a.facts.Coloured(to) || a.keepsFunction(e.Site) {
			a.found[outermost(to)] = true
			return append([]*ssa.Function{to}, to.AnonFuncs...)
		}
	case Left:
		if a.facts.carries(to) { // a wrapper
			return []*ssa.Function{to}
		}
	}
	return nil
}

// keepsFunction reports whether c calls a function of the library that returns a function, and this is more than called or passed on to
// the library.
func (a *along) keepsFunction(c ssa.CallInstruction) bool {
	call, ok := c.(*ssa.Call)
	if !ok {
		return false
	}
	callee := call.Call.StaticCallee()
	if callee == nil || a.kind[callee] != Function {
		return false
	}
	if t, ok := call.Type().(*types.Tuple); ok {
		for i := range t.Len() {
			if isFunc(t.At(i).Type()) {
				return true
			}
		}
		return false
	}
	return isFunc(call.Type()) && a.kept(call)
}

func isFunc(t types.Type) bool {
	_, ok := t.Underlying().(*types.Signature)
	return ok
}

func (a *along) kept(call *ssa.Call) bool {
	for _, r := range *call.Referrers() {
		switch r := r.(type) {
		case *ssa.DebugRef:
			continue
		case *ssa.ChangeType:
			return true
		case ssa.CallInstruction:
			callee := r.Common().StaticCallee()
			if r.Common().Value == call || callee != nil && (a.kind[callee] == Left || a.kind[callee] == Function) {
				continue
			}
		}
		return true
	}
	return false
}
