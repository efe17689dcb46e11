package emit

import (
	"fmt"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/harkgen/harkgen/transform/ir"
)

// This file spells functions: header, variables, the resume switch, and the blocks.

// function declares f with its body.
func (e *emitter) function(out *jen.File, f *ir.Func) {
	e.fn = f
	if line := e.lineDirective(f.Pos); line != "" {
		out.Comment(line)
	}
	if f.Pragma != "" {
		out.Comment(f.Pragma)
	}
	s := jen.Func()
	switch f.Kind {
	case ir.Closure:
		s.Params(jen.Id(f.Env.Name).Op("*").Id(f.Env.Env)).Id("fn")
	case ir.Method:
		s.Params(jen.Id(f.Recv.Name).Add(e.typ(f.Recv.Type))).Id(f.Name)
	default:
		s.Id(f.Name)
	}
	out.Add(s.ParamsFunc(func(g *jen.Group) {
		if f.Coloured {
			g.Id(f.G).Op("*").Add(e.rt("G"))
		}
		if f.Env != nil && f.Kind == ir.Plain {
			g.Add(e.declare(f.Env))
		}
		for i, p := range f.Params {
			if f.Variadic && i == len(f.Params)-1 {
				g.Id(p.Name).Op("...").Add(e.typ(p.Type.(*types.Slice).Elem()))
				continue
			}
			g.Add(e.declare(p))
		}
	}).ParamsFunc(func(g *jen.Group) {
		for _, r := range f.Results {
			g.Add(e.declare(r))
		}
	}).BlockFunc(func(g *jen.Group) { e.body(g, f) }))
}

// direct declares the method Deferred of a thunk whose callee recovers.
func (e *emitter) direct(out *jen.File, t *ir.Thunk) {
	f := t.Direct
	e.fn = f
	g := f.G
	if g == "" {
		g = "g_"
	}
	if line := e.lineDirective(f.Pos); line != "" {
		out.Comment(line)
	}
	out.Func().Params(jen.Id("t_").Op("*").Id(t.Name)).Id("Deferred").
		Params(jen.Id(g).Op("*").Add(e.rt("G")), jen.Id("d_").Op("*").Add(e.rt("Defers"))).
		BlockFunc(func(b *jen.Group) {
			b.If(jen.Op("!").Id("d_").Dot("Enter").Call(jen.Id(g), jen.Id("t_"))).Block(jen.Return())
			b.Defer().Id("d_").Dot("Leave").Call(jen.Id(g), jen.Id("t_"))
			for _, fl := range t.Fields {
				b.Id(fl.Name).Op(":=").Id("t_").Dot(fl.Name)
				b.Id("_").Op("=").Id(fl.Name)
			}
			for _, r := range f.Results {
				b.Var().Add(e.declare(r))
				b.Id("_").Op("=").Id(r.Name)
			}
			e.body(b, f)
		})
}

// declare spells `name type`.
func (e *emitter) declare(v *ir.Var) *jen.Statement { return jen.Id(v.Name).Add(e.varType(v)) }

func (e *emitter) varType(v *ir.Var) *jen.Statement {
	switch {
	case v.Env != "":
		return jen.Op("*").Id(v.Env)
	case v.RT != "" && v.RT[0] == '*':
		return jen.Op("*").Add(e.rt(v.RT[1:]))
	case v.RT != "":
		return e.rt(v.RT)
	case v.Iter != nil && v.Iter.Key == nil:
		return jen.Op("*").Add(e.rt("StringIter"))
	case v.Iter != nil:
		return jen.Op("*").Add(e.rt("MapIter")).Types(e.typ(v.Iter.Key), e.typ(v.Iter.Elem))
	}
	return e.typ(v.Type)
}

func frameName(f *ir.Func) string {
	if f.Kind == ir.Direct {
		return f.Name + "_deferred_frame"
	}
	return f.Name + "_frame"
}

