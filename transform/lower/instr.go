package lower

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/ir"
)

// This file translates one instruction at a time.

func (b *fn) instr(i ssa.Instruction) {
	switch i := i.(type) {
	case *ssa.DebugRef, *ssa.Phi: // phis are assigned by the predecessors
	case *ssa.Alloc:
		b.alloc(i)
	case *ssa.BinOp:
		b.set(i, &ir.Expr{Op: ir.OpBinary, Tok: i.Op, Args: []*ir.Expr{b.operand(i.X, i), b.value(i.Y)}, Type: i.Type()})
	case *ssa.UnOp:
		b.unop(i)
	case *ssa.Call:
		b.call(i)
	case *ssa.ChangeType:
		b.set(i, b.convert(i.X, i.Type()))
	case *ssa.Convert:
		b.set(i, b.convert(i.X, i.Type()))
	case *ssa.ChangeInterface:
		b.set(i, &ir.Expr{Op: ir.OpIface, Args: []*ir.Expr{b.value(i.X)}, Type: i.Type()})
	case *ssa.MakeInterface:
		b.set(i, &ir.Expr{Op: ir.OpIface, Args: []*ir.Expr{b.value(i.X)}, Type: i.Type()})
	case *ssa.SliceToArrayPointer:
		b.set(i, b.convert(i.X, i.Type()))
	case *ssa.MakeClosure:
		b.set(i, b.closure(i))
	case *ssa.MakeMap:
		b.set(i, b.make(i.Type(), i.Reserve))
	case *ssa.MakeChan:
		if c, ok := i.Size.(*ssa.Const); ok && c.Int64() == 0 {
			b.set(i, b.make(i.Type()))
			return
		}
		b.set(i, b.make(i.Type(), i.Size))
	case *ssa.MakeSlice:
		b.set(i, b.make(i.Type(), i.Len, i.Cap))
	case *ssa.Slice:
		b.slice(i)
	case *ssa.FieldAddr:
		b.set(i, addr(b.field(b.base(i.X), deref(i.X.Type()), i.Field), i.Type()))
	case *ssa.Field:
		b.set(i, b.field(b.value(i.X), i.X.Type(), i.Field))
	case *ssa.IndexAddr:
		b.set(i, addr(&ir.Expr{Op: ir.OpIndex, Args: []*ir.Expr{b.indexed(i.X), b.value(i.Index)}, Type: deref(i.Type())}, i.Type()))
	case *ssa.Index:
		b.set(i, &ir.Expr{Op: ir.OpIndex, Args: []*ir.Expr{b.value(i.X), b.value(i.Index)}, Type: i.Type()})
	case *ssa.Lookup:
		b.commaOK(i, i.CommaOk, &ir.Expr{Op: ir.OpIndex, Args: []*ir.Expr{b.value(i.X), b.value(i.Index)}, Type: i.Type()})
	case *ssa.TypeAssert:
		if b.nilCheck(i) {
			return
		}
		e := &ir.Expr{Op: ir.OpAssert, Args: []*ir.Expr{retype(b.value(i.X), i.X.Type())}, Type: i.AssertedType, Comma: i.CommaOk}
		if !i.CommaOk {
			b.keep(i, e)
			return
		}
		b.commaOK(i, true, e)
	case *ssa.Extract:
		b.vals[i] = ir.V(b.tuples[i.Tuple][i.Index])
	case *ssa.Range:
		b.rangeStart(i)
	case *ssa.Next:
		b.rangeNext(i)
	case *ssa.Select:
		b.selectStmt(i)
	case *ssa.Send:
		b.operation(&ir.Stmt{Kind: ir.Assign, R: []*ir.Expr{b.rtg("Send", b.value(i.Chan), b.value(i.X))}}, i)
	case *ssa.Store:
		b.store(i)
	case *ssa.MapUpdate:
		m, k := b.value(i.Map), b.value(i.Key)
		b.emit(&ir.Stmt{Kind: ir.Assign,
			L: []*ir.Expr{{Op: ir.OpIndex, Args: []*ir.Expr{m, k}, Type: i.Value.Type()}}, R: []*ir.Expr{b.value(i.Value)}})
	case *ssa.Go:
		b.goStmt(i)
	case *ssa.Defer:
		b.deferStmt(i)
	case *ssa.RunDefers:
		if b.out.Defers != nil {
			b.emit(&ir.Stmt{Kind: ir.Deferred})
		}
	case *ssa.Panic:
		b.emit(&ir.Stmt{Kind: ir.Panic, R: []*ir.Expr{b.value(i.X)}})
	case *ssa.Return:
		b.startMain()
		b.ret(i)
	case *ssa.Jump:
		if r := b.started[i]; r != nil {
			b.enter(r, i.Block())
			return
		}
		b.phis(i.Block(), i.Block().Succs[0])
		if poll := b.pollOf(i.Block(), i.Block().Succs[0]); poll != nil {
			b.emit(poll)
		}
		b.emit(&ir.Stmt{Kind: ir.Goto, Then: b.blocks[i.Block().Succs[0].Index]})
	case *ssa.If:
		if r := b.started[i]; r != nil {
			b.enter(r, i.Block())
			return
		}
		cond := b.value(i.Cond)
		if lastCase(i) {
			b.emit(&ir.Stmt{Kind: ir.Goto, Then: b.blocks[i.Block().Succs[0].Index]})
			return
		}
		for _, s := range i.Block().Succs {
			if hasPhi(s) {
				// The condition may read what the phis assign.
				t := b.newVar("cond", types.Typ[types.Bool])
				b.emit(&ir.Stmt{Kind: ir.Assign, L: []*ir.Expr{ir.V(t)}, R: []*ir.Expr{{Op: ir.OpConvert, Args: []*ir.Expr{cond}, Type: types.Typ[types.Bool]}}})
				cond = ir.V(t)
				break
			}
		}
		b.phis(i.Block(), i.Block().Succs[0])
		b.phis(i.Block(), i.Block().Succs[1])
		b.emit(&ir.Stmt{Kind: ir.If, R: []*ir.Expr{cond}, Then: b.edge(i.Block(), i.Block().Succs[0]), Else: b.edge(i.Block(), i.Block().Succs[1])})
	default:
		b.refuse(suspend.Position(i), "cannot compile this yet", "harkgen has no form for "+i.String(), "please report it")
	}
}

