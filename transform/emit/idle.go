package emit

import (
	"go/types"

	"github.com/dave/jennifer/jen"

	"github.com/harkgen/harkgen/transform/lower"
)

// idle registers the variables by which rt closes idle connections: those of this package, and in package main those of net/http.
func (e *emitter) idle(g *jen.Group) {
	const http = "net/http"
	if e.prog.All[http] == nil {
		return
	}
	register := func(ptr *jen.Statement) { g.Add(e.rt("RegisterIdle")).Call(jen.Op("&").Add(ptr)) }
	if e.user.Name == "main" {
		register(jen.Qual(http, "DefaultTransport"))
		register(jen.Qual(http, "DefaultClient"))
	}
	for _, v := range e.pkg.Globals {
		t := v.Var.Type()
		if p, ok := types.Unalias(t).(*types.Pointer); ok {
			t = p.Elem()
		}
		if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == http {
			switch n.Obj().Name() {
			case "Client", "Transport", "RoundTripper":
				register(jen.Id(lower.NameOf(v.Var)))
			}
		}
	}
}