func (e *emitter) body(g *jen.Group, f *ir.Func) {
	e.vars(g, f.Vars)
	e.targets = f.Targets()
	resumes := map[*ir.Block]*ir.Point{}
	for _, p := range f.Points {
		if p.Resume != nil {
			resumes[p.Resume] = p
		}
	}
	if f.Raised != nil && f.Raised.Read {
		g.Id(f.Raised.Name).Op("=").Id(f.G).Dot("TakeRaised").Call()
	}
	e.epilogue(g, f)
	e.resume(g, f)
	for i := 0; i < len(f.Blocks); {
		b, first := f.Blocks[i], i
		for i++; i < len(f.Blocks) && !e.targets[f.Blocks[i]]; i++ {
		}
		if e.targets[b] {
			l := g.Id(label(b)).Op(":")
			if p := resumes[b]; p != nil {
				l.Comment("// " + e.sourceLine(p.Pos))
			}
		}
		run := func(g *jen.Group) {
			e.vars(g, b.Vars)
			for n := first; n < i; n++ {
				for _, s := range f.Blocks[n].Stmts {
					e.stmt(g, s, next(f, n))
				}
			}
		}
		if len(b.Vars) > 0 {
			g.BlockFunc(run)
		} else {
			run(g)
		}
	}
	if f.RetPoint != nil {
		g.Id(returnLabel).Op(":")
		g.Id(f.Defers.Name).Dot("Return").Call()
		g.Return()
	}
}

// deferAll defers each of thunks.
func (e *emitter) deferAll(f *ir.Func, thunks *jen.Statement) *jen.Statement {
	first := jen.Null()
	if f.Recovers {
		first = jen.If(jen.Id("t").Op("==").Add(e.rt("Recover"))).Block(jen.Defer().Recover(), jen.Continue())
	}
	return jen.For(jen.List(jen.Id("_"), jen.Id("t")).Op(":=").Range().Add(thunks)).Block(
		first,
		jen.If(jen.List(jen.Id("d"), jen.Id("ok")).Op(":=").Id("t").Assert(e.rt("Recoverer")), jen.Id("ok")).Block(
			jen.Defer().Id("d").Dot("Deferred").Call(jen.Id(f.G), defersOf(f)),
		).Else().Block(
			jen.Defer().Add(e.rt("RunDeferred")).Call(jen.Id(f.G), defersOf(f), jen.Id("t")),
		),
	)
}

func (e *emitter) catchOuter(f *ir.Func) *jen.Statement {
	return jen.Defer().Add(e.rt("CatchOuter")).Call(jen.Id(f.G), defersOf(f))
}

// defersOf is the pointer to f's Defers.
func defersOf(f *ir.Func) *jen.Statement {
	if f.Defers.RT[0] == '*' {
		return jen.Id(f.Defers.Name)
	}
	return jen.Op("&").Id(f.Defers.Name)
}

func next(f *ir.Func, i int) *ir.Block {
	if i+1 < len(f.Blocks) {
		return f.Blocks[i+1]
	}
	return nil
}

// vars declares variables.
func (e *emitter) vars(g *jen.Group, vs []*ir.Var) {
	switch len(vs) {
	case 0:
		return
	case 1:
		g.Var().Add(e.declare(vs[0]))
		return
	}
	g.Var().DefsFunc(func(d *jen.Group) {
		for _, v := range vs {
			d.Add(e.declare(v))
		}
	})
}

func label(b *ir.Block) string {
	c := strings.Map(func(r rune) rune {
		if r == '.' || r == ' ' || r == '-' {
			return '_'
		}
		return r
	}, b.Comment)
	if c == "" || !token.IsIdentifier(c) {
		c = "block"
	}
	return fmt.Sprintf("%s_%d", c, b.Index)
}

// returnLabel stands before the return in which deferred calls are resumed.
const returnLabel = "returning"

