package placement

import (
	"fmt"
	"go/token"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
)

// This file tells where values come from.
//
// A path is a register of some function, the root, and what is done with it: c.mu is the field mu of what is in c. Variables that are assigned once
// stand for what they are assigned, captured variables for those of the function that makes the closure, and parameters of functions with
// one caller for the arguments. So the path of an address in a goroutine begins, if it can, in the function that starts it; the root is of the activation that
// did. Two values with the same path, in one activation, are the same.

type path struct {
	root  ssa.Value
	steps []step
	via   []*ssa.Function // whose parameters and captured variables were replaced
}

type step struct {
	kind  stepKind
	field int
	index *path     // of an element
	v     ssa.Value // the value with this step
}

type stepKind byte

const (
	stepField stepKind = 'f'
	stepIndex stepKind = 'i'
	stepSlice stepKind = 's'
	stepLoad  stepKind = 'l'
)

func (x *path) then(s step) *path {
	return &path{x.root, append(x.steps[:len(x.steps):len(x.steps)], s), x.via}
}

// key tells paths apart. What is loaded counts as the same each time: see steady.
func (x *path) key() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%p", x.root)
	for _, s := range x.steps {
		fmt.Fprintf(&b, "%c%d", s.kind, s.field)
		switch {
		case s.index != nil:
			b.WriteString("(" + s.index.key() + ")")
		case s.kind == stepSlice:
			fmt.Fprintf(&b, "%p", s.v)
		}
	}
	return b.String()
}

// loads reports whether memory is read on the way.
func (x *path) loads() bool {
	for _, s := range x.steps {
		if s.kind == stepLoad {
			return true
		}
	}
	return false
}

// under returns the steps of x after those of y, if x begins with y.
func (x *path) under(y *path) (steps []step, ok bool) {
	if x.root != y.root || len(x.steps) < len(y.steps) {
		return nil, false
	}
	head := &path{root: x.root, steps: x.steps[:len(y.steps)]}
	return x.steps[len(y.steps):], head.key() == y.key()
}

// frame is the function whose register the path begins with, nil for a package variable.
func (x *path) frame() *ssa.Function { return x.root.Parent() }

// isFresh reports whether the root is memory made there, so that each execution makes another.
func (x *path) isFresh() bool {
	switch v := x.root.(type) {
	case *ssa.Alloc, *ssa.MakeMap, *ssa.MakeSlice, *ssa.MakeChan, *ssa.MakeClosure:
		return true
	case *ssa.Phi: // a variable of a for loop, which each iteration has anew
		return isLoopVariable(v)
	}
	return false
}

func isLoopVariable(v *ssa.Phi) bool {
	for _, e := range v.Edges {
		if _, ok := e.(*ssa.Alloc); !ok {
			return false
		}
	}
	return true
}

// origin returns the path of v.
func (p *prover) origin(v ssa.Value) *path {
	if x := p.paths[v]; x != nil {
		return x
	}
	p.paths[v] = &path{root: v} // for recursive functions, whose values come from themselves
	x := p.findOrigin(v)
	p.paths[v] = x
	return x
}

func (p *prover) findOrigin(v ssa.Value) *path {
	switch v := v.(type) {
	case *ssa.FieldAddr:
		return p.origin(v.X).then(step{kind: stepField, field: v.Field, v: v})
	case *ssa.IndexAddr:
		return p.origin(v.X).then(step{kind: stepIndex, index: p.origin(v.Index), v: v})
	case *ssa.Slice:
		if v.Low == nil { // an element has the same number
			return p.origin(v.X)
		}
		return p.origin(v.X).then(step{kind: stepSlice, v: v})
	case *ssa.ChangeType:
		return p.origin(v.X)
	case *ssa.ChangeInterface:
		return p.origin(v.X)
	case *ssa.MakeInterface:
		return p.origin(v.X)
	case *ssa.TypeAssert:
		if !v.CommaOk {
			return p.origin(v.X)
		}
	case *ssa.UnOp:
		if v.Op != token.MUL {
			break
		}
		from := p.origin(v.X)
		if a, ok := from.root.(*ssa.Alloc); ok && len(from.steps) == 0 {
			if st := p.assigned(a, v); st != nil {
				x := p.origin(st.Val)
				return &path{x.root, x.steps, joinVia(from.via, x.via)}
			}
			if a.Parent() == v.Parent() && from.via == nil && !p.variable(a).captured {
				break // what is in a variable of the function at that moment
			}
		}
		if len(from.steps) == 0 && v.Parent() == from.frame() {
			if phi, ok := from.root.(*ssa.Phi); ok && isLoopVariable(phi) {
				break
			}
		}
		return from.then(step{kind: stepLoad, v: v})
	case *ssa.FreeVar:
		if from := p.captures(v); from != nil {
			x := p.origin(from)
			return &path{x.root, x.steps, joinVia([]*ssa.Function{v.Parent()}, x.via)}
		}
	case *ssa.Parameter:
		if arg := p.argument(v); arg != nil {
			x := p.origin(arg)
			return &path{x.root, x.steps, joinVia([]*ssa.Function{v.Parent()}, x.via)}
		}
	}
	return &path{root: v}
}

