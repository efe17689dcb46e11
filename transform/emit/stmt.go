package emit

import (
	"go/constant"
	"go/token"
	"go/types"

	"github.com/dave/jennifer/jen"

	"github.com/harkgen/harkgen/transform/ir"
)

// This file spells assignments, branches and selects.

func (e *emitter) assign(g *jen.Group, s *ir.Stmt) {
	if s.Dyn && s.Point != nil {
		g.Id(e.fn.G).Dot("Dyn").Call()
	}
	switch {
	case len(s.L) == 0 || allBlank(s.L) && isCall(s.R[0]) && len(s.R) == 1 && s.R[0].Op != ir.OpBuiltin:
		g.Add(e.expr(s.R[0]))
	case !e.fused(g, s):
		g.ListFunc(func(l *jen.Group) {
			for _, x := range s.L {
				if x == nil {
					l.Id("_")
				} else {
					l.Add(e.expr(x))
				}
			}
		}).Op("=").ListFunc(func(r *jen.Group) {
			for i, x := range s.R {
				if len(s.L) == len(s.R) && s.L[i] != nil {
					r.Add(e.assigned(x, s.L[i].Type))
				} else {
					r.Add(e.expr(x))
				}
			}
		})
	}
	if s.Point != nil {
		if s.Dyn {
			g.Id(e.fn.G).Dot("EndDyn").Call()
		}
		e.suspendCheck(g, s.Point)
	}
}

func allBlank(xs []*ir.Expr) bool {
	for _, x := range xs {
		if x != nil {
			return false
		}
	}
	return true
}

func isCall(x *ir.Expr) bool {
	return x.Op == ir.OpCall || x.Op == ir.OpRT || x.Op == ir.OpBuiltin
}

// fused spells x = x op y as x op= y, which on a map element is one operation instead of two.
func (e *emitter) fused(g *jen.Group, s *ir.Stmt) bool {
	if len(s.L) != 1 || s.L[0] == nil || s.Point != nil {
		return false
	}
	l, r := s.L[0], s.R[0]
	if r.Op != ir.OpBinary || !same(l, r.Args[0]) {
		return false
	}
	switch r.Tok {
	case token.ADD, token.SUB, token.MUL, token.QUO, token.REM, token.AND, token.OR, token.XOR, token.SHL, token.SHR, token.AND_NOT:
	default:
		return false
	}
	y := r.Args[1]
	if y.Op == ir.OpConst && y.Const.Kind() == constant.Int && y.Const.ExactString() == "1" && (r.Tok == token.ADD || r.Tok == token.SUB) {
		g.Add(e.expr(l)).Op(r.Tok.String() + r.Tok.String())
		return true
	}
	g.Add(e.expr(l)).Op(r.Tok.String() + "=").Add(e.bare(y))
	return true
}

// same reports whether two places are spelled alike and evaluate without effect but a nil or bounds check.
func same(a, b *ir.Expr) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.Op != b.Op || len(a.Args) != len(b.Args) {
		return false
	}
	switch a.Op {
	case ir.OpVar:
		return a.Var == b.Var
	case ir.OpConst:
		return a.Const != nil && b.Const != nil && a.Const.ExactString() == b.Const.ExactString() && types.Identical(a.Type, b.Type)
	case ir.OpGlobal:
		return a.Obj == b.Obj
	case ir.OpField, ir.OpIndex, ir.OpDeref:
		if a.Name != b.Name {
			return false
		}
	default:
		return false
	}
	for i := range a.Args {
		if !same(a.Args[i], b.Args[i]) {
			return false
		}
	}
	return true
}

func (e *emitter) branch(g *jen.Group, s *ir.Stmt, next *ir.Block) {
	cond := s.R[0]
	switch {
	case s.Then == s.Else:
		g.Id("_").Op("=").Add(e.expr(cond))
		if s.Then != next {
			g.Goto().Id(label(s.Then))
		}
	case s.Then == next:
		g.If(e.negated(cond)).Block(jen.Goto().Id(label(s.Else)))
	default:
		g.If(e.condition(cond)).Block(jen.Goto().Id(label(s.Then)))
		if s.Else != next {
			g.Goto().Id(label(s.Else))
		}
	}
}

func (e *emitter) condition(x *ir.Expr) *jen.Statement {
	if hasComposite(x) {
		return jen.Parens(e.expr(x))
	}
	return e.expr(x)
}

func hasComposite(x *ir.Expr) bool {
	found := false
	ir.Walk(x, func(x *ir.Expr) {
		found = found || x.Op == ir.OpComposite || x.Op == ir.OpZero || x.Op == ir.OpEnv
	})
	return found
}

