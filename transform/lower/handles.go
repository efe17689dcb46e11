package lower

import (
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/transform/load"
)

// This file is about unique.Handle. A restored handle must be the one that the new process makes for the same value, and only
// unique.Make[T] can make it. So each T that the program calls it with is registered.

// handles notes the T of each instance of unique.Make.
func (l *lowerer) handles() {
	if l.prog.All["unique"] == nil {
		return
	}
	makes := l.facts.Functions(func(fn *ssa.Function) bool {
		o := fn.Origin()
		return o != nil && o.String() == "unique.Make" && len(fn.TypeArgs()) == 1 && !load.Generic(fn)
	})
	slices.SortFunc(makes, func(a, b *ssa.Function) int { return strings.Compare(a.RelString(nil), b.RelString(nil)) })
	for _, fn := range makes {
		t := fn.TypeArgs()[0]
		if home := l.seesAll(t); home != nil && l.nameable(t) {
			p := l.pkg(home)
			p.Handles = append(p.Handles, t)
		}
	}
}

// nameable reports whether a compiled package that sees the packages of t can write t at package level.
func (l *lowerer) nameable(t types.Type) bool {
	ok := true
	compilable.EachNamed(t, func(o *types.TypeName) {
		switch {
		case o.Pkg() == nil:
		case IsLocal(o):
			_, hoisted := l.types.shown[o]
			ok = ok && hoisted
		case !l.prog.IsUserPackage(o.Pkg().Path()):
			ok = ok && o.Exported() && !strings.Contains("/"+o.Pkg().Path()+"/", "/internal/")
		}
	})
	return ok
}