// suspends reports whether i is a suspension point.
func (b *fn) suspends(i ssa.Instruction) bool {
	if !b.coloured {
		return false
	}
	if c, ok := i.(*ssa.Call); ok {
		return b.facts.Site(c) && !releases(c.Call.StaticCallee())
	}
	return b.facts.Operation(i) != ""
}

// releases reports whether rt replaces fn with a call that does not suspend (Unlock, Done, AfterFunc).
func releases(fn *ssa.Function) bool {
	return libraryOf(fn, false).rt != "" && suspend.Primitive(fn) == ""
}

func (b *fn) alloc(a *ssa.Alloc) {
	t := deref(a.Type())
	if isDeferStack(t) {
		if b.out.Defers != nil {
			b.vals[a] = ir.V(b.out.Defers)
		}
		return
	}
	if v, ok := b.direct[a]; ok {
		b.vals[a] = addr(ir.V(v), a.Type())
		if a.Block().Index != 0 && !storedFirst(a) {
			b.emit(&ir.Stmt{Kind: ir.Assign, L: []*ir.Expr{ir.V(v)}, R: []*ir.Expr{{Op: ir.OpZero, Type: t}}})
		}
		return
	}
	if b.literal(a) {
		return
	}
	v := b.newVar(a.Comment, a.Type())
	v.User, v.Boxed = allocName(a), true
	b.vals[a] = ir.V(v)
	b.emit(&ir.Stmt{Kind: ir.Assign, L: []*ir.Expr{ir.V(v)}, R: []*ir.Expr{{Op: ir.OpNew, Type: t}}})
}

// storedFirst reports whether the next use of a in its block replaces it whole.
func storedFirst(a *ssa.Alloc) bool {
	after := false
	for _, i := range a.Block().Instrs {
		if i == ssa.Instruction(a) {
			after = true
			continue
		}
		if !after {
			continue
		}
		if s, ok := i.(*ssa.Store); ok && s.Addr == a {
			return true
		}
		for _, op := range i.Operands(nil) {
			if *op == ssa.Value(a) {
				return false
			}
		}
	}
	return false
}

