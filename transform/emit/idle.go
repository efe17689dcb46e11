package emit

import (
	"go/types"

	"github.com/dave/jennifer/jen"

	"github.com/harkgen/harkgen/transform/lower"
)

// idle registers the variables by which rt closes idle connections: those of this package, and in package main those of net/http.
func (e *emitter) idle(g *jen.Group) {
	const http, sql = "net/http", "database/sql"
	register := func(ptr *jen.Statement) { g.Add(e.rt("RegisterIdle")).Call(jen.Op("&").Add(ptr)) }
	if e.prog.All[http] != nil && e.user.Name == "main" {
		register(jen.Qual(http, "DefaultTransport"))
		register(jen.Qual(http, "DefaultClient"))
	}
	var pool *types.Named
	if p := e.prog.All[sql]; p != nil {
		if o := p.Types.Scope().Lookup("DB"); o != nil {
			pool, _ = o.Type().(*types.Named)
		}
	}
	for _, v := range e.pkg.Globals {
		if isClient(v.Var.Type()) || pool != nil && leadsTo(pool, v.Var.Type(), map[types.Type]bool{}) {
			register(jen.Id(lower.NameOf(v.Var)))
		}
	}
}

// isClient reports whether a value of type t is what makes connections of net/http.
func isClient(t types.Type) bool {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "net/http" {
		switch n.Obj().Name() {
		case "Client", "Transport", "RoundTripper":
			return true
		}
	}
	return false
}

// leadsTo reports whether a value of type t may lead to a *pool, in ways that rt follows: not through maps, nor through interfaces that
// nearly everything implements.
func leadsTo(pool *types.Named, t types.Type, seen map[types.Type]bool) bool {
	t = types.Unalias(t)
	if seen[t] {
		return false
	}
	seen[t] = true
	if n, ok := t.(*types.Named); ok && n.Obj() == pool.Obj() {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return leadsTo(pool, u.Elem(), seen)
	case *types.Slice:
		return leadsTo(pool, u.Elem(), seen)
	case *types.Array:
		return leadsTo(pool, u.Elem(), seen)
	case *types.Struct:
		for f := range u.Fields() {
			if leadsTo(pool, f.Type(), seen) {
				return true
			}
		}
	case *types.Interface:
		return u.NumMethods() > 1 && types.Implements(types.NewPointer(pool), u)
	}
	return false
}
