package lower

import (
	"fmt"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/refuse"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/ir"
	"github.com/harkgen/harkgen/transform/load"
)

// This file lowers function values, closures, go and defer.

// funcValue is function f as a value with the user's signature.
func (b *fn) funcValue(f *ssa.Function) *ir.Expr {
	switch {
	case f.Parent() != nil:
		return &ir.Expr{Op: ir.OpName, Name: b.wrapperName(f), Pkg: b.homeOf(f).Path(), Type: f.Signature}
	case f.Synthetic != "" && f.Object() != nil && f.Object().(*types.Func).Signature().Recv() != nil:
		// Method expression T.M: the function's first parameter is the receiver.
		return &ir.Expr{Op: ir.OpMethodExp, Type: f.Signature.Params().At(0).Type(), Obj: f.Object(), Name: f.Object().Name()}
	case f.Signature.Recv() != nil:
		return &ir.Expr{Op: ir.OpMethodExp, Type: f.Signature.Recv().Type(), Obj: f.Object(), Name: f.Name()}
	}
	if b.plan.lower[f] && load.Instance(f) || b.named(f) {
		return &ir.Expr{Op: ir.OpName, Name: b.wrapperName(f), Pkg: b.homeOf(f).Path(), Type: f.Signature}
	}
	if o := f.Origin(); o != nil {
		e := &ir.Expr{Op: ir.OpGlobal, Obj: o.Object(), Type: f.Signature}
		for _, t := range f.TypeArgs() {
			e.Args = append(e.Args, &ir.Expr{Op: ir.OpTypeName, Type: t})
		}
		return e
	}
	if f.Object() == nil {
		b.refuse(b.pos, "cannot use "+f.Name()+" here yet", "harkgen has no name for "+f.String(), "please report it")
		return &ir.Expr{Op: ir.OpConst, Type: f.Signature}
	}
	return &ir.Expr{Op: ir.OpGlobal, Obj: f.Object(), Type: f.Signature}
}

// named reports whether f is a library function whose copy is meant here.
func (b *fn) named(f *ssa.Function) bool {
	if b.plan.along.fns[f] {
		return true
	}
	o := f.Object()
	return o != nil && f.Origin() == nil && b.plan.along.copied[o] && b.plan.isAlong(b.ssa) && (o.Exported() || o.Pkg() == b.home)
}

// envOf is a new environment for closure m.
func (b *fn) envOf(m *ssa.MakeClosure) *ir.Expr {
	f := m.Fn.(*ssa.Function)
	env := b.env(f)
	e := &ir.Expr{Op: ir.OpEnv, Name: env.Name}
	for n, v := range m.Bindings {
		e.Fields = append(e.Fields, env.Fields[n].Name)
		e.Args = append(e.Args, b.value(v))
	}
	return e
}

// closure is the func value that m makes.
func (b *fn) closure(m *ssa.MakeClosure) *ir.Expr {
	f := m.Fn.(*ssa.Function)
	if f.Parent() == nil {
		return b.bound(m, f)
	}
	if b.onlyCalled(m) {
		return b.envOf(m) // go, defer and calls take the environment itself
	}
	return &ir.Expr{Op: ir.OpMethodVal, Args: []*ir.Expr{b.envOf(m)}, Name: "fn", Type: m.Type()}
}

// onlyCalled reports whether m is nothing but the callee of calls of its lowered body.
func (b *fn) onlyCalled(m *ssa.MakeClosure) bool {
	f := m.Fn.(*ssa.Function)
	for _, r := range *m.Referrers() {
		c, ok := r.(ssa.CallInstruction)
		if !ok || c.Common().Value != m {
			return false
		}
		for _, a := range c.Common().Args {
			if a == ssa.Value(m) {
				return false
			}
		}
		if _, isCall := r.(*ssa.Call); isCall {
			return false
		}
	}
	return len(f.FreeVars) > 0
}

