package flow

import (
	"go/ast"
	"go/token"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// This file tells which variables are still needed where.

// Target finds, in the syntax of fn, the variable that a result of the call at pos is assigned to.
func Target(fn *ssa.Function, pos token.Pos, result int) *ast.Ident {
	if fn.Syntax() == nil {
		return nil
	}
	at := func(values []ast.Expr) int {
		return slices.IndexFunc(values, func(e ast.Expr) bool {
			c, ok := ast.Unparen(e).(*ast.CallExpr)
			return ok && c.Lparen == pos
		})
	}
	var found *ast.Ident
	ast.Inspect(fn.Syntax(), func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if i := at(n.Rhs); i >= 0 && i+result < len(n.Lhs) {
				found, _ = n.Lhs[i+result].(*ast.Ident)
			}
		case *ast.ValueSpec:
			if i := at(n.Values); i >= 0 && i+result < len(n.Names) {
				found = n.Names[i+result]
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
