package lower

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/transform/ir"
)

// This file turns SSA values into expression trees and decides when a tree must be put into a variable.

// A pend is a value whose tree waits for its one use.
type pend struct {
	v    ssa.Value
	e    *ir.Expr
	vars map[*ir.Var]bool // plain variables it reads
	mem  bool             // reads memory
	risk bool             // may panic
	call bool             // must not move across a call
}

func newPend(v ssa.Value, e *ir.Expr) *pend {
	p := &pend{v: v, e: e, vars: map[*ir.Var]bool{}, risk: e.Effect()}
	ir.Walk(e, func(e *ir.Expr) {
		switch e.Op {
		case ir.OpVar:
			p.vars[e.Var] = true
		case ir.OpDeref, ir.OpIndex, ir.OpField, ir.OpGlobal, ir.OpSlice, ir.OpBuiltin, ir.OpConvert:
			p.mem = true
			if e.Op == ir.OpConvert && (library.IsUnsafePointer(e.Type) || library.IsUnsafePointer(e.Args[0].Type)) {
				p.call = true // before, the collector does not see a pointer, and a snapshot not what it leads to
			}
		}
	})
	return p
}

// value returns the expression for v, consuming it when it is pending.
func (b *fn) value(v ssa.Value) *ir.Expr {
	for i, p := range b.pending {
		if p.v == v {
			b.pending = append(b.pending[:i:i], b.pending[i+1:]...)
			return p.e
		}
	}
	if e := b.vals[v]; e != nil {
		return e
	}
	switch v := v.(type) {
	case *ssa.Const:
		return b.constant(v)
	case *ssa.Phi:
		return b.phi(v)
	case *ssa.Global:
		if v.Object() == nil { // init$guard
			return addr(b.inited(), v.Type())
		}
		return addr(&ir.Expr{Op: ir.OpGlobal, Obj: v.Object(), Type: deref(v.Type())}, v.Type())
	case *ssa.Function:
		return b.funcValue(v)
	case *ssa.FreeVar:
		for i, fv := range b.ssa.FreeVars {
			if fv == v {
				return &ir.Expr{Op: ir.OpField, Args: []*ir.Expr{ir.V(b.out.Env)}, Name: b.env(b.ssa).Fields[i].Name, Type: v.Type()}
			}
		}
	}
	b.refuse(b.pos, "cannot compile this expression yet", "harkgen has no form for "+v.String(), "please report it")
	return &ir.Expr{Op: ir.OpZero, Type: v.Type()}
}

func (b *fn) constant(c *ssa.Const) *ir.Expr {
	if c.Value == nil {
		switch c.Type().Underlying().(type) {
		case *types.Struct, *types.Array:
			return &ir.Expr{Op: ir.OpZero, Type: c.Type()}
		}
		return &ir.Expr{Op: ir.OpConst, Type: c.Type()}
	}
	return &ir.Expr{Op: ir.OpConst, Type: c.Type(), Const: c.Value}
}

func addr(e *ir.Expr, t types.Type) *ir.Expr {
	return &ir.Expr{Op: ir.OpAddr, Args: []*ir.Expr{e}, Type: t}
}

// place is the variable that address v points to.
func (b *fn) place(v ssa.Value) *ir.Expr {
	e := b.value(v)
	if e.Op == ir.OpAddr {
		return e.Args[0]
	}
	return &ir.Expr{Op: ir.OpDeref, Args: []*ir.Expr{e}, Type: deref(v.Type())}
}

// set records what stands for v: its tree stays pending if it has one use in this block, else it goes into a variable.
func (b *fn) set(v ssa.Value, e *ir.Expr) {
	uses := referrers(v)
	if len(uses) == 0 {
		if e.Effect() && e.Op != ir.OpAddr && !b.unevaluated(v.(ssa.Instruction)) {
			b.emit(&ir.Stmt{Kind: ir.Assign, L: []*ir.Expr{nil}, R: []*ir.Expr{e}})
		}
		return
	}
	if len(uses) == 1 && uses[0].Block() == v.(ssa.Instruction).Block() && !b.evaluatedFirst(v, e, uses[0]) {
		p := newPend(v, e)
		if l, ok := v.(*ssa.Lookup); ok {
			_, p.call = l.X.Type().Underlying().(*types.Map)
		}
		if e.Op == ir.OpBuiltin {
			p.call = true // calls in one expression are made in order
		}
		b.pending = append(b.pending, p)
		return
	}
	b.keep(v, e)
}