// bound is a method value x.M.
func (b *fn) bound(m *ssa.MakeClosure, f *ssa.Function) *ir.Expr {
	recv := m.Bindings[0]
	method := f.Object().(*types.Func)
	r := b.receiver(recv, f)
	env := b.boundEnv(f, r.Type)
	if env == nil {
		p := b.home
		name := method.Name()
		env = &ir.Env{
			Name:   b.lowerer.unique(p, prefix(p)+"bound_"+name),
			Title:  method.FullName() + "-fm",
			Fields: []ir.Field{{Name: "r", Type: r.Type}},
			Sig:    m.Type().(*types.Signature),
			Bound:  &ir.Bound{Method: method, Dyn: b.facts.Coloured(f)},
		}
		lib := libraryFuncs[method.FullName()]
		if b.facts.Shares != nil && lib.rt == "" {
			lib = sharedOf(method)
		}
		if lib.rt != "" && types.Identical(r.Type, method.Signature().Recv().Type()) {
			env.Bound.RT, env.Bound.G, env.Bound.Word = lib.rt, lib.g, lib.word
			if lib.rt == groupGo {
				env.Bound.RT = groupGo + "Func"
			}
		}
		key := boundKey{f, p}
		b.bounds[key] = append(b.bounds[key], env)
		b.pkg(p).Envs = append(b.pkg(p).Envs, env)
	}
	return &ir.Expr{Op: ir.OpMethodVal, Name: "fn", Type: m.Type(), Args: []*ir.Expr{
		{Op: ir.OpEnv, Name: env.Name, Fields: []string{"r"}, Args: []*ir.Expr{r}},
	}}
}

// A boundKey is a method and the package where it is a method value: the environment belongs to that package.
type boundKey struct {
	f *ssa.Function
	p *types.Package
}

// boundEnv is the environment that there is already for method f with receiver type t. A promoted method has one for each t.
func (b *fn) boundEnv(f *ssa.Function, t types.Type) *ir.Env {
	for _, env := range b.bounds[boundKey{f, b.home}] {
		if types.Identical(env.Fields[0].Type, t) {
			return env
		}
	}
	return nil
}

func (b *fn) goStmt(i *ssa.Go) {
	t := b.thunkOf(&i.Call, i, b.facts.Site(i), false)
	b.start("Go", i, t)
}

func (b *fn) deferStmt(i *ssa.Defer) {
	if !b.coloured {
		b.nativeDefer(i)
		return
	}
	callee := i.Call.StaticCallee()
	direct := callee != nil && b.plan.direct[callee]
	if r := refuse.Defer(i, func(callee *ssa.Function) bool { return b.plan.direct[callee] }); r != nil {
		b.refused(*r)
	}
	if isBuiltin(&i.Call, "recover") {
		b.out.Recovers = true
		b.emit(&ir.Stmt{Kind: ir.Defer, Pos: i.Pos()})
		return
	}
	t := b.thunkOf(&i.Call, i, b.facts.Site(i), direct)
	thunks := b.pkg(b.home).Thunks
	if callee == nil && b.mayRecover(i) {
		thunks[len(thunks)-1].MayRecover, thunks[len(thunks)-1].Dyn = true, true
	}
	s := &ir.Stmt{Kind: ir.Defer, R: []*ir.Expr{t}, Direct: direct, Pos: i.Pos()}
	if isOuter(i) {
		s.R = append(s.R, b.value(i.DeferStack))
	}
	b.emit(s)
}

// mayRecover reports whether something that the dynamic call of i may call holds a recover.
func (b *fn) mayRecover(i *ssa.Defer) bool {
	for _, callee := range b.plan.deferred(i) {
		if refuse.Recovers(underWrapper(callee)) {
			return true
		}
	}
	return false
}

// underWrapper is the function that fn calls, if go/ssa made fn to call it.
func underWrapper(fn *ssa.Function) *ssa.Function {
	if fn.Synthetic == "" || fn.Parent() != nil || fn.Origin() != nil {
		return fn
	}
	inner := fn
	eachInstr(fn, func(i ssa.Instruction) {
		if c, ok := i.(*ssa.Call); ok && c.Call.StaticCallee() != nil {
			inner = c.Call.StaticCallee()
		}
	})
	return inner
}

