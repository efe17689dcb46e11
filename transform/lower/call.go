package lower

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/placement"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/ir"
)

// This file lowers calls and the operations of rt.

// rt is a call of a function of package rt.
func rt(name string, args ...*ir.Expr) *ir.Expr {
	return &ir.Expr{Op: ir.OpRT, Name: name, Args: args}
}

// g is the hidden goroutine parameter, or a look-up of it where the function has none.
func (b *fn) g() *ir.Expr {
	if b.coloured {
		return &ir.Expr{Op: ir.OpName, Name: b.out.G}
	}
	return &ir.Expr{Op: ir.OpConst} // nil
}

func (b *fn) rtg(name string, args ...*ir.Expr) *ir.Expr {
	return rt(name, append([]*ir.Expr{b.g()}, args...)...)
}

// operation emits s as a suspension point whose operands are needed again when it is resumed.
func (b *fn) operation(s *ir.Stmt, i ssa.Instruction) {
	s.Pos = suspend.Position(i)
	op := b.facts.Operation(i)
	if c, ok := i.(*ssa.Call); ok && op == "" {
		op = "calls " + calleeName(&c.Call)
	}
	if s.Kind == ir.Assign {
		b.fixed(s.R[0].Args)
	}
	s.Point = b.point(op, s.Pos)
	s.Point.Args = true
	b.emit(s)
}

// fixed puts operands into variables that could have another value when they are evaluated again, or panic.
func (b *fn) fixed(args []*ir.Expr) {
	for n, a := range args {
		if a.Op == ir.OpConvert || a.Op == ir.OpIface {
			b.fixed(a.Args)
		} else if a.Type != nil && a.Op != ir.OpVar && a.Op != ir.OpConst && a.Op != ir.OpName {
			args[n] = b.inVar("t", a)
		}
	}
}

// inVar puts e into a variable.
func (b *fn) inVar(name string, e *ir.Expr) *ir.Expr {
	t := b.newVar(name, e.Type)
	b.emit(&ir.Stmt{Kind: ir.Assign, L: []*ir.Expr{ir.V(t)}, R: []*ir.Expr{e}})
	return ir.V(t)
}

func (b *fn) receive(i *ssa.UnOp) {
	ch := b.value(i.X)
	s := &ir.Stmt{Kind: ir.Assign}
	switch {
	case i.CommaOk:
		s.L = b.tuple(i, i.Type().(*types.Tuple))
		s.R = []*ir.Expr{b.rtg("Recv2", ch)}
	default:
		s.L = b.target(i)
		s.R = []*ir.Expr{b.rtg("Recv", ch)}
	}
	b.operation(s, i)
}

// target is where a call's one result goes: straight to the variable that the next instruction stores it in, or to a new one.
func (b *fn) target(v ssa.Value) []*ir.Expr {
	uses := referrers(v)
	if len(uses) == 0 {
		return nil
	}
	if s, ok := uses[0].(*ssa.Store); ok && len(uses) == 1 && s.Val == v && follows(s, v) && !b.skip[s] {
		// Only a plain variable: memory must not see the zero value that a suspended call returns.
		if a, ok := s.Addr.(*ssa.Alloc); ok && b.direct[a] != nil {
			b.skip[s] = true
			return []*ir.Expr{ir.V(b.direct[a])}
		}
	}
	t := b.newVar(v.Name(), v.Type())
	b.vals[v] = ir.V(t)
	return []*ir.Expr{ir.V(t)}
}

// pointerFrom returns the conversion to unsafe.Pointer that is made of the result of call i at once. The Go compiler knows unsafe.Pointer(v.Pointer()) as one
// expression, in which it keeps v alive.
func pointerFrom(i *ssa.Call) *ssa.Convert {
	uses := referrers(i)
	if len(uses) != 1 {
		return nil
	}
	if c, ok := uses[0].(*ssa.Convert); ok && library.IsUnsafePointer(c.Type()) && follows(c, i) {
		return c
	}
	return nil
}

// follows reports whether s is the instruction after the one that makes v.
func follows(s ssa.Instruction, v ssa.Value) bool {
	instrs := s.Block().Instrs
	for n, i := range instrs {
		if i == v.(ssa.Instruction) {
			return n+1 < len(instrs) && instrs[n+1] == s
		}
	}
	return false
}

