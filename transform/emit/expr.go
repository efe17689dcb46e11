package emit

import (
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"strconv"

	"github.com/dave/jennifer/jen"

	"github.com/harkgen/harkgen/transform/ir"
)

// This file spells expressions.

// expr spells x. A constant is given its type, for a place where nothing else gives it one.
func (e *emitter) expr(x *ir.Expr) *jen.Statement {
	switch x.Op {
	case ir.OpVar:
		return jen.Id(x.Var.Name)
	case ir.OpConst:
		return e.constant(x)
	case ir.OpZero:
		return e.zero(x.Type)
	case ir.OpGlobal:
		s := e.global(x.Obj)
		if len(x.Args) > 0 {
			s.Types(e.exprs(x.Args)...)
		}
		return s
	case ir.OpName:
		if x.Pkg != "" && x.Pkg != e.pkg.Types.Path() {
			return jen.Qual(e.path(x.Pkg), x.Name)
		}
		return jen.Id(x.Name)
	case ir.OpUnary:
		return jen.Op(x.Tok.String()).Add(e.tight(x.Args[0]))
	case ir.OpBinary:
		return e.binary(x)
	case ir.OpDeref:
		return jen.Op("*").Add(e.tight(x.Args[0]))
	case ir.OpAddr:
		if x.Args[0].Op == ir.OpDeref {
			return e.expr(x.Args[0].Args[0])
		}
		return jen.Op("&").Add(e.tight(x.Args[0]))
	case ir.OpField:
		return e.field(x)
	case ir.OpIndex:
		return e.operand(x.Args[0]).Index(e.bare(x.Args[1]))
	case ir.OpSlice:
		return e.slice(x)
	case ir.OpConvert:
		return e.conversion(x)
	case ir.OpIface:
		return e.convertTo(x.Type, e.expr(x.Args[0]))
	case ir.OpAssert:
		return e.assertion(x)
	case ir.OpCall:
		return e.call(x)
	case ir.OpBuiltin:
		f := jen.Id(x.Name)
		if x.Pkg != "" {
			f = jen.Qual(x.Pkg, x.Name)
		}
		return f.Call(e.args(x.Args, x.Spread)...)
	case ir.OpRT:
		return e.rt(x.Name).Call(e.args(x.Args, false)...)
	case ir.OpComposite:
		return e.composite(x)
	case ir.OpNew:
		return jen.New(e.typ(x.Type))
	case ir.OpMake:
		return jen.Make(append([]jen.Code{e.typ(x.Type)}, e.args(x.Args, false)...)...)
	case ir.OpEnv:
		return jen.Op("&").Id(x.Name).Values(jen.DictFunc(func(d jen.Dict) {
			for i, f := range x.Fields {
				d[jen.Id(f)] = e.bare(x.Args[i])
			}
		}))
	case ir.OpMethodVal:
		return e.selector(x)
	case ir.OpMethodExp:
		if e.hides(x.Obj, x.Type) {
			s := e.access("method", x.Obj, x.Type)
			if args := typeArgs(x.Type); len(args) > 0 {
				s.Types(e.types(args)...)
			}
			return s
		}
		return jen.Parens(e.typ(x.Type)).Dot(x.Name)
	case ir.OpTypeName:
		return e.typ(x.Type)
	}
	panic("harkgen: no spelling for expression")
}

func (e *emitter) composite(x *ir.Expr) *jen.Statement {
	s, ok := x.Type.Underlying().(*types.Struct)
	if !ok {
		return e.typ(x.Type).Values(e.implicit(x.Args, elemType(x.Type))...)
	}
	vals := make([]jen.Code, len(x.Args))
	for i, a := range x.Args {
		for f := range s.Fields() {
			if f.Name() == x.Fields[i] {
				vals[i] = jen.Id(e.fieldName(f)).Op(":").Add(e.assigned(a, f.Type()))
			}
		}
	}
	return e.typ(x.Type).Values(vals...)
}

func elemType(t types.Type) types.Type {
	switch t := t.Underlying().(type) {
	case *types.Slice:
		return t.Elem()
	case *types.Array:
		return t.Elem()
	}
	return nil
}

