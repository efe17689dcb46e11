// Package live follows the control flow of a function in SSA form: what is still to be used when it comes to an instruction.
package live

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/ssa"
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

// Reaches reports whether some way leads from an instruction to one for which stop is true, without passing one that kills. The
// instruction itself does not count at first, but may be come to again.
func Reaches(from ssa.Instruction, stop func(ssa.Instruction) bool, kills map[ssa.Instruction]bool) bool {
	seen := map[*ssa.BasicBlock]bool{}
	start := from.Block()
	for k, i := range start.Instrs {
		if i != from {
			continue
		}
		found, dead := scan(start.Instrs[k+1:], stop, kills)
		if found || dead {
			return found
		}
	}
	work := append([]*ssa.BasicBlock(nil), start.Succs...)
	for ; len(work) > 0; work = work[1:] {
		b := work[0]
		if seen[b] {
			continue
		}
		seen[b] = true
		found, dead := scan(b.Instrs, stop, kills)
		if found {
			return true
		}
		if !dead {
			work = append(work, b.Succs...)
		}
	}
	return false
}

func scan(instrs []ssa.Instruction, stop func(ssa.Instruction) bool, kills map[ssa.Instruction]bool) (found, dead bool) {
	for _, i := range instrs {
		if stop(i) {
			return true, false
		}
		if kills[i] {
			return false, true
		}
	}
	return false, false
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
