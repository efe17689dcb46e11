package emit

import (
	"go/types"

	"github.com/dave/jennifer/jen"

	"github.com/harkgen/harkgen/transform/lower"
)

// pools registers the variables of the package by which rt closes idle connections to databases.
func (e *emitter) pools(g *jen.Group) {
	p := e.prog.All["database/sql"]
	if p == nil {
		return
	}
	o := p.Types.Scope().Lookup("DB")
	if o == nil {
		return
	}
	pool, ok := o.Type().(*types.Named)
	for _, v := range e.pkg.Globals {
		if ok && leadsTo(pool, v.Var.Type(), map[types.Type]bool{}) {
			g.Add(e.rt("RegisterPools")).Call(jen.Op("&").Id(lower.NameOf(v.Var)))
		}
	}
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
