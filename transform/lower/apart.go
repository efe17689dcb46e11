package lower

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/analyzer/placement"
	"github.com/harkgen/harkgen/analyzer/state"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/diag"
)

// This file finds what a goroutine that runs in a process of its own uses: the package variables, which its process shares then, and what it cannot have
// there.
//
// Looked at are the compiled functions that such a goroutine may call, the functions that it hands to code that is not compiled, and the methods of
// what it hands there that such code calls. Goroutines that it starts count as called.

// An Apart is what a goroutine uses.
type Apart struct {
	Vars     []*types.Var        // that are state and can be shared, by path and name
	Findings []placement.Refusal // what it cannot have in a process of its own
}

// apart looks at the goroutines that one go statement starts.
type apart struct {
	*lowerer
	decided *state.Result
	fns     map[*ssa.Function]bool // that they may execute
	vars    map[*types.Var]bool
	told    map[placement.Refusal]bool
	Apart
}

// apartOf returns what the goroutines use that go statement c starts. decided says which package variables are state.
func (l *lowerer) apartOf(c ssa.CallInstruction, decided *state.Result) *Apart {
	a := &apart{lowerer: l, decided: decided, fns: map[*ssa.Function]bool{}, vars: map[*types.Var]bool{}, told: map[placement.Refusal]bool{}}
	a.follow(c)
	for _, fn := range l.plan.fns {
		if a.fns[fn] && l.prog.IsUser(fn) {
			a.check(fn)
		}
	}
	a.Findings = append(a.Findings, l.hidden()...)
	slices.SortFunc(a.Vars, func(x, y *types.Var) int { return strings.Compare(varName(x), varName(y)) })
	return &a.Apart
}

// varName is the name under which package variable v is registered.
func varName(v *types.Var) string { return v.Pkg().Path() + "." + v.Name() }

// refuseApart lists what remote goroutines cannot have, each with the first go statement that leads there.
func (l *lowerer) refuseApart() diag.List {
	var out diag.List
	told := map[placement.Refusal]bool{}
	for _, fn := range l.plan.fns {
		l.eachRemote(fn, func(_ ssa.CallInstruction, pos token.Pos) {
			at := l.prog.Pos(pos)
			at = at[:strings.LastIndex(at, ":")]
			for _, f := range l.apart[pos].Findings {
				if told[f] {
					continue
				}
				told[f] = true
				what, why, do := f.Text(at)
				out.Add(diag.Diagnostic{Pos: l.prog.Fset.Position(f.Pos), What: what, Why: why, Do: do})
			}
		})
	}
	return out
}

// findApart looks at all remote go statements.
func (l *lowerer) findApart(decided *state.Result) {
	l.apart = map[token.Pos]*Apart{}
	if !l.opt.Place.Distributed() {
		return
	}
	for _, fn := range l.plan.fns {
		l.eachRemote(fn, func(c ssa.CallInstruction, pos token.Pos) {
			l.apart[pos] = l.apartOf(c, decided).with(l.apart[pos])
		})
	}
}

// eachRemote calls f for each remote go statement of fn, at pos. That of `go wg.Go(f)` and `defer wg.Go(f)` is the call in it.
func (l *lowerer) eachRemote(fn *ssa.Function, f func(c ssa.CallInstruction, pos token.Pos)) {
	eachInstr(fn, func(i ssa.Instruction) {
		c, ok := i.(ssa.CallInstruction)
		if !ok {
			return
		}
		pos, inner := c.Pos(), c.Common().Pos()
		if l.opt.Place.Remote(pos) {
			f(c, pos)
		}
		if inner != pos && l.opt.Place.Remote(inner) {
			f(c, inner)
		}
	})
}

// with adds what another instance of the same generic function uses.
func (a *Apart) with(other *Apart) *Apart {
	if other == nil {
		return a
	}
	for _, v := range other.Vars {
		if !slices.Contains(a.Vars, v) {
			a.Vars = append(a.Vars, v)
		}
	}
	slices.SortFunc(a.Vars, func(x, y *types.Var) int { return strings.Compare(varName(x), varName(y)) })
	a.Findings = append(other.Findings, a.Findings...)
	return a
}