func (b *fn) call(i *ssa.Call) {
	c := &i.Call
	if bi, ok := c.Value.(*ssa.Builtin); ok {
		b.builtin(i, bi)
		return
	}
	callee := c.StaticCallee()
	if callee != nil && isPackageInit(callee) {
		b.initImports(i)
		return
	}
	if lib := b.libraryOf(callee, b.facts.Site(i)); lib.rt != "" && !b.natively(lib) {
		b.libraryCall(i, callee, lib)
		return
	}
	s := &ir.Stmt{Kind: ir.Assign, Pos: suspend.Position(i)}
	if name := b.locker(c); name != "" {
		l := retype(b.value(c.Value), c.Value.Type())
		if l.Op == ir.OpConst { // nil
			l = b.convert(c.Value, c.Value.Type())
		}
		if s.R = []*ir.Expr{b.rtg(name, l)}; b.suspends(i) {
			b.operation(s, i)
		} else {
			b.emit(s)
		}
		return
	}
	e, dyn := b.callExpr(c, b.suspends(i))
	s.R = []*ir.Expr{e}
	s.Dyn = dyn
	if b.suspends(i) {
		b.quietArgs(e, dyn)
	}
	if t, ok := i.Type().(*types.Tuple); ok {
		if t.Len() > 0 {
			s.L = b.tuple(i, t)
			if allNil(s.L) {
				s.L = nil
			}
		}
	} else if p := pointerFrom(i); p != nil && !b.suspends(i) {
		b.skip[p] = true
		s.L = b.target(p)
		s.R = []*ir.Expr{{Op: ir.OpConvert, Args: []*ir.Expr{e}, Type: p.Type()}}
	} else {
		s.L = b.target(i)
	}
	outer := b.rangesWithDefer(c)
	if outer {
		b.emit(&ir.Stmt{Kind: ir.CatchOuter, Pos: s.Pos})
	}
	if b.suspends(i) {
		s.Point = b.point("calls "+calleeName(c), s.Pos)
	}
	b.emit(s)
	if outer {
		b.emit(&ir.Stmt{Kind: ir.DeferOuter, Pos: s.Pos})
	}
}

func allNil(es []*ir.Expr) bool {
	for _, e := range es {
		if e != nil {
			return false
		}
	}
	return true
}

func calleeName(c *ssa.CallCommon) string {
	if f := c.StaticCallee(); f != nil {
		return f.String()
	}
	if c.IsInvoke() {
		return c.Method.FullName()
	}
	return c.Value.Type().String()
}

// quietArgs puts arguments that could panic into variables: on resumption the call is made again with whatever is there.
func (b *fn) quietArgs(e *ir.Expr, dyn bool) {
	b.keepEffects(e.Args[1:])
	if !dyn {
		return
	}
	switch f := e.Args[0]; f.Op {
	case ir.OpVar, ir.OpName, ir.OpMethodExp:
	case ir.OpMethodVal:
		if r := f.Args[0]; r.Op == ir.OpEnv {
			b.keepEffects(r.Args)
		} else if r.Op != ir.OpVar {
			f.Args[0] = b.inVar("recv", f.Args[0])
		}
	default:
		if _, function := f.Obj.(*types.Func); f.Type != nil && !function { // a variable of the package may change
			e.Args[0] = b.inVar("fn", f)
		}
	}
}

// keepEffects puts those of args whose evaluation could panic, or see a change, into variables.
func (b *fn) keepEffects(args []*ir.Expr) {
	for n, a := range args {
		switch {
		case a.Op == ir.OpEnv:
			b.keepEffects(a.Args)
		case a.Type == nil || !a.Effect() || a.Op == ir.OpConvert && a.Args[0].Op == ir.OpConst:
		default:
			args[n] = b.inVar("arg", a)
		}
	}
}

// callExpr builds the call. coloured: it may suspend. dyn: it does so through a func value or interface.
func (b *fn) callExpr(c *ssa.CallCommon, coloured bool) (e *ir.Expr, dyn bool) {
	if c.IsInvoke() {
		recv := b.value(c.Value)
		recv = retype(recv, c.Value.Type())
		if recv.Op == ir.OpConst {
			recv = &ir.Expr{Op: ir.OpConvert, Args: []*ir.Expr{recv}, Type: c.Value.Type()}
		}
		m := &ir.Expr{Op: ir.OpMethodVal, Args: []*ir.Expr{recv}, Obj: c.Method, Name: c.Method.Name(), Type: c.Method.Type()}
		return b.apply(m, c, nil), coloured
	}
	callee := c.StaticCallee()
	if callee == nil {
		return b.apply(b.value(c.Value), c, nil), coloured
	}
	if coloured && b.plan.lower[callee] && b.facts.Coloured(callee) && !b.promoted(callee) {
		return b.loweredCall(callee, c), false
	}
	return b.plainCall(callee, c), coloured
}

