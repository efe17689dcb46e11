// Package live follows the control flow of a function in SSA form: what is still to be used when it comes to an instruction.
package live

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
)

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

// Reaches is flow.Reaches with a set of instructions that kill.
func Reaches(from ssa.Instruction, stop func(ssa.Instruction) bool, kills map[ssa.Instruction]bool) bool {
	return flow.Reaches(from, stop, func(i ssa.Instruction) bool { return kills[i] })
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
		if made.Parent() != i.Parent() || !Reaches(made, func(x ssa.Instruction) bool { return x == i }, kills) {
			return false
		}
	}
	return Reaches(i, func(x ssa.Instruction) bool { return uses[x] }, kills)
}