func (e *emitter) exprs(xs []*ir.Expr) []jen.Code {
	out := make([]jen.Code, len(xs))
	for i, x := range xs {
		out[i] = e.expr(x)
	}
	return out
}

// args spells call arguments; the parameters give constants their types.
func (e *emitter) args(xs []*ir.Expr, spread bool) []jen.Code {
	out := make([]jen.Code, len(xs))
	for i, x := range xs {
		out[i] = e.bare(x)
		if spread && i == len(xs)-1 {
			out[i] = jen.Add(out[i]).Op("...")
		}
	}
	return out
}

// implicit spells values that are assigned to slots of type t, leaving out conversions to it.
func (e *emitter) implicit(xs []*ir.Expr, t types.Type) []jen.Code {
	out := make([]jen.Code, len(xs))
	for i, x := range xs {
		out[i] = e.assigned(x, t)
	}
	return out
}

// assigned spells x where it is assigned to type t.
func (e *emitter) assigned(x *ir.Expr, t types.Type) *jen.Statement {
	if x.Op == ir.OpIface && t != nil && types.IsInterface(t) && types.Identical(x.Type, t) && x.Args[0].Op != ir.OpConst {
		return e.expr(x.Args[0])
	}
	if x.Op == ir.OpIface && t != nil && types.Identical(x.Type, t) && x.Args[0].Op == ir.OpConst && x.Args[0].Const != nil && isDefault(x.Args[0]) {
		return e.literal(x.Args[0])
	}
	return e.bare(x)
}

// bare spells x where the context has x's own type: constants need no conversion.
func (e *emitter) bare(x *ir.Expr) *jen.Statement {
	if x.Op == ir.OpConst {
		if x.Const == nil {
			return jen.Nil()
		}
		return e.literal(x)
	}
	return e.expr(x)
}

// tight spells x as the operand of a unary operator.
func (e *emitter) tight(x *ir.Expr) *jen.Statement {
	switch x.Op {
	case ir.OpBinary, ir.OpComposite, ir.OpZero, ir.OpUnary, ir.OpDeref, ir.OpAddr, ir.OpEnv, ir.OpConst:
		return jen.Parens(e.expr(x))
	case ir.OpIface, ir.OpConvert:
		return e.expr(x)
	}
	return e.expr(x)
}

// operand spells x before a selector, index or slice.
func (e *emitter) operand(x *ir.Expr) *jen.Statement {
	if x.Op == ir.OpDeref && derefs(x) {
		return e.operand(x.Args[0])
	}
	if x.Op == ir.OpAddr {
		return e.operand(x.Args[0])
	}
	return e.tight(x)
}

// derefs reports whether Go dereferences the pointer under x by itself, before a selector or index.
func derefs(x *ir.Expr) bool {
	if x.Type == nil {
		return false
	}
	switch x.Type.Underlying().(type) {
	case *types.Struct, *types.Array:
		return true
	}
	return false
}

func (e *emitter) selector(x *ir.Expr) *jen.Statement {
	r := x.Args[0]
	if e.hides(x.Obj, r.Type) {
		return e.access("value", x.Obj, r.Type).Call(e.bare(r))
	}
	switch r.Op {
	case ir.OpEnv:
		return jen.Parens(e.expr(r)).Dot(x.Name)
	case ir.OpAddr:
		if r.Args[0].Op == ir.OpComposite || r.Args[0].Op == ir.OpZero {
			return jen.Parens(e.expr(r)).Dot(x.Name)
		}
		return e.operandNoDeref(r.Args[0]).Dot(x.Name)
	}
	return e.operandNoDeref(r).Dot(x.Name)
}

func (e *emitter) operandNoDeref(x *ir.Expr) *jen.Statement {
	if x.Op == ir.OpDeref {
		return jen.Parens(e.expr(x))
	}
	return e.tight(x)
}