// evaluatedFirst reports whether v has its value before what else use needs is called: the operands of a select, and the tag of a switch,
// are not part of one expression.
func (b *fn) evaluatedFirst(v ssa.Value, e *ir.Expr, use ssa.Instruction) bool {
	switch use := use.(type) {
	case *ssa.Phi:
		return true
	case *ssa.Select:
		return e.Op != ir.OpVar // which nothing changes meanwhile
	case *ssa.BinOp:
		return use.Op == token.EQL && use.X == v && b.cases()[use.Pos()]
	}
	return false
}

// unevaluated reports whether i stands in the operand of a range that only its type counts of: an array of which no element is asked.
func (b *fn) unevaluated(i ssa.Instruction) bool {
	if b.ranged == nil {
		b.ranged = []ast.Expr{}
		if syntax := b.ssa.Syntax(); syntax != nil {
			ast.Inspect(syntax, func(n ast.Node) bool {
				if s, ok := n.(*ast.RangeStmt); ok && (s.Value == nil || isBlank(s.Value)) && !hasCall(s.X) {
					b.ranged = append(b.ranged, s.X)
				}
				return true
			})
		}
	}
	v, ok := i.(ssa.Value)
	if !ok {
		return false
	}
	if _, ok := v.Type().Underlying().(*types.Array); !ok {
		return false
	}
	for _, x := range b.ranged {
		if x.Pos() <= i.Pos() && i.Pos() < x.End() {
			return true
		}
	}
	return false
}

func isBlank(x ast.Expr) bool {
	id, ok := x.(*ast.Ident)
	return ok && id.Name == "_"
}

// hasCall reports whether x contains a call or a receive.
func hasCall(x ast.Expr) bool {
	found := false
	ast.Inspect(x, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			found = true
		case *ast.UnaryExpr:
			found = found || n.Op == token.ARROW
		}
		return !found
	})
	return found
}

// cases are the positions of the expressions in the case clauses of switches with a tag.
func (b *fn) cases() map[token.Pos]bool {
	if b.caseExprs == nil {
		b.caseExprs = map[token.Pos]bool{}
		if syntax := b.ssa.Syntax(); syntax != nil {
			ast.Inspect(syntax, func(n ast.Node) bool {
				if s, ok := n.(*ast.SwitchStmt); ok && s.Tag != nil {
					for _, c := range s.Body.List {
						for _, x := range c.(*ast.CaseClause).List {
							b.caseExprs[x.Pos()] = true
						}
					}
				}
				return true
			})
		}
	}
	return b.caseExprs
}

// keep puts e into a variable; a place inside a plain variable stays text, with its indexes in variables.
func (b *fn) keep(v ssa.Value, e *ir.Expr) {
	if b.keepPlace(v, e) {
		return
	}
	t := b.newVar(v.Name(), v.Type())
	t.User, t.Copy = copied(v), true
	b.emit(&ir.Stmt{Kind: ir.Assign, L: []*ir.Expr{ir.V(t)}, R: []*ir.Expr{e}})
	b.vals[v] = ir.V(t)
}

// keepPlace keeps the address of a global or of a part of a plain variable as text, and reports whether e is one.
func (b *fn) keepPlace(v ssa.Value, e *ir.Expr) bool {
	switch {
	case e.Op != ir.OpAddr:
		return false
	case rooted(e.Args[0]):
		b.vals[v] = addr(b.stable(e.Args[0]), e.Type)
	case e.Args[0].Op == ir.OpGlobal:
		b.vals[v] = e
	default:
		return false
	}
	return true
}

// rooted reports whether place e is part of a plain variable.
func rooted(e *ir.Expr) bool {
	switch e.Op {
	case ir.OpVar:
		return true
	case ir.OpField:
		return rooted(e.Args[0]) && !pointerish(e.Args[0].Type)
	case ir.OpIndex:
		if _, ok := e.Args[0].Type.Underlying().(*types.Array); !ok {
			return false
		}
		return rooted(e.Args[0])
	}
	return false
}

