// Package lower turns go/ssa functions into package ir.
//
// # The translation
//
// A basic block becomes a label; jumps become gotos; a variable of the user stays one variable at the top of the function:
//
//	for j := range jobs {            p1:  // worker.go:12
//		out <- j * 2                     	t1, t2 = rt.Recv2(g, jobs)
//	}                       becomes      	if g.Suspending() { g.Push(&worker_frame{PC: 1, jobs, out}); return }
//	                                     	if !t2 { goto b3 }
//	                                     	j = t1
//	                                     p2:  // worker.go:13
//	                                     	rt.Send(g, out, j*2)
//	                                     	if g.Suspending() { ... }
//	                                     	goto p1
//
// # Values
//
// A value used once, in its own block, is folded into its use; it stays pending until then. Before a statement that could change what a
// pending value reads, or whose effect must not come before its panic, the value is put into a variable (fn.settle).
// Calls do not settle loads: like the Go compiler, which runs the calls of an expression first and reads variables after.
//
// # Variables
//
// An Alloc whose address is used only by direct loads, stores, field and index addresses is a plain Go variable. Any other is
// boxed: a pointer variable that is given new(T) where the Alloc stands.
//
// # Closures, go and defer
//
// See package ir: Env and Thunk. Captured variables are boxed already, so an Env holds pointers.
//
// # Defer
//
// Deferred calls stay native, so that panic, recover and Goexit are Go's own; rt.Defers records the thunks that are pending, and
// the function's first native defer (the epilogue) pushes the frame when a deferred call is suspended, and copies the boxed named results.
package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/placement"
	"github.com/harkgen/harkgen/analyzer/refuse"
	"github.com/harkgen/harkgen/analyzer/state"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/diag"
	"github.com/harkgen/harkgen/transform/ir"
	"github.com/harkgen/harkgen/transform/load"
)

// Prefix begins every package-level identifier that harkgen invents.
const Prefix = refuse.Prefix

// Begin is the function that a package main with several entry points begins with: the one that is built for.
const Begin = Prefix + "begin"

// Options say where goroutines are placed, and how lowering is watched. The zero value does not watch.
type Options struct {
	Place *placement.Result                               // of the go statements of the compiled packages
	Begin map[string]bool                                 // packages main with several entry points, which begin with the function Begin
	Check bool                                            // verify each function after each pass
	Dump  func(fn *ssa.Function, f *ir.Func, pass string) // called for each function after each pass; may be nil
}

// A Result is the lowered program.
type Result struct {
	Plan     *Plan
	Packages map[string]*ir.Package // by path; only packages with something lowered
	Errors   diag.List
	Apart    diag.List     // what goroutines in processes of their own do that they cannot
	State    *state.Result // which package variables are state
	l        *lowerer
}

// WrapperName is the identifier under which lowered function fn is a value.
func (r *Result) WrapperName(fn *ssa.Function) string { return r.l.wrapperName(fn) }

// Begins reports whether package main at path begins with the function Begin, not with main.
func (r *Result) Begins(path string) bool { return r.l.opt.Begin[path] }

// Distributed reports whether the program has several processes.
func (r *Result) Distributed() bool { return r.l.opt.Place.Distributed() }

// Unique invents a package-level identifier.
func (r *Result) Unique(p *types.Package, name string) string { return r.l.unique(p, prefix(p)+name) }

// Title is fn's name as a stack trace shows it.
func (r *Result) Title(fn *ssa.Function) string { return r.l.goName(fn) }

// Body is the lowered form of fn, and its environment if it is a closure; nil for a function that keeps its text.
func (r *Result) Body(fn *ssa.Function) (*ir.Func, *ir.Env) { return r.l.bodies[fn], r.l.envs[fn] }

// Home is the package that fn is emitted in.
func (r *Result) Home(fn *ssa.Function) *types.Package { return r.l.homeOf(fn) }