// negated spells !x; comparisons are turned round where that is the same (not for floats, because of NaN).
func (e *emitter) negated(x *ir.Expr) *jen.Statement {
	flip := map[token.Token]token.Token{token.EQL: token.NEQ, token.NEQ: token.EQL}
	if x.Op == ir.OpBinary {
		if b, ok := typeOr(x.Args[0].Type).Underlying().(*types.Basic); ok && b.Info()&(types.IsInteger|types.IsString) != 0 {
			flip[token.LSS], flip[token.GEQ] = token.GEQ, token.LSS
			flip[token.GTR], flip[token.LEQ] = token.LEQ, token.GTR
		}
		if t, ok := flip[x.Tok]; ok {
			y := *x
			y.Tok = t
			return e.condition(&y)
		}
	}
	if x.Op == ir.OpUnary && x.Tok == token.NOT {
		return e.condition(x.Args[0])
	}
	return jen.Op("!").Add(e.tight(x))
}

// selectStmt spells a native select that also listens for a stop; see docs/internals.md section 2.
func (e *emitter) selectStmt(g *jen.Group, s *ir.Stmt) {
	G := func() *jen.Statement { return jen.Id(e.fn.G) }
	waits := func() []jen.Code {
		if !s.Block {
			return []jen.Code{e.rt("Ready").Call()}
		}
		var out []jen.Code
		for _, c := range s.Cases {
			name := "Recving"
			if c.Send != nil {
				name = "Sending"
			}
			out = append(out, e.rt(name).Call(e.expr(c.Chan)))
		}
		return out
	}
	cases := func(sel *jen.Group) {
		for n, c := range s.Cases {
			var comm *jen.Statement
			if c.Send != nil {
				comm = e.expr(c.Chan).Op("<-").Add(e.bare(c.Send))
			} else {
				recv := jen.Op("<-").Add(e.expr(c.Chan))
				switch {
				case c.L[1] != nil && c.L[0] != nil:
					comm = jen.List(e.expr(c.L[0]), e.expr(c.L[1])).Op("=").Add(recv)
				case c.L[1] != nil:
					comm = jen.List(jen.Id("_"), e.expr(c.L[1])).Op("=").Add(recv)
				case c.L[0] != nil:
					comm = e.expr(c.L[0]).Op("=").Add(recv)
				default:
					comm = recv
				}
			}
			sel.Case(comm).BlockFunc(func(b *jen.Group) { e.setIndex(b, s, n) })
		}
	}
	if s.Point == nil { // in a library function that only looks whether it could go on
		g.Select().BlockFunc(func(sel *jen.Group) {
			cases(sel)
			if !s.Block {
				sel.Default().BlockFunc(func(b *jen.Group) { e.setIndex(b, s, -1) })
			}
		})
		return
	}
	concede := func() *jen.Statement { return G().Dot("Concede").Call(waits()...) }
	native := jen.If(G().Dot("Before").Call()).Block(concede()).Else().Block(jen.Select().BlockFunc(func(sel *jen.Group) {
		cases(sel)
		sel.Default().BlockFunc(func(b *jen.Group) {
			if !s.Block {
				e.setIndex(b, s, -1)
				return
			}
			b.Add(G().Dot("Park").Call())
			b.If(G().Dot("Pinned").Call()).Block(G().Dot("Block").Call(waits()...))
			b.Select().BlockFunc(func(sel *jen.Group) {
				cases(sel)
				sel.Case(jen.Op("<-").Add(G()).Dot("Stop").Call()).Block(concede())
			})
			b.Add(G().Dot("Unpark").Call())
		})
	}))
	if s.Choose {
		e.choose(g, s, native)
	} else {
		g.Add(native)
	}
	e.suspendCheck(g, s.Point)
}

// choose spells a select over channels that processes may share. If none is shared the native one is executed.
func (e *emitter) choose(g *jen.Group, s *ir.Stmt, native *jen.Statement) {
	args := []jen.Code{jen.Lit(!s.Block)}
	var received []jen.Code
	for n, c := range s.Cases {
		if c.Send != nil {
			args = append(args, e.rt("SendingValue").Call(e.expr(c.Chan), e.bare(c.Send)))
			continue
		}
		args = append(args, e.rt("Recving").Call(e.expr(c.Chan)))
		if c.L[0] == nil && c.L[1] == nil {
			continue
		}
		left := []jen.Code{jen.Id("_"), jen.Id("_")}
		for i, l := range c.L {
			if l != nil {
				left[i] = e.expr(l)
			}
		}
		elem := c.Chan.Type.Underlying().(*types.Chan).Elem()
		received = append(received, jen.Case(jen.Lit(n)).Block(jen.List(left...).Op("=").Add(e.rt("Chosen")).Types(e.typ(elem)).Call(jen.Id(e.fn.G))))
	}
	index := func() *jen.Statement { return jen.Id(s.Index.Name) }
	g.Add(index()).Op("=").Id(e.fn.G).Dot("Choose").Call(args...)
	// What Choose returns means nothing if it has suspended.
	chosen := append([]jen.Code{jen.Case(e.rt("Native")).Block(native)}, received...)
	g.If(jen.Op("!").Id(e.fn.G).Dot("Suspending").Call()).Block(jen.Switch(index()).Block(chosen...))
}

func (e *emitter) setIndex(g *jen.Group, s *ir.Stmt, n int) {
	if s.Index != nil && s.Index.Read {
		g.Id(s.Index.Name).Op("=").Lit(n)
	}
}
