package emit

import (
	"go/types"

	"github.com/dave/jennifer/jen"

	"github.com/harkgen/harkgen/transform/lower"
)

// This file gives names to what code of one compiled package needs of another that does not export it: the type of a variable that
// x := other.F() declares, or a type argument.

// Exports are the types that others need, by package. Packages are therefore emitted after those that import them.
type Exports map[*types.Package]map[string]*types.TypeName

// add returns the exported alias of o.
func (x Exports) add(o *types.TypeName) string {
	name := "H" + lower.Prefix[1:] + "type_" + o.Name()
	if x[o.Pkg()] == nil {
		x[o.Pkg()] = map[string]*types.TypeName{}
	}
	x[o.Pkg()][name] = o
	return name
}

// exports declares the aliases that packages emitted before this one need.
func (e *emitter) exports(out *jen.File) {
	exported := e.opt.Exports[e.user.Types]
	for _, alias := range sortedKeys(exported) {
		o := exported[alias]
		s := out.Commentf("%s is %s for the package's importers.", alias, o.Name()).Line().Type().Id(alias)
		var args []jen.Code
		if n, ok := o.Type().(*types.Named); ok && n.TypeParams().Len() > 0 {
			s.TypesFunc(func(g *jen.Group) {
				for p := range n.TypeParams().TypeParams() {
					g.Id(p.Obj().Name()).Add(e.typ(p.Constraint()))
					args = append(args, jen.Id(p.Obj().Name()))
				}
			})
		}
		s.Op("=").Id(lower.NameOf(o))
		if len(args) > 0 {
			s.Types(args...)
		}
	}
}