type lowerer struct {
	opt    Options
	prog   *load.Program
	plan   *Plan
	facts  *suspend.Facts
	errs   diag.List
	pkgs   map[*types.Package]*ir.Package
	bodies map[*ssa.Function]*ir.Func
	envs   map[*ssa.Function]*ir.Env
	names  map[string]bool // invented identifiers by package path and name
	bases  map[*ssa.Function]string
	bounds map[boundKey][]*ir.Env
	local  map[*types.Package]map[string]bool // see localNames
	types  localTypes
	homes  map[*ssa.Function]*types.Package // see homeOf

	initialisers map[*types.Package]string // what initialises a package that main may not import

	apart map[token.Pos]*Apart   // what goroutines use, by their remote go statement
	back  map[*ssa.Function]bool // see calledBack
	hides []placement.Refusal    // see hidden
}

// Program lowers every function that needs it. Problems with the user's source are in Result.Errors, all of them.
func Program(prog *load.Program, facts *suspend.Facts, opt Options) *Result {
	if opt.Place == nil {
		opt.Place = &placement.Result{}
	}
	l := &lowerer{
		opt: opt, prog: prog, facts: facts, plan: newPlan(prog, facts),
		pkgs:   map[*types.Package]*ir.Package{},
		bodies: map[*ssa.Function]*ir.Func{},
		envs:   map[*ssa.Function]*ir.Env{},
		names:  map[string]bool{},
		bases:  map[*ssa.Function]string{},
		bounds: map[boundKey][]*ir.Env{},
		local:  map[*types.Package]map[string]bool{},
		homes:  map[*ssa.Function]*types.Package{},

		initialisers: map[*types.Package]string{},
	}
	l.findLocalTypes()
	l.orderInstances()
	for _, fn := range l.plan.fns {
		l.base(fn)
	}
	l.refuseProgram()
	decided := l.decide()
	l.findApart(decided)
	for _, fn := range l.plan.fns {
		if l.plan.lower[fn] || l.plan.direct[fn] {
			l.function(fn)
		}
	}
	for _, d := range decided.Decisions {
		l.global(d)
	}
	for p, name := range l.initialisers {
		l.pkg(p).Instances = append(l.pkg(p).Instances, &ir.Instance{Title: p.Path(), Lowered: name})
	}
	l.copiedGlobals()
	l.handles()
	res := &Result{Plan: l.plan, Packages: map[string]*ir.Package{}, Errors: l.errs, State: decided, l: l}
	if len(l.errs) == 0 {
		res.Apart = l.refuseApart()
	}
	for tp, p := range l.pkgs {
		res.Packages[tp.Path()] = p
	}
	return res
}

func (l *lowerer) pkg(p *types.Package) *ir.Package {
	out := l.pkgs[p]
	if out == nil {
		out = &ir.Package{Types: p}
		l.pkgs[p] = out
	}
	return out
}

// decide tells the package variables that are state from those that each process makes again.
func (l *lowerer) decide() *state.Result {
	p := &state.Program{
		SSA:      l.prog.SSA,
		Compiled: func(fn *ssa.Function) bool { return l.prog.IsUser(fn) && !load.Generic(fn) },
		Callees:  l.facts.Callees, Callers: l.facts.Callers,
		Once: l.plan.Initialises,
	}
	p.Funcs = l.facts.Functions(p.Compiled)
	for _, u := range l.prog.User {
		p.Packages = append(p.Packages, u.Types)
	}
	return state.Decide(p)
}

// global notes a package variable with what was decided about it.
func (l *lowerer) global(d *state.Decision) {
	if d.Var.Name() == "_" {
		return
	}
	g := &ir.Global{Var: d.Var, Rebuilt: d.Rebuilt, Pos: l.prog.Pos(d.Var.Pos())}
	if d.Pos.IsValid() && !d.Rebuilt {
		g.Why = d.Why + " at " + l.prog.Pos(d.Pos)
	}
	l.pkg(d.Var.Pkg()).Globals = append(l.pkg(d.Var.Pkg()).Globals, g)
}