func (e *emitter) call(x *ir.Expr) *jen.Statement {
	f := x.Args[0]
	var s *jen.Statement
	switch f.Op {
	case ir.OpConst:
		s = jen.Parens(e.typ(f.Type)).Call(jen.Nil())
	case ir.OpMethodExp, ir.OpName, ir.OpGlobal, ir.OpVar, ir.OpField, ir.OpMethodVal:
		s = e.expr(f)
	default:
		s = jen.Parens(e.expr(f))
	}
	sig, _ := sigOf(f)
	rest := x.Args[1:]
	args := e.args(rest, x.Spread)
	if sig != nil && f.Op != ir.OpGlobal {
		off := len(rest) - sig.Params().Len()
		for i, a := range rest {
			if n := i - off; off >= 0 && n >= 0 && n < sig.Params().Len() && !(sig.Variadic() && n == sig.Params().Len()-1) {
				args[i] = e.assigned(a, sig.Params().At(n).Type())
			}
		}
	}
	if f.Op == ir.OpGlobal {
		if fn, ok := f.Obj.(*types.Func); ok {
			e.globalArgs(fn, f, rest, args, x.Spread)
		}
	}
	if f.Op == ir.OpMethodVal && e.hides(f.Obj, f.Args[0].Type) {
		s, args = e.access("method", f.Obj, f.Args[0].Type), append([]jen.Code{e.bare(f.Args[0])}, args...)
	}
	return s.Call(args...)
}

// globalArgs spells the arguments of a call of a named function: with types for a generic one, where they are inferred from.
func (e *emitter) globalArgs(fn *types.Func, f *ir.Expr, xs []*ir.Expr, args []jen.Code, spread bool) {
	sig := fn.Signature()
	for i, x := range xs {
		if sig.TypeParams().Len() > 0 {
			if x.Op == ir.OpConst {
				args[i] = e.expr(x)
			}
			continue
		}
		if i >= sig.Params().Len()-1 && sig.Variadic() {
			if !spread {
				if sl, ok := sig.Params().At(sig.Params().Len() - 1).Type().(*types.Slice); ok {
					args[i] = e.assigned(x, sl.Elem())
				}
			}
			continue
		}
		if i < sig.Params().Len() {
			args[i] = e.assigned(x, sig.Params().At(i).Type())
		}
	}
}

func sigOf(f *ir.Expr) (*types.Signature, bool) {
	if f.Type == nil {
		return nil, false
	}
	s, ok := f.Type.Underlying().(*types.Signature)
	return s, ok
}

func (e *emitter) binary(x *ir.Expr) *jen.Statement {
	a, b := x.Args[0], x.Args[1]
	shift := x.Tok == token.SHL || x.Tok == token.SHR
	spell := func(x, other *ir.Expr) *jen.Statement {
		if x.Op == ir.OpConst && other.Op != ir.OpConst && (x.Const == nil || !types.IsInterface(typeOr(other.Type))) {
			return e.bare(x)
		}
		switch x.Op {
		case ir.OpBinary, ir.OpComposite, ir.OpZero, ir.OpEnv:
			return jen.Parens(e.expr(x))
		case ir.OpAddr:
			if x.Args[0].Op == ir.OpComposite {
				return jen.Parens(e.expr(x))
			}
		}
		return e.expr(x)
	}
	if isNil(a) && isNil(b) {
		t := a.Type
		if isUntyped(t) {
			t = b.Type
		}
		if isUntyped(t) {
			t = types.NewInterfaceType(nil, nil)
		}
		return e.convertTo(t, jen.Nil()).Op(x.Tok.String()).Nil()
	}
	l := spell(a, b)
	var r *jen.Statement
	if shift && b.Op == ir.OpConst {
		r = e.literal(b)
	} else {
		r = spell(b, a)
	}
	if x.Tok == token.AND_NOT {
		return l.Op("&^").Add(r)
	}
	return l.Op(x.Tok.String()).Add(r)
}

func isNil(x *ir.Expr) bool { return x.Op == ir.OpConst && x.Const == nil }

func isUntyped(t types.Type) bool {
	b, ok := t.(*types.Basic)
	return t == nil || ok && b.Info()&types.IsUntyped != 0 || ok && b.Kind() == types.UntypedNil
}

func typeOr(t types.Type) types.Type {
	if t == nil {
		return types.Typ[types.Int]
	}
	return t
}

