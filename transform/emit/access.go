package emit

import (
	"go/types"

	"github.com/dave/jennifer/jen"

	"github.com/harkgen/harkgen/transform/ir"
	"github.com/harkgen/harkgen/transform/lower"
)

// This file reaches what another compiled package does not export. An instance of a generic function is emitted where its type arguments
// can be named (lower.homeOf), and there holds fields, methods, functions and variables of the package that declares the function. That
// package gets an exported function for each, which the Go compiler inlines:
//
//	l.head     becomes   *a.Hark_field_List_head(l)      func Hark_field_List_head[T any](x_ *List[T]) **node[T] { return &x_.head }
//	f().head             a.Hark_part_List_head(f())      func Hark_part_List_head[T any](x_ List[T]) *node[T] { return x_.head }
//	total                *a.Hark_var_total()             func Hark_var_total() *int { return &total }
//	note(v)              a.Hark_func_note(v)             func Hark_func_note(a0 any) { note(a0) }
//	s.hit(c)             a.Hark_method_state_hit(s, c)   func Hark_method_state_hit(x_ *state, a0 chan int) int { return x_.hit(a0) }
//	s.hit                a.Hark_value_state_hit(s)       func Hark_value_state_hit(x_ *state) func(chan int) int { return x_.hit }
//
// Package rt looks through the frames of the functions that call, should they not be inlined (rt.Enter).

// An access is such a function.
type access struct {
	kind string // as in its name
	obj  types.Object
	of   types.Type // what obj is selected from: a type literal, a named type with its own parameters as arguments, or a pointer to it
	name string
}

// access returns the function for obj, selected from a value of type t if it is a member.
func (e *emitter) access(kind string, obj types.Object, t types.Type) *jen.Statement {
	of, title := general(t)
	x := e.opt.Exports.of(obj.Pkg())
	for _, a := range x.accesses {
		if a.kind == kind && a.obj.Name() == obj.Name() && (a.of == of || of != nil && types.Identical(a.of, of)) {
			return jen.Qual(e.path(obj.Pkg().Path()), a.name)
		}
	}
	a := &access{kind: kind, obj: obj, of: of, name: e.low.Unique(obj.Pkg(), kind+title+"_"+obj.Name())}
	x.accesses = append(x.accesses, a)
	return jen.Qual(e.path(obj.Pkg().Path()), a.name)
}

// general is t with type parameters where it has type arguments, and its name, if any.
func general(t types.Type) (of types.Type, title string) {
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		of, title = general(t.Elem())
		return types.NewPointer(of), title
	case *types.Named:
		of = t.Origin()
		if params := t.Origin().TypeParams(); params.Len() > 0 {
			var args []types.Type
			for p := range params.TypeParams() {
				args = append(args, p)
			}
			of, _ = types.Instantiate(nil, of, args, false)
		}
		return of, "_" + t.Obj().Name()
	}
	return t, ""
}

// hides reports whether o, a member of type t if that is given, cannot be named here but can through its package.
func (e *emitter) hides(o types.Object, t types.Type) bool {
	if o == nil || accessible(o, e.pkg.Types) {
		return false
	}
	if t == nil {
		return e.compiled(o)
	}
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	if n, ok := t.(*types.Named); ok {
		return !lower.IsLocal(n.Obj()) && (e.prog.IsUserPackage(o.Pkg().Path()) || e.low.Plan.Copied()[n.Obj()]) // one that is local is declared here now
	}
	return e.prog.IsUserPackage(o.Pkg().Path()) && e.low.Sees(o.Pkg(), t) // else its literal stands here
}

// field spells x.f.
func (e *emitter) field(x *ir.Expr) *jen.Statement {
	of := x.Args[0]
	if !e.hides(x.Obj, of.Type) {
		return e.operand(of).Dot(e.selected(x))
	}
	ptr := types.Type(types.NewPointer(of.Type))
	var arg *jen.Statement
	switch {
	case isPointer(of.Type):
		ptr, arg = of.Type, e.expr(of)
	case of.Op == ir.OpDeref:
		arg = e.expr(of.Args[0])
	case addressable(of):
		arg = jen.Op("&").Add(e.tight(of))
	default:
		return e.access("part", x.Obj, of.Type).Call(e.expr(of))
	}
	return jen.Parens(jen.Op("*").Add(e.access("field", x.Obj, ptr)).Call(arg))
}