// copiedGlobals notes the variables of the copies of library packages, and makes a package of every copy.
func (l *lowerer) copiedGlobals() {
	var vars []*types.Var
	for o := range l.plan.along.copied {
		p := l.pkg(o.Pkg())
		if v, ok := o.(*types.Var); ok && p != nil {
			vars = append(vars, v)
		}
	}
	slices.SortFunc(vars, func(a, b *types.Var) int { return strings.Compare(a.Name(), b.Name()) })
	for _, v := range vars {
		l.pkg(v.Pkg()).Globals = append(l.pkg(v.Pkg()).Globals, &ir.Global{Var: v, Pos: l.prog.Pos(v.Pos())})
	}
}

func (l *lowerer) refuse(pos token.Pos, what, why, do string) {
	l.errs.Add(diag.Diagnostic{Pos: l.prog.Fset.Position(pos), What: what, Why: why, Do: do})
}

// function lowers fn under each header it is needed with.
func (l *lowerer) function(fn *ssa.Function) {
	pkg := l.pkg(l.homeOf(fn))
	coloured := l.facts.Coloured(fn)
	if l.plan.lower[fn] {
		kind := ir.Plain
		switch {
		case coloured:
		case fn.Parent() != nil && len(fn.FreeVars) > 0:
			kind = ir.Closure
		case fn.Signature.Recv() != nil:
			kind = ir.Method
		}
		body := l.body(fn, kind)
		l.bodies[fn] = body
		pkg.Funcs = append(pkg.Funcs, body)
		if len(fn.FreeVars) > 0 {
			l.env(fn).Body = body
		} else if load.Instance(fn) && fn.Parent() == nil && fn.Signature.Recv() != nil {
			l.dispatch(fn, body)
		} else if coloured && !refuse.IsMain(fn) && !isInit(fn) && !isPackageInit(fn) {
			pkg.Wrappers = append(pkg.Wrappers, &ir.Wrapper{
				Name: l.wrapperName(fn), Recv: fn.Signature.Recv(), Sig: fn.Signature, Lowered: body.Name, Recovers: body.Raised != nil,
				Pragma: pragma(fn), Pos: fn.Pos(),
			})
		}
	}
}

// pragma is the directive above fn that its wrapper needs too: whether a method counts in the method set.
func pragma(fn *ssa.Function) string {
	const noInterface = "//go:nointerface"
	if d, ok := fn.Syntax().(*ast.FuncDecl); ok && d.Doc != nil {
		for _, c := range d.Doc.List {
			if c.Text == noInterface {
				return noInterface
			}
		}
	}
	return ""
}

// goName is the user's name for fn, as a stack trace shows it.
func (l *lowerer) goName(fn *ssa.Function) string {
	if par := fn.Parent(); par != nil {
		_, n, _ := cutLast(fn.Name(), "$")
		if isPackageInit(par) {
			return l.homeOf(fn).Name() + ".init.func" + n
		}
		if par.Parent() != nil {
			return l.goName(par) + "." + n
		}
		return l.goName(par) + ".func" + n
	}
	name := strings.ReplaceAll(fn.Name(), "#", ".")
	if base, _, ok := strings.Cut(name, "["); ok {
		name = base + "[...]"
	}
	if recv := fn.Signature.Recv(); recv != nil {
		t := types.TypeString(recv.Type(), func(*types.Package) string { return "" })
		if base, _, ok := strings.Cut(t, "["); ok {
			t = base + "[...]"
		}
		if strings.HasPrefix(t, "*") {
			t = "(" + t + ")"
		}
		name = t + "." + name
	}
	return l.homeOf(fn).Name() + "." + name
}

