package emit

import (
	"fmt"
	"go/types"
	"slices"

	"github.com/dave/jennifer/jen"

	"github.com/harkgen/harkgen/transform/lower"
)

// This file gives names to what code of one compiled package needs of another that does not export it: the type of a variable that
// x := other.F() declares, a type argument, or a type literal with unexported members.

// Exports are the types that others need, by package. Packages are therefore emitted after those that import them.
type Exports map[*types.Package]*exported

type exported struct {
	named    map[string]*types.TypeName
	literals []types.Type
	accesses []*access
}

func (x Exports) of(p *types.Package) *exported {
	if x[p] == nil {
		x[p] = &exported{named: map[string]*types.TypeName{}}
	}
	return x[p]
}

const exportPrefix = "Hark_type_"

// add returns the exported alias of o.
func (x Exports) add(o *types.TypeName) string {
	name := exportPrefix + o.Name()
	x.of(o.Pkg()).named[name] = o
	return name
}

// addLiteral returns the exported alias of type literal t in p.
func (x Exports) addLiteral(p *types.Package, t types.Type) string {
	e := x.of(p)
	n := slices.IndexFunc(e.literals, func(u types.Type) bool { return types.Identical(t, u) })
	if n < 0 {
		n = len(e.literals)
		e.literals = append(e.literals, t)
	}
	return literalAlias(n)
}

func literalAlias(n int) string { return fmt.Sprintf("%s%d", exportPrefix, n+1) } // no identifier of the user's begins with a digit

// exports declares the aliases that packages emitted before this one need.
func (e *emitter) exports(out *jen.File) {
	exported := e.opt.Exports.of(e.user.Types)
	for n, t := range exported.literals {
		out.Commentf("%s is a type literal of the package for its importers.", literalAlias(n)).Line().Type().Id(literalAlias(n)).Op("=").Add(e.typ(t))
	}
	for _, alias := range sortedKeys(exported.named) {
		o := exported.named[alias]
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