// addressable reports whether x is a struct in a variable.
func addressable(x *ir.Expr) bool {
	if isPointer(x.Type) {
		return false
	}
	switch x.Op {
	case ir.OpVar, ir.OpGlobal, ir.OpDeref:
		return true
	case ir.OpField:
		return isPointer(x.Args[0].Type) || addressable(x.Args[0])
	case ir.OpIndex:
		switch x.Args[0].Type.Underlying().(type) {
		case *types.Slice, *types.Pointer:
			return true
		case *types.Array:
			return addressable(x.Args[0])
		}
	}
	return false
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// global spells a package-level variable or function.
func (e *emitter) global(o types.Object) *jen.Statement {
	if !e.hides(o, nil) {
		return e.qual(o)
	}
	if _, ok := o.(*types.Var); ok {
		return jen.Parens(jen.Op("*").Add(e.access("var", o, nil)).Call())
	}
	return e.access("func", o, nil)
}

// typeArgs are the type arguments of t, or of what it points to.
func typeArgs(t types.Type) (args []types.Type) {
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	if n, ok := t.(*types.Named); ok {
		for a := range n.TypeArgs().Types() {
			args = append(args, a)
		}
	}
	return args
}

// accesses declares the functions that other packages have asked for.
func (e *emitter) accesses(out *jen.File) {
	for _, a := range e.opt.Exports.of(e.user.Types).accesses {
		head := out.Func().Id(a.name)
		var params []jen.Code
		if a.of != nil {
			e.typeParams(head, typeArgs(a.of))
			params = append(params, jen.Id("x_").Add(e.typ(a.of)))
		}
		selected := jen.Id("x_").Dot(a.obj.Name())
		switch a.kind {
		case "var":
			head.Params().Op("*").Add(e.typ(a.obj.Type())).Block(jen.Return(jen.Op("&").Id(lower.NameOf(a.obj))))
		case "field":
			head.Params(params...).Op("*").Add(e.typ(a.member().Type())).Block(jen.Return(jen.Op("&").Add(selected)))
		case "part":
			head.Params(params...).Add(e.typ(a.member().Type())).Block(jen.Return(selected))
		case "value":
			head.Params(params...).Add(e.typ(a.member().Type())).Block(jen.Return(selected))
		case "method":
			e.forward(head, params, a.member().Type().(*types.Signature), selected)
		case "func":
			sig := a.obj.Type().(*types.Signature)
			var args []types.Type
			for p := range sig.TypeParams().TypeParams() {
				args = append(args, p)
			}
			e.typeParams(head, args)
			callee := jen.Id(lower.NameOf(a.obj))
			if len(args) > 0 {
				callee.Types(e.types(args)...)
			}
			e.forward(head, nil, sig, callee)
		}
	}
}

// member is obj as a.of has it, with its type parameters.
func (a *access) member() types.Object {
	o, _, _ := types.LookupFieldOrMethod(a.of, true, a.obj.Pkg(), a.obj.Name())
	return o
}

// forward spells a function, after first, that calls callee.
func (e *emitter) forward(head *jen.Statement, first []jen.Code, sig *types.Signature, callee *jen.Statement) {
	names := argNames(sig)
	for i, n := range names {
		first = append(first, jen.Id(n).Add(e.paramType(sig, i)))
	}
	head.Params(first...).Add(e.results(sig)).BlockFunc(func(g *jen.Group) { result(g, sig, callee.Call(argList(sig, names)...)) })
}

// typeParams declares type parameters.
func (e *emitter) typeParams(head *jen.Statement, params []types.Type) {
	if len(params) == 0 {
		return
	}
	head.TypesFunc(func(g *jen.Group) {
		for _, p := range params {
			p := p.(*types.TypeParam)
			g.Id(typeParam(p)).Add(e.typ(p.Constraint()))
		}
	})
}

func (e *emitter) types(ts []types.Type) (out []jen.Code) {
	for _, t := range ts {
		out = append(out, e.typ(t))
	}
	return out
}
