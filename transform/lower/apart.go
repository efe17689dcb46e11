package lower

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/state"
	"github.com/harkgen/harkgen/transform/diag"
	"github.com/harkgen/harkgen/transform/load"
)

// This file refuses what a goroutine that runs in a process of its own cannot do: see what other processes do to package variables, and use
// memory other than by channels and locks, which carry it.
//
// Looked at are the compiled functions that such a goroutine may call, the functions that it hands to code that is not compiled, and the methods of
// what it hands there that such code calls.

// apart finds the functions that remote goroutines execute.
type apart struct {
	*lowerer
	by map[*ssa.Function]token.Pos // the first go statement that leads there
}

// refuseApart lists what is refused. decided says which package variables are state.
func (l *lowerer) refuseApart(decided *state.Result) diag.List {
	if !l.opt.Place.Distributed() {
		return nil
	}
	a := &apart{lowerer: l, by: map[*ssa.Function]token.Pos{}}
	for _, fn := range l.plan.fns {
		eachInstr(fn, func(i ssa.Instruction) {
			if c, ok := i.(ssa.CallInstruction); ok && l.opt.Place.Remote(c.Pos()) {
				a.follow(c)
			}
		})
	}
	var out diag.List
	for _, fn := range l.plan.fns {
		if by, ok := a.by[fn]; ok && l.prog.IsUser(fn) {
			a.check(fn, by, decided, &out)
		}
	}
	return out
}

// follow notes what goroutines that go statement c starts may execute.
func (a *apart) follow(c ssa.CallInstruction) {
	work := a.started(c)
	for len(work) > 0 {
		fn := work[len(work)-1]
		work = work[:len(work)-1]
		if _, seen := a.by[fn]; seen || !a.plan.compiled(fn) && load.PackageOf(fn) != nil {
			continue
		}
		a.by[fn] = c.Pos()
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
		if a.plan.compiled(callee) || load.PackageOf(callee) == nil {
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
	for _, c := range a.facts.Callers(fn) {
		if !a.plan.compiled(c.Parent()) {
			return true
		}
	}
	return false
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

// check refuses what fn does that a goroutine cannot that go statement by has started.
func (a *apart) check(fn *ssa.Function, by token.Pos, decided *state.Result, out *diag.List) {
	at := a.prog.Pos(by)
	at = at[:strings.LastIndex(at, ":")]
	told := map[types.Object]bool{}
	refuse := func(pos token.Pos, what, why, instead string) {
		out.Add(diag.Diagnostic{
			Pos:  a.prog.Fset.Position(pos),
			What: what + " by a goroutine that runs in a process of its own (go statement at " + at + ")",
			Why:  why,
			Do:   instead + ", or mark the go statement //hark:go local",
		})
	}
	var ops [10]*ssa.Value
	eachInstr(fn, func(i ssa.Instruction) {
		if usesUnsafe(i) {
			refuse(position(i), "package unsafe is used", "memory that it reaches is not followed to another process", "do without it")
		}
		for _, op := range i.Operands(ops[:0]) {
			switch x := (*op).(type) {
			case *ssa.Global:
				v, _ := x.Object().(*types.Var)
				if d := decided.Of(v); v != nil && d != nil && d.Written && !told[v] {
					told[v] = true
					refuse(a.mention(fn, v, i), "variable "+v.Name()+" is used", "processes share no package variables", "pass it to the goroutine")
				}
			case *ssa.Function:
				if name := uncarried(x); name != "" {
					refuse(position(i), name+" is used", "what it does is not seen in another process: only operations on channels and those that wait for a lock are", "use a channel, or lock a sync.Mutex")
				}
			}
		}
	})
}

// uncarried returns the name of fn if it is of package sync/atomic, a method of sync.Map, or tries to lock, which asks nobody else; or "".
func uncarried(fn *ssa.Function) string {
	if origin := fn.Origin(); origin != nil {
		fn = origin
	}
	o, ok := fn.Object().(*types.Func)
	if !ok || o.Pkg() == nil {
		return ""
	}
	name := o.FullName()
	if o.Pkg().Path() == "sync/atomic" || strings.HasPrefix(name, "(*sync.Map).") || o.Pkg().Path() == "sync" && strings.HasPrefix(o.Name(), "Try") {
		return name
	}
	return ""
}

// usesUnsafe reports whether i is an operation of package unsafe.
func usesUnsafe(i ssa.Instruction) bool {
	switch i := i.(type) {
	case *ssa.Convert:
		return isUnsafePointer(i.Type()) || isUnsafePointer(i.X.Type())
	case *ssa.Call:
		b, ok := i.Call.Value.(*ssa.Builtin)
		return ok && isUnsafe(b.Name())
	}
	return false
}

// mention is where fn mentions v first; i, of its instructions, does.
func (a *apart) mention(fn *ssa.Function, v *types.Var, i ssa.Instruction) token.Pos {
	pos := token.NoPos
	if pkg := a.prog.All[load.PackageOf(fn).Path()]; pkg != nil && fn.Syntax() != nil {
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
	return position(i)
}