// follow notes what the goroutines may execute that go statement c starts.
func (a *apart) follow(c ssa.CallInstruction) {
	work := a.started(c)
	for len(work) > 0 {
		fn := work[len(work)-1]
		work = work[:len(work)-1]
		if a.fns[fn] || !a.plan.compiled(fn) && compilable.PackageOf(fn) != nil {
			continue
		}
		a.fns[fn] = true
		eachInstr(fn, func(i ssa.Instruction) {
			if c, ok := i.(ssa.CallInstruction); ok {
				work = append(work, a.called(c)...)
			}
		})
	}
}

// started lists the functions with which goroutines begin that go statement c starts.
func (a *apart) started(c ssa.CallInstruction) []*ssa.Function {
	if _, ok := c.(*ssa.Go); ok {
		return a.called(c)
	}
	args := c.Common().Args // of (*sync.WaitGroup).Go
	if h := handedIn(args[1]); len(h.fns) > 0 {
		return h.fns
	}
	var out []*ssa.Function // whatever is given to some WaitGroup
	for _, nested := range c.Common().StaticCallee().AnonFuncs {
		eachInstr(nested, func(i ssa.Instruction) {
			if c, ok := i.(ssa.CallInstruction); ok {
				out = append(out, a.facts.Callees(c)...)
			}
		})
	}
	return out
}

// called lists the functions that c calls, or that code that is not compiled calls for it.
func (a *apart) called(c ssa.CallInstruction) []*ssa.Function {
	var out []*ssa.Function
	for _, callee := range a.facts.Callees(c) {
		if a.plan.compiled(callee) || compilable.PackageOf(callee) == nil {
			out = append(out, callee)
			continue
		}
		for _, arg := range c.Common().Args {
			h := handedIn(arg)
			out = append(out, h.fns...)
			for _, fn := range h.methods {
				if a.calledBack(fn) {
					out = append(out, fn)
				}
			}
		}
	}
	return out
}

// calledBack reports whether code that is not compiled calls fn.
func (a *apart) calledBack(fn *ssa.Function) bool {
	if yes, ok := a.back[fn]; ok {
		return yes
	}
	yes := slices.ContainsFunc(a.facts.Callers(fn), func(c ssa.CallInstruction) bool { return !a.plan.compiled(c.Parent()) })
	if a.back == nil {
		a.back = map[*ssa.Function]bool{}
	}
	a.back[fn] = yes
	return yes
}

// handed is what a value brings along: functions that it is made of, and methods of what is in it, as far as the function it stands in tells.
type handed struct {
	fns, methods []*ssa.Function
	seen         map[ssa.Value]bool
}

func handedIn(v ssa.Value) *handed {
	h := &handed{seen: map[ssa.Value]bool{}}
	h.add(v)
	return h
}

func (h *handed) add(v ssa.Value) {
	if h.seen[v] {
		return
	}
	h.seen[v] = true
	switch v := v.(type) {
	case *ssa.Function:
		h.fns = append(h.fns, v)
	case *ssa.MakeClosure:
		h.fns = append(h.fns, v.Fn.(*ssa.Function))
	case *ssa.ChangeType:
		h.add(v.X)
	case *ssa.ChangeInterface:
		h.add(v.X)
	case *ssa.Phi:
		for _, e := range v.Edges {
			h.add(e)
		}
	case *ssa.MakeInterface:
		prog := v.Parent().Prog
		for sel := range prog.MethodSets.MethodSet(v.X.Type()).Methods() {
			if fn := prog.MethodValue(sel); fn != nil {
				h.methods = append(h.methods, fn)
			}
		}
		h.add(v.X)
	case *ssa.UnOp:
		if a, ok := v.X.(*ssa.Alloc); ok && v.Op == token.MUL {
			h.stored(a)
		}
	case *ssa.Slice: // of variadic arguments
		if a, ok := v.X.(*ssa.Alloc); ok {
			for _, r := range referrers(a) {
				if e, ok := r.(*ssa.IndexAddr); ok {
					h.stored(e)
				}
			}
		}
	}
}