// epilogue is the first native defer, so the last to run: it pushes the frame when a deferred call was suspended, and
// copies the boxed results.
func (e *emitter) epilogue(g *jen.Group, f *ir.Func) {
	boxed := false
	for _, b := range f.Boxes {
		boxed = boxed || b != nil
	}
	if f.Defers == nil && !boxed {
		return
	}
	g.Defer().Func().Params().BlockFunc(func(b *jen.Group) {
		if f.Defers != nil {
			b.If(jen.Id(f.Defers.Name).Dot("Suspended").Call(jen.Id(f.G))).BlockFunc(func(b *jen.Group) {
				b.Add(e.push(f.RetPoint))
			})
			if boxed {
				b.If(jen.Id(f.G).Dot("Suspending").Call()).Block(jen.Return())
			}
		}
		for i, x := range f.Boxes {
			if x != nil {
				b.If(e.expr(x.Args[0]).Op("!=").Nil()).Block(jen.Id(f.Results[i].Name).Op("=").Add(e.expr(x)))
			}
		}
	}).Call()
}

// resume restores the frame and jumps to the point where the function was suspended.
func (e *emitter) resume(g *jen.Group, f *ir.Func) {
	if !f.Coloured || len(f.Points) == 0 {
		return
	}
	shared := f.Defers != nil && f.Defers.RT[0] == '*'
	if shared {
		g.Id(f.Defers.Name).Op("=").New(e.rt("Defers"))
	}
	g.If(jen.Id(f.G).Dot("Resuming").Call()).BlockFunc(func(b *jen.Group) {
		vars := frameVars(f)
		if f.Entry != nil {
			b.Id(f.Frame).Op(":=").Add(e.rt("Entry")).Call(jen.Id(f.G), e.frameAt(f.Entry))
			b.If(jen.Id(f.G).Dot("Suspending").Call()).Block(jen.Return())
		} else {
			b.Id(f.Frame).Op(":=").Add(e.rt("Pop")).Types(jen.Id(frameName(f))).Call(jen.Id(f.G))
		}
		if len(vars) > 0 {
			b.ListFunc(func(l *jen.Group) {
				for _, v := range vars {
					l.Id(v.Name)
				}
			}).Op("=").ListFunc(func(l *jen.Group) {
				for _, v := range vars {
					l.Id(f.Frame).Dot(v.Name)
				}
			})
		}
		if f.Defers != nil {
			b.Add(e.deferAll(f, jen.Id(f.Defers.Name).Dot("Restore").Call(jen.Id(f.G))))
			if shared {
				b.Add(e.catchOuter(f))
			}
		}
		b.Switch(jen.Id(f.Frame).Dot("PC")).BlockFunc(func(s *jen.Group) {
			for _, p := range f.Points {
				switch {
				case p.Resume != nil:
					s.Case(jen.Lit(p.PC)).Block(jen.Goto().Id(label(p.Resume)))
				case p == f.RetPoint:
					s.Case(jen.Lit(p.PC)).Block(jen.Goto().Id(returnLabel))
				}
			}
		})
	})
}

// frameVars lists the variables that some point of f saves, in order.
func frameVars(f *ir.Func) []*ir.Var {
	seen := map[*ir.Var]bool{}
	max := -1
	at := map[int]*ir.Var{}
	for _, p := range allPoints(f) {
		for _, v := range p.Live {
			if !seen[v] {
				seen[v] = true
				at[v.Index] = v
				if v.Index > max {
					max = v.Index
				}
			}
		}
	}
	var out []*ir.Var
	for i := 0; i <= max; i++ {
		if v := at[i]; v != nil {
			out = append(out, v)
		}
	}
	return out
}

// allPoints lists the points of f and its entry.
func allPoints(f *ir.Func) []*ir.Point {
	if f.Entry == nil {
		return f.Points
	}
	return append([]*ir.Point{f.Entry}, f.Points...)
}

// push spells g.Push(&frame{...}) for point p.
func (e *emitter) push(p *ir.Point) *jen.Statement {
	return jen.Id(e.fn.G).Dot("Push").Call(e.frameAt(p))
}

// frameAt spells &frame{...} for point p.
func (e *emitter) frameAt(p *ir.Point) *jen.Statement {
	return jen.Op("&").Id(frameName(e.fn)).ValuesFunc(func(g *jen.Group) {
		if p.PC != 0 {
			g.Id("Frame").Op(":").Add(e.rt("Frame")).Values(jen.Id("PC").Op(":").Lit(p.PC))
		}
		for _, v := range p.Live {
			g.Id(v.Name).Op(":").Id(v.Name)
		}
	})
}

