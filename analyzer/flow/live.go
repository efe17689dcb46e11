package flow

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/ssa"
)

// This file tells which variables are still needed where.

// Target finds, in the syntax of fn, the variable that the call at pos is assigned to.
func Target(fn *ssa.Function, pos token.Pos) *ast.Ident {
	var found *ast.Ident
	if fn.Syntax() == nil {
		return nil
	}
	is := func(e ast.Expr) bool {
		c, ok := ast.Unparen(e).(*ast.CallExpr)
		return ok && c.Lparen == pos
	}
	ast.Inspect(fn.Syntax(), func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if len(n.Rhs) > 0 && is(n.Rhs[0]) {
				found, _ = n.Lhs[0].(*ast.Ident)
			}
		case *ast.ValueSpec:
			if len(n.Values) > 0 && is(n.Values[0]) {
				found = n.Names[0]
			}
		}
		return found == nil
	})
	return found
}

// Across reports whether v is needed after an instruction that stands between where v is made and a use of it.
func Across(v ssa.Value, i ssa.Instruction) bool {
	if v.Referrers() == nil {
		return false
	}
	uses := map[ssa.Instruction]bool{}
	for _, r := range *v.Referrers() {
		if _, ok := r.(*ssa.DebugRef); !ok {
			uses[r] = true
		}
	}
	kills := map[ssa.Instruction]bool{}
	if made, ok := v.(ssa.Instruction); ok {
		kills[made] = true
		if made.Parent() != i.Parent() || !Reaches(made, func(x ssa.Instruction) bool { return x == i }, in(kills)) {
			return false
		}
	}
	return Reaches(i, in(uses), in(kills))
}

// in reports whether an instruction is in a set.
func in(set map[ssa.Instruction]bool) func(ssa.Instruction) bool {
	return func(i ssa.Instruction) bool { return set[i] }
}
