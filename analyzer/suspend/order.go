package suspend

import (
	"cmp"
	"go/token"
	"slices"
	"strings"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/ssa"
)

// sorted gives the functions in an order that does not vary between compilations, so that reason chains are stable.
func sorted(fns map[*ssa.Function]bool) []*ssa.Function {
	out := make([]*ssa.Function, 0, len(fns))
	for fn := range fns {
		out = append(out, fn)
	}
	slices.SortFunc(out, func(a, b *ssa.Function) int {
		if c := ComparePos(a.Prog.Fset, a.Pos(), b.Pos()); c != 0 {
			return c
		}
		return strings.Compare(a.String(), b.String())
	})
	return out
}

// ComparePos orders positions by file name and place. Files are loaded at the same time, so which gets the smaller positions varies.
func ComparePos(fset *token.FileSet, a, b token.Pos) int {
	if a == b {
		return 0
	}
	f, g := fset.File(a), fset.File(b)
	if f != g && f != nil && g != nil {
		if c := strings.Compare(f.Name(), g.Name()); c != 0 {
			return c
		}
	}
	return cmp.Compare(a, b)
}

// inOrder sorts calls by where they stand: the call graph has them in the order of a map.
func inOrder(edges []*callgraph.Edge) []*callgraph.Edge {
	out := slices.Clone(edges)
	slices.SortStableFunc(out, func(a, b *callgraph.Edge) int {
		return cmp.Or(ComparePos(a.Caller.Func.Prog.Fset, a.Pos(), b.Pos()), cmp.Compare(a.Caller.Func.String(), b.Caller.Func.String()))
	})
	return out
}
