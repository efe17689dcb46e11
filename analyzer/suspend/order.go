package suspend

import (
	"cmp"
	"slices"
	"sort"

	"golang.org/x/tools/go/callgraph"
	"golang.org/x/tools/go/ssa"
)

// sorted gives the functions in an order that does not vary between compilations, so that reason chains are stable.
func sorted(fns map[*ssa.Function]bool) []*ssa.Function {
	out := make([]*ssa.Function, 0, len(fns))
	for fn := range fns {
		out = append(out, fn)
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Pos() != out[j].Pos() {
			return out[i].Pos() < out[j].Pos()
		}
		return out[i].String() < out[j].String()
	})
	return out
}

// inOrder sorts calls by where they stand: the call graph has them in the order of a map.
func inOrder(edges []*callgraph.Edge) []*callgraph.Edge {
	out := slices.Clone(edges)
	slices.SortStableFunc(out, func(a, b *callgraph.Edge) int {
		return cmp.Or(cmp.Compare(a.Pos(), b.Pos()), cmp.Compare(a.Caller.Func.String(), b.Caller.Func.String()))
	})
	return out
}
