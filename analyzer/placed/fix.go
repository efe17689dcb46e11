package placed

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"

	"github.com/harkgen/harkgen/analyzer/gostmt"
)

// This file suggests to give a goroutine the value of a variable that it only reads.
//
//	go func() { use(n) }()        becomes        go func(n int) { use(n) }(n)

// fixes are the suggestions for s, if it is a call of a function literal whose goroutine reads a variable that others assign later.
func fixes(pass *analysis.Pass, s *gostmt.Statement) []analysis.SuggestedFix {
	r := s.Found.Race
	if r == nil || r.Both || r.Another {
		return nil
	}
	stmt, lit := s.Literal(pass.Files)
	if lit == nil || len(stmt.Call.Args) > 0 || len(lit.Type.Params.List) > 0 {
		return nil
	}
	v := captured(pass, lit, r.Made)
	if v == nil || !onlyRead(pass, lit, v) {
		return nil
	}
	spelled, ok := spell(pass, lit, v.Type())
	if !ok {
		return nil
	}
	return []analysis.SuggestedFix{{
		Message: "give it the value of " + v.Name() + " as an argument",
		TextEdits: []analysis.TextEdit{
			{Pos: lit.Type.Params.Opening + 1, End: lit.Type.Params.Opening + 1, NewText: []byte(v.Name() + " " + spelled)},
			{Pos: stmt.Call.Lparen + 1, End: stmt.Call.Lparen + 1, NewText: []byte(v.Name())},
		},
	}}
}

// captured is the variable declared at pos, if lit mentions it.
func captured(pass *analysis.Pass, lit *ast.FuncLit, pos token.Pos) (v *types.Var) {
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			if x, ok := pass.TypesInfo.Uses[id].(*types.Var); ok && x.Pos() == pos && !x.IsField() && x.Parent() != pass.Pkg.Scope() {
				v = x
			}
		}
		return v == nil
	})
	return v
}

// onlyRead reports whether lit does nothing with v but to read all of it: the value is as good as the variable.
func onlyRead(pass *analysis.Pass, lit *ast.FuncLit, v *types.Var) bool {
	switch v.Type().Underlying().(type) {
	case *types.Basic:
	default:
		return false // what it leads to would still be shared, or has an address
	}
	ok := true
	is := func(e ast.Expr) bool {
		id, isIdent := ast.Unparen(e).(*ast.Ident)
		return isIdent && pass.TypesInfo.ObjectOf(id) == v
	}
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				ok = ok && !is(e)
			}
		case *ast.IncDecStmt:
			ok = ok && !is(n.X)
		case *ast.UnaryExpr:
			ok = ok && !(n.Op == token.AND && is(n.X))
		case *ast.RangeStmt:
			ok = ok && !(n.Key != nil && is(n.Key)) && !(n.Value != nil && is(n.Value))
		case *ast.SelectorExpr:
			ok = ok && !is(n.X) // a method may take the address
		case *ast.ForStmt:
			ok = false // it may be meant to see the change
		}
		return ok
	})
	return ok
}

// spell spells type t in the file with lit. ok is false if that file does not import what it takes.
func spell(pass *analysis.Pass, lit *ast.FuncLit, t types.Type) (text string, ok bool) {
	n, isNamed := types.Unalias(t).(*types.Named)
	if isNamed && (n.Obj().Pkg() != pass.Pkg || n.Obj().Parent() != pass.Pkg.Scope() || n.TypeArgs() != nil) {
		return "", false
	}
	text = types.TypeString(t, types.RelativeTo(pass.Pkg))
	_, o := pass.Pkg.Scope().Innermost(lit.Pos()).LookupParent(text, lit.Pos())
	_, isType := o.(*types.TypeName)
	return text, isType
}