// loweredCall calls the lowered body of a coloured function with the hidden goroutine.
func (b *fn) loweredCall(callee *ssa.Function, c *ssa.CallCommon) *ir.Expr {
	f := &ir.Expr{Op: ir.OpName, Name: b.loweredName(callee), Pkg: b.homeOf(callee).Path()}
	hidden := []*ir.Expr{b.g()}
	if m, ok := c.Value.(*ssa.MakeClosure); ok {
		hidden = append(hidden, b.envOf(m))
	} else if len(callee.FreeVars) > 0 {
		hidden = append(hidden, b.value(c.Value))
	}
	return b.apply(f, c, hidden)
}

// plainCall calls callee as the user would.
func (b *fn) plainCall(callee *ssa.Function, c *ssa.CallCommon) *ir.Expr {
	_, closure := c.Value.(*ssa.MakeClosure)
	switch {
	case closure && callee.Parent() == nil: // a method value that is called at once: for range x.M
		return b.apply(b.value(c.Value), c, nil)
	case isInit(callee):
		return b.apply(&ir.Expr{Op: ir.OpName, Name: b.loweredName(callee)}, c, nil)
	case callee.Parent() != nil && len(callee.FreeVars) > 0:
		return b.apply(b.value(c.Value), c, nil)
	case callee.Parent() != nil:
		return b.apply(&ir.Expr{Op: ir.OpName, Name: b.wrapperName(callee), Pkg: b.homeOf(callee).Path()}, c, nil)
	case callee.Signature.Recv() != nil && callee.Synthetic == "" || callee.Signature.Recv() != nil && len(c.Args) > 0:
		recv := b.receiver(c.Args[0], callee)
		if recv.Op == ir.OpConst {
			recv = &ir.Expr{Op: ir.OpConvert, Args: []*ir.Expr{recv}, Type: c.Args[0].Type()}
		}
		m := &ir.Expr{Op: ir.OpMethodVal, Args: []*ir.Expr{recv}, Obj: callee.Object(), Name: callee.Name(), Type: callee.Signature}
		rest := *c
		rest.Args = c.Args[1:]
		return b.apply(m, &rest, nil)
	}
	return b.apply(b.funcValue(callee), c, nil)
}

// promoted reports whether method callee has a receiver type that has no name here: it is called through the type that embeds it.
func (b *fn) promoted(callee *ssa.Function) bool {
	method, ok := callee.Object().(*types.Func) // also of the synthetic function of a method value
	if !ok || method.Signature().Recv() == nil {
		return false
	}
	recv := method.Signature().Recv()
	t := types.Unalias(recv.Type())
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, ok := t.(*types.Named)
	return ok && !n.Obj().Exported() && n.Obj().Pkg() != nil && n.Obj().Pkg() != b.home && !b.reaches(n.Obj().Pkg())
}

// receiver is the receiver v of a call of method callee; of a promoted one, the struct that embeds it.
func (b *fn) receiver(v ssa.Value, callee *ssa.Function) *ir.Expr {
	e := retype(b.value(v), v.Type())
	if !b.promoted(callee) || e.Op != ir.OpAddr || e.Args[0].Type == nil {
		return e
	}
	if pointerish(e.Args[0].Type) {
		return e.Args[0]
	}
	return addr(e.Args[0], types.NewPointer(e.Args[0].Type))
}

// apply makes the call f(hidden..., args...).
func (b *fn) apply(f *ir.Expr, c *ssa.CallCommon, hidden []*ir.Expr) *ir.Expr {
	e := &ir.Expr{Op: ir.OpCall, Args: append([]*ir.Expr{f}, hidden...)}
	for _, a := range c.Args {
		e.Args = append(e.Args, retype(b.value(a), a.Type()))
	}
	b.spread(e, c)
	return e
}

// spread passes a variadic argument as elements when it was written so, or with dots.
func (b *fn) spread(e *ir.Expr, c *ssa.CallCommon) {
	if !c.Signature().Variadic() || len(c.Args) == 0 {
		return
	}
	last := e.Args[len(e.Args)-1]
	v := c.Args[len(c.Args)-1]
	if s, ok := v.(*ssa.Slice); ok {
		if a, ok := s.X.(*ssa.Alloc); ok && a.Comment == "varargs" && last.Op == ir.OpComposite {
			e.Args = append(e.Args[:len(e.Args)-1:len(e.Args)-1], last.Args...)
			return
		}
	}
	if k, ok := v.(*ssa.Const); ok && k.Value == nil {
		e.Args = e.Args[:len(e.Args)-1]
		return
	}
	e.Spread = true
}

// natively reports whether lib is called as it is: in a library function that cannot suspend.
func (b *fn) natively(lib libraryFunc) bool {
	return lib.sync && !b.coloured && b.plan.isAlong(b.ssa)
}