func cutLast(s, sep string) (before, after string, ok bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// base is the invented identifier for fn without the prefix. No two functions share one, nor does one end as what is derived from another.
func (l *lowerer) base(fn *ssa.Function) string {
	if name, ok := l.bases[fn]; ok {
		return name
	}
	key := l.homeOf(fn).Path() + "." + prefix(l.homeOf(fn))
	l.names[key+"program"], l.names[key+"begin"] = true, true
	name := l.readable(fn)
	for n, try := 2, name; l.names[key+name] || l.names[key+name+"_fn"] || l.names[key+name+"_frame"]; n++ {
		name = fmt.Sprintf("%s_%d", try, n)
	}
	for _, suffix := range []string{"", "_fn", "_frame"} {
		l.names[key+name+suffix] = true
	}
	l.bases[fn] = name
	return name
}

var reNotIdent = regexp.MustCompile(`[^\pL\pN_]+`)

// readable is the identifier that tells most of fn.
func (l *lowerer) readable(fn *ssa.Function) string {
	if par := fn.Parent(); par != nil {
		_, n, _ := cutLast(fn.Name(), "$")
		if isPackageInit(par) {
			return "init_func" + n
		}
		return l.base(par) + "_func" + n
	}
	name := strings.ReplaceAll(fn.Name(), "#", "_")
	if recv := fn.Signature.Recv(); recv != nil {
		t := recv.Type()
		if p, ok := t.(*types.Pointer); ok {
			t = p.Elem()
		}
		if n, ok := types.Unalias(t).(*types.Named); ok {
			name = types.TypeString(n, func(*types.Package) string { return "" }) + "_" + name
		}
	}
	return strings.Trim(reNotIdent.ReplaceAllString(name, "_"), "_")
}

func prefix(p *types.Package) string {
	if p.Name() == "main" {
		return Prefix
	}
	return "H" + Prefix[1:]
}

// loweredName is the identifier of fn's lowered body when it is a top-level function.
func (l *lowerer) loweredName(fn *ssa.Function) string {
	if isInit(fn) && !l.plan.Initialises(fn.Pkg.Pkg) {
		return "init"
	}
	if !l.facts.Coloured(fn) && fn.Parent() == nil && !refuse.IsMain(fn) && !isInit(fn) && !load.Instance(fn) {
		return funcName(fn) // keeps the user's name and place
	}
	return prefix(l.homeOf(fn)) + l.base(fn)
}

// wrapperName is the identifier under which fn is a value with the user's signature.
func (l *lowerer) wrapperName(fn *ssa.Function) string {
	if fn.Parent() != nil || load.Instance(fn) {
		if l.facts.Coloured(fn) {
			return prefix(l.homeOf(fn)) + l.base(fn) + "_fn"
		}
		return prefix(l.homeOf(fn)) + l.base(fn)
	}
	return funcName(fn)
}

func funcName(fn *ssa.Function) string {
	if o := fn.Object(); o != nil {
		return NameOf(o)
	}
	return fn.Name()
}

// NameOf is the identifier of package-level object o in the output: the user's, unless it hides a predeclared one, which generated code needs.
func NameOf(o types.Object) string {
	if o.Pkg() != nil && o.Parent() == o.Pkg().Scope() && types.Universe.Lookup(o.Name()) != nil {
		return Prefix + "own_" + o.Name()
	}
	return o.Name()
}

// unique invents a package-level identifier.
func (l *lowerer) unique(p *types.Package, name string) string {
	for n := 1; ; n++ {
		try := name
		if n > 1 {
			try = fmt.Sprintf("%s_%d", name, n)
		}
		key := p.Path() + "." + try
		if !l.names[key] {
			l.names[key] = true
			return try
		}
	}
}

// env returns the environment struct of closure fn.
func (l *lowerer) env(fn *ssa.Function) *ir.Env {
	e := l.envs[fn]
	if e != nil {
		return e
	}
	e = &ir.Env{
		Name:  l.unique(l.homeOf(fn), prefix(l.homeOf(fn))+l.base(fn)+"_env"),
		Title: l.goName(fn),
		Sig:   fn.Signature,
	}
	taken := map[string]bool{"fn": true, "_": true}
	for i, v := range fn.FreeVars {
		name := identifier(v.Name())
		if taken[name] {
			name = fmt.Sprintf("%s_%d", strings.Trim(name, "_"), i)
		}
		taken[name] = true
		f := ir.Field{Name: name, User: userName(v.Name()), Type: v.Type()}
		if p, ok := v.Type().(*types.Pointer); ok && isDeferStack(p.Elem()) {
			f.Type = nil
		}
		f.Pos = v.Pos()
		e.Fields = append(e.Fields, f)
	}
	l.envs[fn] = e
	p := l.pkg(l.homeOf(fn))
	p.Envs = append(p.Envs, e)
	return e
}