func (e *emitter) slice(x *ir.Expr) *jen.Statement {
	var idx []jen.Code
	last := 2
	if x.Args[3] != nil {
		last = 3
	}
	for _, a := range x.Args[1 : last+1] {
		if a == nil {
			idx = append(idx, jen.Empty())
		} else {
			idx = append(idx, e.bare(a))
		}
	}
	return e.operand(x.Args[0]).Index(idx...)
}

func (e *emitter) conversion(x *ir.Expr) *jen.Statement {
	a := x.Args[0]
	if a.Op == ir.OpConst && a.Const != nil {
		return e.convertTo(x.Type, e.literalFor(a, x.Type))
	}
	if a.Op == ir.OpConst {
		return e.convertTo(x.Type, jen.Nil())
	}
	return e.convertTo(x.Type, e.expr(a))
}

// literalFor spells constant a where it is converted to t: with its own type when the conversion is more than naming one.
func (e *emitter) literalFor(a *ir.Expr, t types.Type) *jen.Statement {
	if a.Type != nil && types.Identical(a.Type.Underlying(), t.Underlying()) {
		return e.literal(a)
	}
	return e.constant(a)
}

func (e *emitter) convertTo(t types.Type, x *jen.Statement) *jen.Statement {
	if needsParens(t) {
		return jen.Parens(e.typ(t)).Call(x)
	}
	return e.typ(t).Call(x)
}

// zero spells the zero value of t for an assignment.
func (e *emitter) zero(t types.Type) *jen.Statement {
	switch u := t.Underlying().(type) {
	case *types.Struct, *types.Array:
		if _, ok := t.(*types.TypeParam); !ok {
			return e.typ(t).Values()
		}
	case *types.Basic:
		switch {
		case u.Info()&types.IsString != 0:
			return jen.Lit("")
		case u.Info()&types.IsBoolean != 0:
			return jen.False()
		case u.Kind() != types.UnsafePointer:
			return jen.Lit(0)
		}
	}
	return jen.Nil()
}

// constant spells a constant with its type.
func (e *emitter) constant(x *ir.Expr) *jen.Statement {
	if x.Const == nil {
		if isUntyped(x.Type) {
			return jen.Nil()
		}
		return e.convertTo(x.Type, jen.Nil())
	}
	if isDefault(x) {
		return e.literal(x)
	}
	return e.convertTo(x.Type, e.literal(x))
}

// isDefault reports whether the literal alone has the constant's type.
func isDefault(x *ir.Expr) bool {
	b, ok := x.Type.(*types.Basic)
	if !ok {
		return false
	}
	switch b.Kind() {
	case types.Int, types.String, types.Bool, types.UntypedBool, types.UntypedInt, types.UntypedString:
		return true
	case types.Float64:
		return false
	}
	return false
}

// literal spells the value of a constant alone.
func (e *emitter) literal(x *ir.Expr) *jen.Statement {
	v := x.Const
	basic, _ := typeOr(x.Type).Underlying().(*types.Basic)
	switch v.Kind() {
	case constant.Bool:
		return jen.Lit(constant.BoolVal(v))
	case constant.String:
		return jen.Op(strconv.Quote(constant.StringVal(v)))
	}
	if basic != nil && basic.Info()&types.IsComplex != 0 {
		re, im := constant.Real(v), constant.Imag(v)
		return jen.Complex(jen.Op(floatLit(re, 64)), jen.Op(floatLit(im, 64)))
	}
	if basic != nil && basic.Info()&types.IsFloat != 0 {
		bits := 64
		if basic.Kind() == types.Float32 {
			bits = 32
		}
		return jen.Op(floatLit(v, bits))
	}
	n := jen.Op(constant.ToInt(v).ExactString())
	if basic != nil && basic.Kind() == types.UnsafePointer {
		return jen.Qual("unsafe", "Pointer").Call(jen.Uintptr().Call(n))
	}
	return n
}

func floatLit(v constant.Value, bits int) string {
	f, _ := constant.Float64Val(v)
	if bits == 32 {
		f32, _ := constant.Float32Val(v)
		f = float64(f32)
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if math.Trunc(f) == f && math.Abs(f) < 1e15 {
		s = strconv.FormatFloat(f, 'f', 1, 64)
	}
	return s
}