// libraryCall calls what rt has instead of a library function.
func (b *fn) libraryCall(i *ssa.Call, callee *ssa.Function, lib libraryFunc) {
	var args []*ir.Expr
	if lib.rt == groupGo {
		wg := b.value(i.Call.Args[0])
		t := b.thunkOf(&ssa.CallCommon{Value: i.Call.Args[1]}, i, b.facts.Site(i), false)
		b.start(lib.rt, i, wg, t)
		return
	}
	for _, a := range i.Call.Args {
		args = append(args, b.value(a))
	}
	isShared := suspend.SharedCall(callee) != ""
	if isShared {
		if args[0].Op == ir.OpConst { // nil
			args[0] = b.convert(i.Call.Args[0], i.Call.Args[0].Type())
		}
		args[0] = lib.convert(args[0])
	}
	e := rt(lib.rt, args...)
	switch {
	case lib.g:
		e = b.rtg(lib.rt, args...)
	case lib.mayG && b.coloured:
		e = b.rtg(lib.rt+"G", args...)
	}
	s := &ir.Stmt{Kind: ir.Assign, R: []*ir.Expr{e}, Pos: suspend.Position(i)}
	waits := suspend.Primitive(callee) != "" || lib.maybe
	if t, ok := i.Type().(*types.Tuple); ok && t.Len() > 0 {
		if s.L = b.tuple(i, t); allNil(s.L) {
			s.L = nil
		}
	} else if !ok && !waits {
		s.L = b.target(i)
	}
	if !waits && !isShared {
		b.emit(s)
		return
	}
	outer := b.rangesWithDefer(&i.Call)
	if outer {
		b.emit(&ir.Stmt{Kind: ir.CatchOuter, Pos: s.Pos})
	}
	b.operation(s, i)
	if outer {
		b.emit(&ir.Stmt{Kind: ir.DeferOuter, Pos: s.Pos})
	}
}

func (b *fn) builtin(i *ssa.Call, bi *ssa.Builtin) {
	if b.suspends(i) {
		b.sharedBuiltin(i)
		return
	}
	switch bi.Name() {
	case "ssa:deferstack":
		b.deferStack(i)
		return
	case "ssa:wrapnilchk":
		b.set(i, b.value(i.Call.Args[0]))
		return
	}
	e := b.builtinExpr(bi, &i.Call)
	if b.out.Raised != nil && bi.Name() == "recover" {
		e = &ir.Expr{Op: ir.OpCall, Args: []*ir.Expr{{Op: ir.OpMethodVal, Args: []*ir.Expr{ir.V(b.out.Raised)}, Name: "Recover"}}}
	}
	if b.out.Kind == ir.Direct && bi.Name() == "recover" {
		g := b.out.G
		if g == "" {
			g = "g_"
		}
		e = &ir.Expr{Op: ir.OpCall, Args: []*ir.Expr{
			{Op: ir.OpMethodVal, Args: []*ir.Expr{{Op: ir.OpName, Name: "d_"}}, Name: "Recovered"}, {Op: ir.OpName, Name: g}, e,
		}}
	}
	if e.Type == nil {
		e.Type = i.Type()
	}
	switch bi.Name() {
	case "len", "cap", "real", "imag", "complex", "min", "max":
		b.set(i, e)
		return
	}
	s := &ir.Stmt{Kind: ir.Assign, R: []*ir.Expr{e}, Pos: suspend.Position(i)}
	if t, ok := i.Type().(*types.Tuple); !ok || t.Len() > 0 {
		if len(referrers(i)) > 0 {
			s.L = b.target(i)
		} else if bi.Name() == "append" || placement.IsUnsafe(bi.Name()) {
			s.L = []*ir.Expr{nil}
		}
	}
	b.emit(s)
}

func (b *fn) builtinExpr(bi *ssa.Builtin, c *ssa.CallCommon) *ir.Expr {
	e := &ir.Expr{Op: ir.OpBuiltin, Name: bi.Name()}
	if placement.IsUnsafe(bi.Name()) {
		e.Pkg = "unsafe"
	}
	for _, a := range c.Args {
		x := b.value(a)
		if x.Op == ir.OpConst && (bi.Name() == "append" && x.Const == nil || bi.Name() != "append" && bi.Name() != "delete") {
			x = &ir.Expr{Op: ir.OpConvert, Args: []*ir.Expr{x}, Type: a.Type()}
		}
		e.Args = append(e.Args, x)
	}
	if bi.Name() == "Offsetof" {
		return b.offset(e, c)
	}
	if bi.Name() == "append" && len(e.Args) == 2 {
		last := e.Args[1]
		if last.Op == ir.OpComposite {
			e.Args = append(e.Args[:1:1], last.Args...)
		} else {
			e.Spread = true
		}
	}
	return e
}