func (b *fn) unop(i *ssa.UnOp) {
	switch i.Op {
	case token.MUL:
		if isDeferStack(i.Type()) {
			b.vals[i] = b.value(i.X)
			return
		}
		if lit := b.structs[i]; lit != nil {
			b.set(i, b.structExpr(lit))
			return
		}
		p := b.place(i.X)
		p = retype(p, i.Type())
		b.set(i, p)
	case token.ARROW:
		b.receive(i)
	default:
		b.set(i, &ir.Expr{Op: ir.OpUnary, Tok: i.Op, Args: []*ir.Expr{b.operand(i.X, i)}, Type: i.Type()})
	}
}

func retype(e *ir.Expr, t types.Type) *ir.Expr {
	if e.Type == nil {
		c := *e
		c.Type = t
		return &c
	}
	return e
}

// operand is value for the left side of an operator, where a constant needs its type for shifts.
func (b *fn) operand(v ssa.Value, at ssa.Instruction) *ir.Expr {
	e := b.value(v)
	if op, ok := at.(*ssa.BinOp); ok && e.Op == ir.OpConst && e.Const != nil {
		if op.Op == token.SHL || op.Op == token.SHR {
			return &ir.Expr{Op: ir.OpConvert, Args: []*ir.Expr{e}, Type: v.Type()}
		}
	}
	return e
}

func (b *fn) convert(v ssa.Value, t types.Type) *ir.Expr {
	return &ir.Expr{Op: ir.OpConvert, Args: []*ir.Expr{b.value(v)}, Type: t}
}

func (b *fn) make(t types.Type, args ...ssa.Value) *ir.Expr {
	e := &ir.Expr{Op: ir.OpMake, Type: t}
	for _, a := range args {
		if a != nil {
			e.Args = append(e.Args, b.value(a))
		}
	}
	if len(e.Args) == 2 && e.Args[0].Op == ir.OpVar && e.Args[1].Op == ir.OpVar && e.Args[0].Var == e.Args[1].Var {
		e.Args = e.Args[:1]
	}
	return e
}

// base is the struct or pointer to it that a field is selected from.
func (b *fn) base(x ssa.Value) *ir.Expr {
	e := b.value(x)
	if e.Op == ir.OpAddr {
		return e.Args[0]
	}
	return retype(e, x.Type())
}

// indexed is the slice or array (or pointer to it) that an element's address is taken of.
func (b *fn) indexed(x ssa.Value) *ir.Expr {
	if _, ok := x.Type().Underlying().(*types.Pointer); ok {
		return b.base(x)
	}
	return b.value(x)
}

// field selects field n of x, a struct type or pointer to one.
func (b *fn) field(x *ir.Expr, t types.Type, n int) *ir.Expr {
	f := t.Underlying().(*types.Struct).Field(n)
	if !f.Exported() && f.Pkg() != b.home && !b.reaches(f.Pkg()) && !localStruct(t) {
		// Only promotion reaches through an unexported embedded field of a package that is not compiled: leave it out of the selector.
		return retype(x, t)
	}
	return &ir.Expr{Op: ir.OpField, Args: []*ir.Expr{retype(x, t)}, Obj: f, Name: f.Name(), Type: f.Type()}
}

// tuple makes the variables for the parts of v that are used.
func (b *fn) tuple(v ssa.Value, t *types.Tuple) []*ir.Expr {
	vars := make([]*ir.Var, t.Len())
	left := make([]*ir.Expr, t.Len())
	direct := b.storedParts(v)
	for _, r := range referrers(v) {
		x, ok := r.(*ssa.Extract)
		if !ok || len(referrers(x)) == 0 || vars[x.Index] != nil {
			continue
		}
		vars[x.Index] = direct[x]
		if direct[x] == nil {
			vars[x.Index] = b.newVar(x.Name(), t.At(x.Index).Type())
		}
		left[x.Index] = ir.V(vars[x.Index])
	}
	for i, u := range vars {
		if u == nil {
			vars[i] = &ir.Var{Name: "_", Type: t.At(i).Type()}
		}
	}
	b.tuples[v] = vars
	return left
}