// suspendCheck is what follows every suspension point.
func (e *emitter) suspendCheck(g *jen.Group, p *ir.Point) {
	g.If(jen.Id(e.fn.G).Dot("Suspending").Call()).Block(e.push(p), jen.Return())
}

// line is the last line that a //line directive or the text after it stands for.
func (e *emitter) lineDirective(pos token.Pos) string {
	if !pos.IsValid() {
		return ""
	}
	at := e.opt.Fset.Position(pos)
	if file := e.opt.Fset.PositionFor(pos, false).Filename; file != at.Filename { // the user has line directives of his own
		if r, err := filepath.Rel(filepath.Dir(file), at.Filename); err == nil && filepath.IsLocal(r) {
			at.Filename = r
		}
		return fmt.Sprintf("//line %s:%d", at.Filename, at.Line)
	}
	return fmt.Sprintf("//line %s:%d", e.opt.LineFile(at.Filename, e.dir), at.Line)
}

func (e *emitter) stmt(g *jen.Group, s *ir.Stmt, next *ir.Block) {
	if s.Kind == ir.Poll {
		if line := e.lineDirective(s.Pos); line != "" {
			g.Comment(line)
		}
		poll := jen.Id(e.fn.G).Dot("Poll").Call()
		if len(s.R) > 0 {
			poll = e.condition(s.R[0]).Op("&&").Add(poll)
		}
		g.If(poll).Block(jen.Id(e.fn.G).Dot("Yield").Call(), e.push(s.Point), jen.Return())
		return
	}
	if s.Kind == ir.Goto && s.Then == next {
		return
	}
	if line := e.lineDirective(s.Pos); line != "" {
		g.Comment(line)
	}
	switch s.Kind {
	case ir.Assign:
		e.assign(g, s)
	case ir.Goto:
		g.Goto().Id(label(s.Then))
	case ir.If:
		e.branch(g, s, next)
	case ir.Return:
		e.ret(g, s)
	case ir.Panic:
		g.Panic(e.expr(s.R[0]))
	case ir.Select:
		e.selectStmt(g, s)
	case ir.Deferred:
		g.Id(e.fn.Defers.Name).Dot("Return").Call()
	case ir.CatchOuter:
		g.Add(e.catchOuter(e.fn))
	case ir.DeferOuter:
		g.Add(e.deferAll(e.fn, jen.Id(e.fn.Defers.Name).Dot("Outer").Call()))
	case ir.NativeDefer:
		g.Defer().Add(e.expr(s.R[0]))
	case ir.Defer:
		e.deferStmt(g, s)
	}
}

func (e *emitter) ret(g *jen.Group, s *ir.Stmt) {
	f := e.fn
	if len(s.R) == 0 {
		g.Return()
		return
	}
	vals := make([]jen.Code, len(s.R))
	for i, r := range s.R {
		vals[i] = e.assigned(r, f.Results[i].Type)
	}
	if f.Kind == ir.Direct {
		for _, v := range vals {
			g.Id("_").Op("=").Add(v)
		}
		g.Return()
		return
	}
	g.Return(vals...)
}

func (e *emitter) deferStmt(g *jen.Group, s *ir.Stmt) {
	f := e.fn
	if len(s.R) == 0 {
		g.Id(f.Defers.Name).Dot("Add").Call(e.rt("Recover"))
		g.Defer().Recover()
		return
	}
	if len(s.R) == 2 {
		g.Add(e.expr(s.R[1])).Dot("AddOuter").Call(e.expr(s.R[0]))
		return
	}
	d := defersOf(f)
	g.BlockFunc(func(b *jen.Group) {
		b.Id("t").Op(":=").Add(e.expr(s.R[0]))
		b.Id(f.Defers.Name).Dot("Add").Call(jen.Id("t"))
		if s.Direct {
			b.Defer().Id("t").Dot("Deferred").Call(jen.Id(f.G), d)
		} else {
			b.Defer().Add(e.rt("RunDeferred")).Call(jen.Id(f.G), d, jen.Id("t"))
		}
	})
}