func pointerish(t types.Type) bool {
	if t == nil {
		return true
	}
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// stable puts the indexes of place e into variables.
func (b *fn) stable(e *ir.Expr) *ir.Expr {
	if e.Op == ir.OpVar {
		return e
	}
	c := *e
	c.Args = append([]*ir.Expr(nil), e.Args...)
	c.Args[0] = b.stable(e.Args[0])
	if e.Op == ir.OpIndex && e.Args[1].Op != ir.OpConst {
		t := b.newVar("i", e.Args[1].Type)
		b.emit(&ir.Stmt{Kind: ir.Assign, L: []*ir.Expr{ir.V(t)}, R: []*ir.Expr{e.Args[1]}})
		c.Args[1] = ir.V(t)
	}
	return &c
}

func referrers(v ssa.Value) []ssa.Instruction {
	var out []ssa.Instruction
	if v.Referrers() == nil {
		return nil
	}
	for _, r := range *v.Referrers() {
		if _, ok := r.(*ssa.DebugRef); !ok {
			for _, op := range r.Operands(nil) {
				if *op == v {
					out = append(out, r)
				}
			}
		}
	}
	return out
}

// emit appends s after putting into variables what must be evaluated before it.
func (b *fn) emit(s *ir.Stmt) {
	b.settle(s)
	b.add(s)
}

func (b *fn) add(s *ir.Stmt) {
	if !s.Pos.IsValid() {
		s.Pos = b.pos
	}
	b.cur.Stmts = append(b.cur.Stmts, s)
}

// settle materialises the pending values that statement s would disturb.
func (b *fn) settle(s *ir.Stmt) {
	var stored []*ir.Var
	memory, calls := false, s.Point != nil
	result := false // assigned, in a function that may recover
	place := func(l *ir.Expr) {
		if l == nil {
			return
		}
		root := l
		for root.Op == ir.OpField || root.Op == ir.OpIndex {
			root = root.Args[0]
		}
		if rooted(l) {
			stored = append(stored, root.Var)
			result = result || b.out.HasDefer && slices.Contains(b.out.Results, root.Var)
		} else {
			memory = true
		}
	}
	for _, l := range s.L {
		place(l)
	}
	for _, c := range s.Cases {
		place(c.L[0])
		place(c.L[1])
	}
	for _, r := range s.R {
		ir.Walk(r, func(e *ir.Expr) {
			switch e.Op {
			case ir.OpCall, ir.OpRT, ir.OpMethod:
				calls = true
			case ir.OpBuiltin:
				switch e.Name {
				case "copy", "delete", "clear", "close", "print", "println":
					memory = true
				}
			}
		})
	}
	keep := b.pending[:0:0]
	work := b.pending
	b.pending = nil
	for _, p := range work {
		clash := memory && (p.mem || p.risk) || calls && p.call || result && p.risk
		for _, v := range stored {
			clash = clash || p.vars[v]
		}
		if clash {
			b.keepNow(p)
		} else {
			keep = append(keep, p)
		}
	}
	b.pending = append(keep, b.pending...)
}

// keepNow is keep without looking at other pending values: they are in order already.
func (b *fn) keepNow(p *pend) {
	if b.keepPlace(p.v, p.e) {
		return
	}
	if p.e.Op == ir.OpAddr && lateAddress(p.e.Args[0]) {
		// The Go compiler evaluates the operands of a place first and its nil and bounds checks at the store.
		b.vals[p.v] = addr(b.operands(p.e.Args[0]), p.e.Type)
		return
	}
	t := b.newVar(p.v.Name(), p.v.Type())
	t.User, t.Copy = copied(p.v), true
	b.add(&ir.Stmt{Kind: ir.Assign, L: []*ir.Expr{ir.V(t)}, R: []*ir.Expr{p.e}})
	b.vals[p.v] = ir.V(t)
}

// lateAddress reports whether place e is an index or field whose base can be put into a variable.
func lateAddress(e *ir.Expr) bool {
	return e.Op == ir.OpIndex || e.Op == ir.OpField || e.Op == ir.OpDeref
}

// operands puts the operands of place e into variables.
func (b *fn) operands(e *ir.Expr) *ir.Expr {
	c := *e
	c.Args = append([]*ir.Expr(nil), e.Args...)
	for i, a := range c.Args {
		if i == 0 && (a.Op == ir.OpField || a.Op == ir.OpIndex) && !pointerish(a.Type) && !sliceish(a.Type) {
			c.Args[i] = b.operands(a)
			continue
		}
		if a.Op == ir.OpConst || a.Type == nil {
			continue
		}
		t := b.newVar("t", a.Type)
		b.add(&ir.Stmt{Kind: ir.Assign, L: []*ir.Expr{ir.V(t)}, R: []*ir.Expr{a}})
		c.Args[i] = ir.V(t)
	}
	return &c
}

func sliceish(t types.Type) bool {
	_, ok := t.Underlying().(*types.Slice)
	return ok
}

func intConst(n int64) *ir.Expr {
	return &ir.Expr{Op: ir.OpConst, Type: types.Typ[types.Int], Const: constant.MakeInt64(n)}
}
