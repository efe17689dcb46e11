package emit

import (
	"go/types"

	"github.com/dave/jennifer/jen"

	"github.com/harkgen/harkgen/transform/ir"
)

// This file spells type assertions. In an instance of a generic function one may be impossible, which the Go compiler rejects unless
// the type is a parameter:
//
//	s, ok := x.(string)             s, ok = hark_assert[string](x)
//	                      becomes
//	                                func hark_assert[T any](x I) (v T, ok bool) { v, ok = x.(T); return }

// An asserter is such a function, for one type of interface.
type asserter struct {
	name  string
	iface types.Type
	comma bool
}

func (e *emitter) assertion(x *ir.Expr) *jen.Statement {
	from := x.Args[0].Type
	if from == nil || types.AssertableTo(from.Underlying().(*types.Interface), x.Type) {
		return e.tight(x.Args[0]).Assert(e.typ(x.Type))
	}
	return jen.Id(e.asserter(from, x.Comma)).Types(e.typ(x.Type)).Call(e.bare(x.Args[0]))
}

// asserter is the name of the function for an interface type.
func (e *emitter) asserter(iface types.Type, comma bool) string {
	for _, a := range e.asserts {
		if a.comma == comma && types.Identical(a.iface, iface) {
			return a.name
		}
	}
	name := e.low.Unique(e.pkg.Types, "assert")
	e.asserts = append(e.asserts, asserter{name, iface, comma})
	return name
}

// asserters declares the functions that assertion has used.
func (e *emitter) asserters(out *jen.File) {
	for _, a := range e.asserts {
		results, assigned := []jen.Code{jen.Id("v").Id("T")}, jen.Id("v")
		if a.comma {
			results, assigned = append(results, jen.Id("ok").Bool()), jen.List(jen.Id("v"), jen.Id("ok"))
		}
		out.Func().Id(a.name).Types(jen.Id("T").Any()).Params(jen.Id("x").Add(e.typ(a.iface))).Params(results...).Block(
			assigned.Op("=").Id("x").Assert(jen.Id("T")),
			jen.Return(),
		)
	}
}
