package suspend

import (
	"cmp"
	"go/token"
	"go/types"
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
	slices.SortFunc(out, Compare)
	return out
}

// Compare orders functions by where they stand; instances of one function by their types, as far as the names of these tell.
func Compare(a, b *ssa.Function) int {
	if c := ComparePos(a.Prog.Fset, a.Pos(), b.Pos()); c != 0 {
		return c
	}
	return cmp.Or(strings.Compare(a.String(), b.String()), strings.Compare(typeArgs(a), typeArgs(b)))
}

// typeArgs is the text of the type arguments of fn and of those it is nested in.
func typeArgs(fn *ssa.Function) string {
	var b strings.Builder
	for ; fn != nil; fn = fn.Parent() {
		for _, t := range fn.TypeArgs() {
			writeType(&b, t, 4)
		}
	}
	return b.String()
}

// writeType writes t and what it is made of, to a depth: types that a generic function declares have the same name in all its instances.
func writeType(b *strings.Builder, t types.Type, depth int) {
	b.WriteString(types.TypeString(t, nil))
	if depth--; depth == 0 {
		return
	}
	switch t := t.(type) {
	case *types.Named:
		for t := range t.TypeArgs().Types() {
			writeType(b, t, depth)
		}
		writeType(b, t.Underlying(), depth)
	case *types.Map:
		writeType(b, t.Key(), depth)
		writeType(b, t.Elem(), depth)
	case interface{ Elem() types.Type }:
		writeType(b, t.Elem(), depth)
	}
}

// Position returns the first valid position of i, of what follows it in its block, or of its function.
func Position(i ssa.Instruction) token.Pos {
	if i.Pos().IsValid() {
		return i.Pos()
	}
	after := false
	for _, x := range i.Block().Instrs {
		after = after || x == i
		if after && x.Pos().IsValid() {
			return x.Pos()
		}
	}
	return i.Parent().Pos()
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