// stored adds what is stored at addr.
func (h *handed) stored(addr ssa.Value) {
	for _, r := range referrers(addr) {
		if s, ok := r.(*ssa.Store); ok && s.Addr == addr {
			h.add(s.Val)
		}
	}
}

// check notes what fn uses.
func (a *apart) check(fn *ssa.Function) {
	find := func(f placement.Refusal) {
		if !a.told[f] {
			a.told[f] = true
			a.Findings = append(a.Findings, f)
		}
	}
	seen := map[*types.Var]bool{}
	var ops [10]*ssa.Value
	eachInstr(fn, func(i ssa.Instruction) {
		for _, f := range placement.Refusals(i) {
			find(f)
		}
		for _, op := range i.Operands(ops[:0]) {
			x, ok := (*op).(*ssa.Global)
			if !ok {
				continue
			}
			v, _ := x.Object().(*types.Var)
			d := a.decided.Of(v)
			if v == nil || d == nil || d.Rebuilt || seen[v] {
				continue
			}
			seen[v] = true
			what := a.library(v.Type(), map[types.Type]bool{})
			switch {
			case what == "" && !a.vars[v]:
				a.vars[v] = true
				a.Vars = append(a.Vars, v)
			case what != "" && d.Written: // else what each process has of it is good enough
				find(placement.Refusal{
					Pos: a.mention(fn, v, i), What: "variable " + v.Name() + " is used",
					Why: "it holds a " + what + ", whose package uses it in one process only", Do: "give the goroutine one of its own",
				})
			}
		}
	})
}

// library returns the name of a type of the standard library that values of type t always have in them, or lead to by pointers, and that has a lock or a
// channel; "" if there is none.
func (a *apart) library(t types.Type, seen map[types.Type]bool) string {
	if seen[t] {
		return ""
	}
	seen[t] = true
	if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil && a.prog.IsStd(n.Obj().Pkg().Path()) {
		if path := n.Obj().Pkg().Path(); path != "sync" && path != "sync/atomic" && hasLock(n, map[types.Type]bool{}) {
			return n.Obj().Pkg().Path() + "." + n.Obj().Name()
		}
		return ""
	}
	switch t := t.Underlying().(type) {
	case *types.Pointer:
		return a.library(t.Elem(), seen)
	case *types.Array:
		return a.library(t.Elem(), seen)
	case *types.Struct:
		for f := range t.Fields() {
			if name := a.library(f.Type(), seen); name != "" {
				return name
			}
		}
	}
	return ""
}

// hasLock reports whether a t has a lock, a channel or something atomic in it, or leads there by pointers.
func hasLock(t types.Type, seen map[types.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "sync" {
		switch n.Obj().Name() {
		case "Mutex", "RWMutex", "WaitGroup", "Cond", "Once":
			return true
		}
		return false
	} else if ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "sync/atomic" {
		return true
	}
	switch t := t.Underlying().(type) {
	case *types.Chan:
		return true
	case *types.Pointer:
		return hasLock(t.Elem(), seen)
	case *types.Array:
		return hasLock(t.Elem(), seen)
	case *types.Struct:
		for f := range t.Fields() {
			if hasLock(f.Type(), seen) {
				return true
			}
		}
	}
	return false
}

// mention is where fn mentions v first; i, of its instructions, does.
func (a *apart) mention(fn *ssa.Function, v *types.Var, i ssa.Instruction) token.Pos {
	pos := token.NoPos
	if pkg := a.prog.All[compilable.PackageOf(fn).Path()]; pkg != nil && fn.Syntax() != nil {
		ast.Inspect(fn.Syntax(), func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && !pos.IsValid() && pkg.TypesInfo.Uses[id] == v {
				pos = id.Pos()
			}
			lit, nested := n.(*ast.FuncLit)
			return !nested || lit == fn.Syntax()
		})
	}
	if pos.IsValid() {
		return pos
	}
	return suspend.Position(i)
}