func joinVia(a, b []*ssa.Function) []*ssa.Function { return append(a[:len(a):len(a)], b...) }

// captures returns what captured variable v is in the function that makes the closure, nil if that is not known.
func (p *prover) captures(v *ssa.FreeVar) ssa.Value {
	if m := p.madeBy(v.Parent()); m != nil {
		for k, fv := range v.Parent().FreeVars {
			if fv == v {
				return m.Bindings[k]
			}
		}
	}
	return nil
}

// argument returns what the only caller of its function gives for a parameter.
func (p *prover) argument(v *ssa.Parameter) ssa.Value {
	fn := v.Parent()
	sites, known := p.callers(fn)
	if !known || len(sites) != 1 || fn.Signature.Recv() != nil && sites[0].Common().IsInvoke() {
		return nil
	}
	for k, x := range fn.Params {
		if args := sites[0].Common().Args; x == v && len(args) == len(fn.Params) {
			return args[k]
		}
	}
	return nil
}

// madeBy returns the instruction that makes closures of fn, if there is one, and each is only called or started while the activation that made it is known to be
// the one meant: it is not kept elsewhere.
func (p *prover) madeBy(fn *ssa.Function) *ssa.MakeClosure {
	if fn.Parent() == nil {
		return nil
	}
	var only *ssa.MakeClosure
	for i := range flow.Instructions(fn.Parent()) {
		if m, ok := i.(*ssa.MakeClosure); ok && m.Fn == fn {
			if only != nil {
				return nil
			}
			only = m
		}
	}
	if only == nil || !p.confined(only, 0) {
		return nil
	}
	return only
}