// nativeDefer keeps a defer of a function that is not coloured.
func (b *fn) nativeDefer(i *ssa.Defer) {
	var e *ir.Expr
	if bi, ok := i.Call.Value.(*ssa.Builtin); ok {
		e = b.builtinExpr(bi, &i.Call)
	} else if lib := libraryOf(i.Call.StaticCallee(), false); lib.rt != "" && !b.natively(lib) {
		var args []*ir.Expr
		for _, a := range i.Call.Args {
			args = append(args, b.value(a))
		}
		e = rt(lib.rt, args...)
		if lib.rt == groupGo {
			name, vars := b.placed(groupGo+"Func", i.Call.Pos())
			e = b.rtg(name, append(args, vars...)...)
		}
	} else if m, ok := i.Call.Value.(*ssa.MakeClosure); ok && m.Fn.(*ssa.Function).Parent() != nil {
		env := b.value(m)
		if env.Op != ir.OpMethodVal {
			env = &ir.Expr{Op: ir.OpMethodVal, Args: []*ir.Expr{env}, Name: "fn", Type: m.Type()}
		}
		e = b.apply(env, &i.Call, nil)
	} else {
		e, _ = b.callExpr(&i.Call, false)
	}
	b.emit(&ir.Stmt{Kind: ir.NativeDefer, R: []*ir.Expr{e}, Pos: i.Pos()})
}

