package emit

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/dave/jennifer/jen"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/transform/lower"
)

// This file spells types. Foreign types that have no name here are noted, to be refused.

func (e *emitter) typ(t types.Type) *jen.Statement {
	switch t := t.(type) {
	case *types.Alias:
		if accessible(t.Obj(), e.pkg.Types) && t.TypeArgs().Len() == 0 && !lower.IsLocal(t.Obj()) {
			return e.qual(t.Obj())
		}
		return e.typ(types.Unalias(t))
	case *types.TypeParam: // in the wrapper of a generic method, or a local type of a generic function
		if name := e.tparams[t]; name != "" {
			return jen.Id(name)
		}
		return jen.Id(typeParam(t))
	case *types.Union:
		s := jen.Empty()
		for i := range t.Len() {
			if i > 0 {
				s.Op("|")
			}
			if t.Term(i).Tilde() {
				s.Op("~")
			}
			s.Add(e.typ(t.Term(i).Type()))
		}
		return s
	case *types.Basic:
		if t.Kind() == types.UnsafePointer {
			return jen.Qual("unsafe", "Pointer")
		}
		if t.Info()&types.IsUntyped != 0 {
			return e.typ(types.Default(t))
		}
		return jen.Id(t.Name())
	case *types.Named:
		s := e.named(t)
		list := e.implicitArgs(t.Obj())
		for arg := range t.TypeArgs().Types() {
			list = append(list, e.typ(arg))
		}
		if len(list) > 0 {
			s.Types(list...)
		}
		return s
	case *types.Pointer:
		return jen.Op("*").Add(e.typ(t.Elem()))
	case *types.Slice:
		return jen.Index().Add(e.typ(t.Elem()))
	case *types.Array:
		return jen.Index(jen.Lit(int(t.Len()))).Add(e.typ(t.Elem()))
	case *types.Map:
		return jen.Map(e.typ(t.Key())).Add(e.typ(t.Elem()))
	case *types.Chan:
		elem := e.typ(t.Elem())
		switch t.Dir() {
		case types.SendOnly:
			return jen.Chan().Op("<-").Add(elem)
		case types.RecvOnly:
			return jen.Op("<-").Chan().Add(elem)
		}
		if c, ok := t.Elem().(*types.Chan); ok && c.Dir() == types.RecvOnly {
			elem = jen.Parens(elem)
		}
		return jen.Chan().Add(elem)
	case *types.Signature:
		return jen.Func().Add(e.signature(t, nil))
	case *types.Struct:
		if p := e.owner(t); p != nil {
			return jen.Qual(p.Path(), e.opt.Exports.addLiteral(p, t))
		}
		return e.underlying(t)
	case *types.Interface:
		if t.NumMethods() == 0 && t.NumEmbeddeds() == 0 {
			return jen.Any()
		}
		if p := e.owner(t); p != nil {
			return jen.Qual(p.Path(), e.opt.Exports.addLiteral(p, t))
		}
		return e.underlying(t)
	}
	e.fail("a value of type %s, which cannot be written here", t)
	return jen.Any()
}

// underlying spells a type in full, with the members that it has.
func (e *emitter) underlying(t types.Type) *jen.Statement {
	switch t := t.(type) {
	case *types.Struct:
		return jen.StructFunc(func(g *jen.Group) {
			for i := 0; i < t.NumFields(); i++ {
				f := t.Field(i)
				s := jen.Id(f.Name()).Add(e.typ(f.Type()))
				if f.Embedded() {
					s = e.embedded(f)
				}
				if tag := t.Tag(i); tag != "" {
					s.Op(fmt.Sprintf("%q", tag))
				}
				g.Add(s)
			}
		})
	case *types.Interface:
		return jen.InterfaceFunc(func(g *jen.Group) {
			for i := 0; i < t.NumExplicitMethods(); i++ {
				m := t.ExplicitMethod(i)
				g.Id(m.Name()).Add(e.signature(m.Signature(), nil))
			}
			for i := 0; i < t.NumEmbeddeds(); i++ {
				g.Add(e.typ(t.EmbeddedType(i)))
			}
		})
	}
	return e.typ(t)
}