// confined reports whether func value v is only called and started: by the function that makes it, by those that it is given to, and by closures of those.
func (p *prover) confined(v ssa.Value, depth int) bool {
	if depth > 4 {
		return false
	}
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.DebugRef:
		case *ssa.ChangeType:
			if !p.confined(r, depth) {
				return false
			}
		case *ssa.Store:
			a, ok := r.Addr.(*ssa.Alloc)
			if !ok || r.Val != v || !p.confinedIn(a, depth) {
				return false
			}
		case ssa.CallInstruction:
			if !p.confinedCall(r, v, depth) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// confinedIn is confined of what is in a variable.
func (p *prover) confinedIn(a *ssa.Alloc, depth int) bool {
	x := p.variable(a)
	if !x.plain() || len(x.stores) != 1 {
		return false
	}
	for _, l := range x.loads {
		if !p.confined(l, depth) {
			return false
		}
	}
	return true
}

func (p *prover) confinedCall(c ssa.CallInstruction, v ssa.Value, depth int) bool {
	callee := c.Common().StaticCallee()
	for k, arg := range c.Common().Args {
		if arg != v {
			continue
		}
		switch {
		case callee == nil:
			return false
		case p.Points.Analysed(callee):
			if k >= len(callee.Params) || !p.confined(callee.Params[k], depth+1) {
				return false
			}
		case !callsOnly(&p.model, callee) || library.Hides(callee) || returnsFunc(callee):
			return false
		}
	}
	return true
}

// returnsFunc reports whether a result of library function fn may hold a function that it is given, for others to call. An error of the standard library does not.
func returnsFunc(fn *ssa.Function) bool {
	for v := range fn.Signature.Results().Variables() {
		plain := library.IsError(v.Type()) && library.Standard(library.PathOf(fn))
		if !plain && library.HoldsFunc(v.Type()) {
			return true
		}
	}
	return false
}

// A variable says what is done with a variable that has memory of its own.
type variable struct {
	stores   []*ssa.Store
	loads    []*ssa.UnOp
	captured bool
	joined   bool // it is one of those that a loop has in turn
	other    bool // its address is used for more
}

// plain reports whether nothing is done with the variable but to load and store it.
func (x *variable) plain() bool { return !x.other && !x.joined }

func (p *prover) variable(a *ssa.Alloc) *variable {
	x := p.variables[a]
	if x == nil {
		x = &variable{}
		p.variables[a] = x
		x.add(a)
	}
	return x
}

func (x *variable) add(addr ssa.Value) {
	for _, r := range *addr.Referrers() {
		switch r := r.(type) {
		case *ssa.DebugRef:
		case *ssa.Store:
			switch {
			case r.Val == addr:
				x.other = true
			case !isLoadOf(r.Val, addr): // of a named result that is returned
				x.stores = append(x.stores, r)
			}
		case *ssa.UnOp:
			x.loads = append(x.loads, r)
		case *ssa.MakeClosure:
			x.captured = true
			for k, b := range r.Bindings {
				if b == addr {
					x.add(r.Fn.(*ssa.Function).FreeVars[k])
				}
			}
		case *ssa.Phi:
			if !isLoopVariable(r) {
				x.other = true
			}
			x.joined = true
		default:
			x.other = true
		}
	}
}

// assigned returns the only assignment to variable a, if it comes before load.
func (p *prover) assigned(a *ssa.Alloc, load *ssa.UnOp) *ssa.Store {
	x := p.variable(a)
	if !x.plain() || len(x.stores) != 1 || x.stores[0].Parent() != a.Parent() {
		return nil
	}
	st := x.stores[0]
	if load.Parent() == a.Parent() {
		if !dominates(st, load) {
			return nil
		}
		return st
	}
	fn := load.Parent()
	for fn != nil && fn.Parent() != a.Parent() {
		fn = fn.Parent()
	}
	if fn == nil {
		return nil
	}
	if m := p.madeBy(fn); m == nil || !dominates(st, m) {
		return nil
	}
	return st
}

func dominates(a, b ssa.Instruction) bool {
	if a.Block() != b.Block() {
		return a.Block().Dominates(b.Block())
	}
	return indexOf(a) < indexOf(b)
}

func indexOf(i ssa.Instruction) int {
	for n, x := range i.Block().Instrs {
		if x == i {
			return n
		}
	}
	return -1
}

// walk visits what may be executed after from, in its function, by this activation. Visit says whether to go on from there.
func walk(from ssa.Instruction, visit func(ssa.Instruction) bool) {
	walkFrom(from.Block(), indexOf(from)+1, visit)
}

// walkAll is walk from the beginning of fn.
func walkAll(fn *ssa.Function, visit func(ssa.Instruction) bool) {
	if len(fn.Blocks) > 0 {
		walkFrom(fn.Blocks[0], 0, visit)
	}
}

func walkFrom(b *ssa.BasicBlock, n int, visit func(ssa.Instruction) bool) {
	walkUntil(b, n, nil, visit)
}

// walkUntil is walkFrom instruction n of b, without the blocks that stop is true of.
func walkUntil(b *ssa.BasicBlock, n int, stop func(*ssa.BasicBlock) bool, visit func(ssa.Instruction) bool) {
	seen := map[*ssa.BasicBlock]bool{}
	type place struct {
		b *ssa.BasicBlock
		n int
	}
	work := []place{{b, n}}
	for len(work) > 0 {
		at := work[len(work)-1]
		work = work[:len(work)-1]
		on := true
		for _, i := range at.b.Instrs[at.n:] {
			if on = visit(i); !on {
				break
			}
		}
		if !on {
			continue
		}
		for _, next := range at.b.Succs {
			if !seen[next] && (stop == nil || !stop(next)) {
				seen[next] = true
				work = append(work, place{next, 0})
			}
		}
	}
}

// leads reports whether to may be executed after from, by the same activation, without cut between.
func leads(from, to ssa.Instruction, cut func(ssa.Instruction) bool) bool {
	return leadsUntil(from, to, nil, cut)
}

// leadsUntil is leads without the blocks that stop is true of.
func leadsUntil(from, to ssa.Instruction, stop func(*ssa.BasicBlock) bool, cut func(ssa.Instruction) bool) bool {
	found := false
	walkUntil(from.Block(), indexOf(from)+1, stop, func(i ssa.Instruction) bool {
		found = found || i == to
		return !found && (cut == nil || !cut(i))
	})
	return found
}

// again reports whether an activation may execute i more than once.
func again(i ssa.Instruction) bool { return leads(i, i, nil) }

// often reports whether fn may be executed more than once in the life of a run.
func (p *prover) often(fn *ssa.Function) bool {
	if yes, ok := p.oftenRun[fn]; ok {
		return yes
	}
	p.oftenRun[fn] = true // if it calls itself
	yes := false
	if sites, known := p.callers(fn); !isRoot(fn) {
		yes = !known || len(sites) != 1 || again(sites[0]) || p.often(sites[0].Parent())
	} else if fn.Synthetic == "" { // main, which may be called as well
		yes = len(sites) > 0
	}
	p.oftenRun[fn] = yes
	return yes
}

// isRoot reports whether the run begins with fn.
func isRoot(fn *ssa.Function) bool {
	return fn.Synthetic == "package initializer" || fn.Name() == "main" && fn.Pkg != nil && fn.Pkg.Pkg.Name() == "main" && fn.Parent() == nil && fn.Signature.Recv() == nil
}