// thunkOf makes the struct type for a go or defer site and returns the expression of its value.
func (b *fn) thunkOf(c *ssa.CallCommon, at ssa.Instruction, coloured, direct bool) *ir.Expr {
	p := b.home
	b.thunks++
	th := &ir.Thunk{Name: b.lowerer.unique(p, fmt.Sprintf("%s%s_t%d", prefix(p), b.lowerer.base(b.ssa), b.thunks))}
	th.Pos = suspend.Position(at)
	pkg := b.pkg(p)
	pkg.Thunks = append(pkg.Thunks, th)
	val := &ir.Expr{Op: ir.OpEnv, Name: th.Name}
	// hold moves an operand into a field and returns the field as the thunk's method sees it.
	hold := func(name string, e *ir.Expr, t types.Type, env string) *ir.Expr {
		th.Fields = append(th.Fields, ir.Field{Name: name, Type: t, Env: env})
		val.Fields = append(val.Fields, name)
		val.Args = append(val.Args, e)
		return &ir.Expr{Op: ir.OpField, Args: []*ir.Expr{{Op: ir.OpName, Name: "t_"}}, Name: name, Type: t}
	}
	g := &ir.Expr{Op: ir.OpName, Name: "g_"}
	args := func(from int) []*ir.Expr {
		var out []*ir.Expr
		for n, a := range c.Args[from:] {
			out = append(out, hold(fmt.Sprintf("a%d", n), b.value(a), a.Type(), ""))
		}
		return out
	}
	callee := c.StaticCallee()
	if direct {
		b.directThunk(th, callee, c, hold)
		return val
	}
	call := &ir.Expr{Op: ir.OpCall}
	switch bi, isB := c.Value.(*ssa.Builtin); {
	case isB && suspend.ChannelBuiltin(c) == "close" && b.sharesMemory():
		call = rt("Close", append([]*ir.Expr{g}, args(0)...)...)
	case isB:
		call = &ir.Expr{Op: ir.OpBuiltin, Name: bi.Name(), Args: args(0)}
		call.Spread = false
	case c.IsInvoke():
		r := b.held(c.Value)
		// The method is looked up here, not when it runs: that of a nil interface panics here.
		b.emit(&ir.Stmt{Kind: ir.Assign, L: []*ir.Expr{nil}, R: []*ir.Expr{{Op: ir.OpMethodVal, Args: []*ir.Expr{retype(r, c.Value.Type())}, Obj: c.Method, Name: c.Method.Name()}}})
		recv := hold("r", r, c.Value.Type(), "")
		if name := b.locker(c); name != "" {
			call = rt(name, g, recv)
			break
		}
		call.Args = append(call.Args, &ir.Expr{Op: ir.OpMethodVal, Args: []*ir.Expr{recv}, Obj: c.Method, Name: c.Method.Name()})
		call.Args = append(call.Args, args(0)...)
		th.Dyn = coloured
	case b.libraryOf(callee, true).rt != "":
		lib := b.libraryOf(callee, true)
		call = rt(lib.rt)
		var vars []*ir.Expr
		switch {
		case lib.rt == groupGo:
			var name string
			name, vars = b.placed(groupGo+"Func", c.Pos())
			call = rt(name)
		case lib.mayG:
			call = rt(lib.rt + "G")
		}
		if lib.rt == "AtomicAdd" { // nobody sees the result
			call = rt("AtomicAddOnly")
		}
		if lib.g || lib.mayG {
			call.Args = append(call.Args, g)
		}
		given := args(0)
		if len(given) > 0 {
			given[0] = lib.convert(given[0])
		}
		call.Args = append(append(call.Args, given...), vars...)
	case callee == nil, len(callee.FreeVars) > 0 && callee.Parent() == nil: // a func value, or a method value
		f := hold("f", b.value(c.Value), c.Value.Type(), "")
		call.Args = append([]*ir.Expr{f}, args(0)...)
		th.Dyn = coloured
	case b.facts.Coloured(callee) && b.plan.lower[callee] && !b.promoted(callee):
		call.Args = []*ir.Expr{{Op: ir.OpName, Name: b.loweredName(callee), Pkg: b.homeOf(callee).Path()}, g}
		if len(callee.FreeVars) > 0 {
			call.Args = append(call.Args, hold("e", b.closureEnv(c.Value), nil, b.env(callee).Name))
		}
		call.Args = append(call.Args, args(0)...)
	case len(callee.FreeVars) > 0 && callee.Parent() != nil:
		e := hold("e", b.closureEnv(c.Value), nil, b.env(callee).Name)
		call.Args = append([]*ir.Expr{{Op: ir.OpMethodVal, Args: []*ir.Expr{e}, Name: "fn"}}, args(0)...)
	case callee.Signature.Recv() != nil && len(c.Args) > 0:
		r := b.receiver(c.Args[0], callee)
		recv := hold("r", r, r.Type, "")
		call.Args = append(call.Args, &ir.Expr{Op: ir.OpMethodVal, Args: []*ir.Expr{recv}, Obj: callee.Object(), Name: callee.Name()})
		call.Args = append(call.Args, args(1)...)
		th.Dyn = coloured
	default:
		call.Args = append([]*ir.Expr{b.funcValue(callee)}, args(0)...)
		th.Dyn = coloured
	}
	if call.Op == ir.OpCall && c.Signature().Variadic() {
		call.Spread = true
	}
	th.Call = call
	return val
}

// closureEnv is the environment of a closure that is only called.
func (b *fn) closureEnv(v ssa.Value) *ir.Expr {
	e := b.value(v)
	if e.Op == ir.OpMethodVal && e.Name == "fn" {
		return e.Args[0]
	}
	if m, ok := v.(*ssa.MakeClosure); ok && e.Op == ir.OpVar && !b.onlyCalled(m) {
		// The func value was kept in a variable: its environment is made again from the same boxes.
		return b.envOf(m)
	}
	return e
}

// directThunk makes the body of callee, which recovers, the thunk's own deferred method; operands become fields.
func (b *fn) directThunk(th *ir.Thunk, callee *ssa.Function, c *ssa.CallCommon, hold func(string, *ir.Expr, types.Type, string) *ir.Expr) {
	body := b.lowerer.body(callee, ir.Direct)
	body.Name = th.Name // callee may have a body for each place that defers it
	th.Direct = body
	if len(callee.FreeVars) > 0 {
		hold(body.Env.Name, b.closureEnv(c.Value), nil, b.env(callee).Name)
	}
	for n, a := range c.Args {
		hold(body.Params[n].Name, b.value(a), a.Type(), "")
	}
}