// owner is the compiled package whose unexported fields or methods type literal t has, if that is another one: t cannot be written here.
func (e *emitter) owner(t types.Type) *types.Package {
	if len(e.tparams) > 0 {
		return nil // in a generic local type, whose parameters an alias elsewhere would not have
	}
	var members []types.Object
	switch t := t.(type) {
	case *types.Struct:
		for f := range t.Fields() {
			members = append(members, f)
		}
	case *types.Interface:
		for m := range t.ExplicitMethods() {
			members = append(members, m)
		}
	}
	for _, o := range members {
		if e.hides(o, t) {
			return o.Pkg()
		}
	}
	return nil
}

// typeParam is the name of a receiver's type parameter; the user may have left it blank.
func typeParam(t *types.TypeParam) string {
	if name := t.Obj().Name(); name != "_" {
		return name
	}
	return fmt.Sprintf("%sT%d", lower.Prefix, t.Index())
}

// named spells a defined type; a type declared inside a function is hoisted to package level.
func (e *emitter) named(t *types.Named) *jen.Statement {
	o := t.Obj()
	if o.Pkg() == nil {
		return jen.Id(o.Name()) // error, comparable
	}
	if lower.IsLocal(o) {
		return jen.Id(e.hoisted(o))
	}
	if !accessible(o, e.pkg.Types) {
		if e.compiled(o) {
			return jen.Qual(e.path(o.Pkg().Path()), e.opt.Exports.add(o))
		}
		e.fail("a variable of type %s, which is unexported in another package", t)
		return jen.Any()
	}
	if !e.mayImport(o.Pkg()) {
		e.fail("a variable of type %s, whose package is internal to others", t)
		return jen.Any()
	}
	return e.qual(o)
}

// mayImport reports whether the package emitted here may import p, by the rule for internal packages.
func (e *emitter) mayImport(p *types.Package) bool {
	path, _ := compilable.PublicPath(p.Path())
	at := strings.LastIndex("/"+path+"/", "/internal/")
	if at < 0 || p == e.pkg.Types {
		return true
	}
	parent, self := strings.TrimSuffix(path[:at], "/"), e.path(e.user.PkgPath)
	return at > 0 && (self == parent || strings.HasPrefix(self, parent+"/"))
}

func (e *emitter) qual(o types.Object) *jen.Statement {
	switch {
	case o.Pkg() == nil, o.Pkg() == e.pkg.Types && !e.original(o):
		return jen.Id(lower.NameOf(o))
	}
	path, _ := compilable.PublicPath(o.Pkg().Path())
	name, _ := compilable.OriginalName(o.Name())
	return jen.Qual(path, name)
}

// compiled reports whether package-level object o is compiled: it is the user's, or in a copy.
func (e *emitter) compiled(o types.Object) bool {
	return e.prog.IsUserPackage(o.Pkg().Path()) || e.low.Plan.Copied()[o]
}

// original reports whether o of the package that is copied here is not in the copy, so that the package's own is meant.
func (e *emitter) original(o types.Object) bool {
	return e.copy && !e.low.Plan.Copied()[o] && o.Parent() == o.Pkg().Scope()
}

func accessible(o types.Object, from *types.Package) bool {
	return o.Pkg() == nil || o.Pkg() == from || o.Exported()
}

// signature spells parameters and results; names gives the parameters' names, nil leaves them out.
func (e *emitter) signature(s *types.Signature, names []string) *jen.Statement {
	out := jen.ParamsFunc(func(g *jen.Group) {
		for i := 0; i < s.Params().Len(); i++ {
			p := jen.Empty()
			if names != nil {
				p = jen.Id(names[i])
			}
			g.Add(p.Add(e.paramType(s, i)))
		}
	})
	return out.Add(e.results(s))
}

func (e *emitter) paramType(s *types.Signature, i int) *jen.Statement {
	t := s.Params().At(i).Type()
	if s.Variadic() && i == s.Params().Len()-1 {
		if sl, ok := t.(*types.Slice); ok {
			return jen.Op("...").Add(e.typ(sl.Elem()))
		}
	}
	return e.typ(t)
}

func (e *emitter) results(s *types.Signature) *jen.Statement {
	switch n := s.Results().Len(); n {
	case 0:
		return jen.Empty()
	case 1:
		return e.typ(s.Results().At(0).Type())
	default:
		return jen.ParamsFunc(func(g *jen.Group) {
			for i := 0; i < n; i++ {
				g.Add(e.typ(s.Results().At(i).Type()))
			}
		})
	}
}

// needsParens reports whether t must stand in parentheses to convert to it.
func needsParens(t types.Type) bool {
	switch types.Unalias(t).(type) {
	case *types.Pointer, *types.Signature, *types.Chan:
		return true
	}
	return false
}