// storedParts finds the parts of tuple v that the instructions after it do nothing with but store them in plain variables.
func (b *fn) storedParts(v ssa.Value) map[*ssa.Extract]*ir.Var {
	out := map[*ssa.Extract]*ir.Var{}
	seen := map[*ir.Var]bool{}
	after := false
	for _, i := range v.(ssa.Instruction).Block().Instrs {
		if !after {
			after = i == v.(ssa.Instruction)
			continue
		}
		switch i := i.(type) {
		case *ssa.DebugRef, *ssa.Alloc:
		case *ssa.Extract:
			if i.Tuple != v {
				return out
			}
		case *ssa.Store:
			x, ok := i.Val.(*ssa.Extract)
			a, ok2 := i.Addr.(*ssa.Alloc)
			if !ok || !ok2 || x.Tuple != v || b.direct[a] == nil || seen[b.direct[a]] || len(referrers(x)) > 1 {
				return out
			}
			out[x] = b.direct[a]
			seen[b.direct[a]] = true
			b.skip[i] = true
		default:
			return out
		}
	}
	return out
}

// nilCheck lowers the check that go/ssa puts before a method value of an interface, which panics otherwise than an assertion of the user's.
func (b *fn) nilCheck(i *ssa.TypeAssert) bool {
	t, ok := i.X.Type().Underlying().(*types.Interface)
	if !ok || i.CommaOk || !types.Identical(i.AssertedType, i.X.Type()) || len(referrers(i)) > 0 {
		return false
	}
	for n := range t.NumMethods() {
		m := t.Method(n)
		if !m.Exported() && m.Pkg() != b.home && !b.reaches(m.Pkg()) {
			continue
		}
		b.emit(&ir.Stmt{Kind: ir.Assign, L: []*ir.Expr{nil}, R: []*ir.Expr{
			{Op: ir.OpMethodVal, Args: []*ir.Expr{retype(b.held(i.X), i.X.Type())}, Obj: m, Name: m.Name()},
		}})
		return true
	}
	return false
}

func (b *fn) commaOK(v ssa.Value, ok bool, e *ir.Expr) {
	if !ok {
		b.set(v, e)
		return
	}
	left := b.tuple(v, v.Type().(*types.Tuple))
	b.emit(&ir.Stmt{Kind: ir.Assign, L: left, R: []*ir.Expr{e}})
}

func (b *fn) store(i *ssa.Store) {
	val := b.value(i.Val)
	if b.started[i] != nil {
		val = intConst(0)
	}
	p := b.place(i.Addr)
	if p.Op == ir.OpField && p.Name == "_" { // of a literal
		p = nil
	}
	b.emit(&ir.Stmt{Kind: ir.Assign, L: []*ir.Expr{p}, R: []*ir.Expr{val}, Pos: i.Pos()})
}

func (b *fn) ret(i *ssa.Return) {
	s := &ir.Stmt{Kind: ir.Return, Pos: i.Pos()}
	same := true
	for n, r := range i.Results {
		e := b.value(r)
		s.R = append(s.R, e)
		same = same && e.Op == ir.OpVar && e.Var == b.out.Results[n]
	}
	if same {
		s.R = nil
	}
	b.emit(s)
}

// phi is the variable that the predecessors of a phi assign.
func (b *fn) phi(v *ssa.Phi) *ir.Expr {
	if b.vals[v] == nil {
		b.vals[v] = ir.V(b.newVar("cond", v.Type()))
	}
	return b.vals[v]
}

func hasPhi(blk *ssa.BasicBlock) bool {
	_, ok := blk.Instrs[0].(*ssa.Phi)
	return ok
}

// phis assigns, at the end of from, the phis of to: all at once, as they read each other's old values.
func (b *fn) phis(from, to *ssa.BasicBlock) {
	edge := -1
	for n, p := range to.Preds {
		if p == from {
			edge = n
		}
	}
	s := &ir.Stmt{Kind: ir.Assign}
	for _, i := range to.Instrs {
		phi, ok := i.(*ssa.Phi)
		if !ok {
			break
		}
		s.L = append(s.L, b.phi(phi))
		s.R = append(s.R, b.value(phi.Edges[edge]))
	}
	if len(s.L) > 0 {
		b.emit(s)
	}
}
