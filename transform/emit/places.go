package emit

import (
	"go/token"
	"go/types"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/harkgen/harkgen/transform/ir"
	"github.com/harkgen/harkgen/transform/lower"
)

// places spells the description that rt reads when a value cannot be saved; see rt.Describe.
func (e *emitter) places(g *jen.Group) {
	var b strings.Builder
	line := func(parts ...string) { b.WriteString(strings.Join(parts, "\t") + "\n") }
	for _, v := range e.pkg.Globals {
		if !v.Rebuilt {
			line("var", e.path(e.user.PkgPath)+"."+v.Var.Name(), v.Pos, v.Why)
		}
	}
	field := func(typ, name string, pos token.Pos) {
		if pos.IsValid() {
			line("frame", e.user.Name+"."+typ, name, e.prog.Pos(pos))
		}
	}
	for _, f := range e.framed() {
		for _, v := range frameVars(f) {
			field(frameName(f), v.Name, v.Pos)
		}
	}
	for _, env := range e.pkg.Envs {
		for _, f := range env.Fields {
			field(env.Name, f.Name, f.Pos)
		}
	}
	for _, t := range e.pkg.Thunks {
		if len(t.Fields) > 0 && t.Pos.IsValid() {
			line("go", e.user.Name+"."+t.Name, e.prog.Pos(t.Pos))
		}
	}
	if b.Len() > 0 {
		g.Add(e.rt("Describe")).Call(jen.Lit(b.String()))
	}
}

// register registers a package variable. Of one that each process makes again only the identity is kept, and there is none if it leads to nothing.
func (e *emitter) register(g *jen.Group, v *ir.Global) {
	name, ptr := jen.Lit(e.path(e.user.PkgPath)+"."+v.Var.Name()), jen.Op("&").Id(lower.NameOf(v.Var))
	if v.Rebuilt {
		g.Add(e.rt("RegisterRebuilt")).Call(name, ptr, jen.Lit(leadsOn(v.Var.Type())))
	} else {
		g.Add(e.rt("RegisterVar")).Call(name, ptr)
	}
}

// leadsOn reports whether a value of type t may lead to other memory that has an identity.
func leadsOn(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Basic:
		return t.Kind() == types.UnsafePointer
	case *types.Array:
		return t.Len() > 0 && leadsOn(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if leadsOn(f.Type()) {
				return true
			}
		}
		return false
	}
	return true
}
