package emit

import (
	"fmt"
	"go/types"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/harkgen/harkgen/transform/ir"
	"github.com/harkgen/harkgen/transform/lower"
)

// This file moves types that are declared inside functions to package level; see transform/lower/localtype.go.
//
// One of several of the same name keeps it: the first whose name the program may see. The others are numbered.

// reservePlain gives the plain names to those whose names can be seen.
func (e *emitter) reservePlain() {
	e.plain = map[string]*types.TypeName{}
	for _, o := range e.low.Shown(e.user.Types) {
		if e.plain[o.Name()] == nil && !e.declared(o.Name()) {
			e.plain[o.Name()] = o
		}
	}
}

// declared reports whether name means something else in the package: in it, in all of Go, or in a file of the user's.
func (e *emitter) declared(name string) bool {
	if name == "rt" || e.user.Types.Scope().Lookup(name) != nil || types.Universe.Lookup(name) != nil {
		return true
	}
	for _, f := range e.user.Syntax {
		if s := e.user.TypesInfo.Scopes[f]; s != nil && s.Lookup(name) != nil {
			return true
		}
	}
	return false
}

// hoisted names local type o at package level.
func (e *emitter) hoisted(o *types.TypeName) string {
	if l := e.low.Local(o); l != nil {
		o = l.Origin
	}
	name, ok := e.hoist[o]
	if !ok {
		for n := 1; ; n++ {
			if name = lower.HoistedName(o, n); !e.taken(name, o) {
				break
			}
		}
		e.hoist[o] = name
		e.order = append(e.order, o)
	}
	return name
}

// taken reports whether something other than o has the name.
func (e *emitter) taken(name string, o *types.TypeName) bool {
	if p := e.plain[name]; p != nil {
		return p != o
	}
	if e.declared(name) {
		return true
	}
	for _, n := range e.imported() {
		if n == name {
			return true
		}
	}
	for _, n := range e.hoist {
		if n == name {
			return true
		}
	}
	return false
}

// implicitArgs are the type arguments of the function that local type o belongs to.
func (e *emitter) implicitArgs(o *types.TypeName) []jen.Code {
	var list []jen.Code
	if l := e.low.Local(o); l != nil {
		e.outer[l.Origin] = l.Params
		for _, t := range l.Args {
			list = append(list, e.typ(t))
		}
		return list
	}
	if o.Parent() != nil && lower.IsLocal(o) { // in the definition of another local type of the function
		for _, p := range e.scope {
			list = append(list, jen.Id(e.tparams[p]))
		}
		if len(list) > 0 {
			e.outer[o] = e.scope
		}
	}
	return list
}

// hoistedTypes declares the types that moved.
func (e *emitter) hoistedTypes(out *jen.File) {
	for i := 0; i < len(e.order); i++ { // spelling one may find another
		e.hoistedType(out, e.order[i])
	}
	e.scope, e.tparams = nil, nil
}

func (e *emitter) hoistedType(out *jen.File, o *types.TypeName) {
	e.scope = e.outer[o]
	params := slices.Clone(e.scope)
	if n, ok := o.Type().(*types.Named); ok {
		for p := range n.TypeParams().TypeParams() {
			params = append(params, p)
		}
	}
	e.tparams = map[*types.TypeParam]string{}
	for i, p := range params {
		e.tparams[p] = fmt.Sprintf("%sP%d", lower.Prefix, i)
	}
	s := out.Type().Id(e.hoist[o])
	if len(params) > 0 {
		s.TypesFunc(func(g *jen.Group) {
			for _, p := range params {
				g.Id(e.tparams[p]).Add(e.typ(p.Constraint()))
			}
		})
	}
	if o.IsAlias() {
		s.Op("=").Add(e.typ(o.Type().Underlying()))
		return
	}
	s.Add(e.underlying(o.Type().Underlying())) // members that its package does not export are declared here
}

// embedded spells the embedded field f. Its name in the output may be another than the user's.
func (e *emitter) embedded(f *types.Var) *jen.Statement {
	t := f.Type()
	s := jen.Empty()
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		if _, alias := t.(*types.Alias); !alias {
			s, t = jen.Op("*"), p.Elem()
		}
	}
	if a, ok := t.(*types.Alias); ok && lower.IsLocal(a.Obj()) {
		if _, named := types.Unalias(t).(*types.Named); !named && a.Obj().Parent() != nil {
			return s.Id(e.hoisted(a.Obj())) // only a name can be embedded
		}
	}
	return s.Add(e.typ(t))
}

// selected is the name of the field that x selects.
func (e *emitter) selected(x *ir.Expr) string {
	if f, ok := x.Obj.(*types.Var); ok {
		return e.fieldName(f)
	}
	return x.Name
}

// fieldName is the name of the user's field f: of an embedded one, that of its type.
func (e *emitter) fieldName(f *types.Var) string {
	if !f.Embedded() {
		return f.Name()
	}
	t := f.Type()
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	var o *types.TypeName
	switch t := t.(type) {
	case *types.Named:
		o = t.Obj()
	case *types.Alias:
		if o = t.Obj(); lower.IsLocal(o) {
			if n, ok := types.Unalias(t).(*types.Named); ok {
				o = n.Obj()
			}
		}
	}
	switch {
	case o == nil || o.Pkg() == nil:
		return f.Name()
	case lower.IsLocal(o):
		return e.hoisted(o)
	}
	return lower.NameOf(o)
}
