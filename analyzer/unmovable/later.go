package unmovable

import (
	"bytes"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/harkgen/harkgen/analyzer/colour"
	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/suspend"
)

// This file suggests to open a file after the wait.
//
//	f, err := os.Open(name)               <-ready
//	if err != nil {                       f, err := os.Open(name)
//		return err                        if err != nil {
//	}                           becomes       return err
//	defer f.Close()                       }
//	<-ready                               defer f.Close()
//	io.Copy(w, f)                         io.Copy(w, f)
//
// So it is if the file is opened to be read, the statements between mention neither f nor err, call nothing but what waits, and change nothing that the moved ones
// read, and no other wait follows.

// An opening is the statements that open a file: the assignment, and the check of the error and the deferred Close if they follow at once.
type opening struct {
	pass  *analysis.Pass
	fn    ast.Node // that it is in
	value types.Object
	err   types.Object // nil: not kept
	moved []ast.Stmt
	rest  []ast.Stmt // of the block
}

// later is the fix that moves the opening of f, which fn holds, to after the wait; none if it is not certain to be right.
func later(pass *analysis.Pass, facts *colour.Facts, fn *ssa.Function, f Finding) []analysis.SuggestedFix {
	if _, ok := fn.Syntax().(*ast.RangeStmt); ok || fn.Syntax() == nil || len(f.Made) != 1 || flow.Repeats(f.Wait.Block()) {
		return nil
	}
	o := openingAt(pass, fn.Syntax(), f.Made[0].Pos, "os.Open")
	if o == nil {
		return nil
	}
	between := o.between(waitsOf(facts, fn))
	if len(between) == 0 || !o.steady(between) {
		return nil
	}
	return o.move(between[len(between)-1])
}

// waitsOf lists the places where fn waits.
func waitsOf(facts *colour.Facts, fn *ssa.Function) (at []token.Pos) {
	for i := range flow.Instructions(fn) {
		if facts.Waits(i) {
			at = append(at, suspend.Position(i))
		}
	}
	return at
}

// openingAt finds f, err := os.Open(name), or with another function of that name, with the call at pos; nil if there is none.
func openingAt(pass *analysis.Pass, fn ast.Node, pos token.Pos, name string) (o *opening) {
	ast.Inspect(fn, func(n ast.Node) bool {
		b, ok := n.(*ast.BlockStmt)
		if !ok {
			return o == nil
		}
		for k, s := range b.List {
			if a, ok := s.(*ast.AssignStmt); ok && opens(pass.TypesInfo, a, pos, name) {
				o = newOpening(pass, fn, a, b.List[k+1:])
			}
		}
		return o == nil
	})
	return o
}

func opens(info *types.Info, a *ast.AssignStmt, pos token.Pos, name string) bool {
	c, ok := a.Rhs[0].(*ast.CallExpr)
	return ok && c.Lparen == pos && a.Tok == token.DEFINE && callee(info, c) == name
}

// callee is the full name of the function that c calls, "" if that is not known.
func callee(info *types.Info, c *ast.CallExpr) string {
	if f, ok := typeutil.Callee(info, c).(*types.Func); ok {
		return f.FullName()
	}
	return ""
}

// newOpening is nil if the variable of the file is not a new one.
func newOpening(pass *analysis.Pass, fn ast.Node, a *ast.AssignStmt, rest []ast.Stmt) *opening {
	o := &opening{pass: pass, fn: fn, value: pass.TypesInfo.Defs[a.Lhs[0].(*ast.Ident)], moved: []ast.Stmt{a}, rest: rest}
	if err := a.Lhs[1].(*ast.Ident); err.Name != "_" {
		o.err = pass.TypesInfo.ObjectOf(err)
	}
	if o.value == nil {
		return nil
	}
	for _, follows := range []func(ast.Stmt) bool{o.checks, o.closes} {
		if len(o.rest) > 0 && follows(o.rest[0]) {
			o.moved, o.rest = append(o.moved, o.rest[0]), o.rest[1:]
		}
	}
	return o
}

// checks reports whether s is if err != nil {...}.
func (o *opening) checks(s ast.Stmt) bool {
	i, ok := s.(*ast.IfStmt)
	if !ok || i.Init != nil || i.Else != nil {
		return false
	}
	c, ok := i.Cond.(*ast.BinaryExpr)
	return ok && c.Op == token.NEQ && o.is(c.X, o.err) && o.pass.TypesInfo.Types[c.Y].IsNil()
}

// closes reports whether s is defer f.Close().
func (o *opening) closes(s ast.Stmt) bool {
	d, ok := s.(*ast.DeferStmt)
	if !ok {
		return false
	}
	sel, ok := d.Call.Fun.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "Close" && o.is(sel.X, o.value)
}

func (o *opening) is(e ast.Expr, obj types.Object) bool {
	id, ok := e.(*ast.Ident)
	return ok && obj != nil && o.pass.TypesInfo.Uses[id] == obj
}

// between lists the statements that follow, to the last that waits; none if there is one that the opening may not be moved over.
func (o *opening) between(waits []token.Pos) []ast.Stmt {
	last := slices.Max(waits)
	for n, s := range o.rest {
		if !o.plain(s) || last < s.Pos() {
			return nil
		}
		if last < s.End() {
			return o.rest[:n+1]
		}
	}
	return nil
}

// waiting are the functions that statements between may call: no file depends on them.
var waiting = map[string]bool{"time.Sleep": true, "time.After": true, "(*sync.WaitGroup).Wait": true, "(context.Context).Done": true}

// plain reports whether s is a simple statement that mentions neither the file nor the error, and has no effects but waiting and assigning.
func (o *opening) plain(s ast.Stmt) bool {
	switch s.(type) {
	case *ast.AssignStmt, *ast.ExprStmt, *ast.SendStmt, *ast.DeclStmt, *ast.IncDecStmt:
	default:
		return false
	}
	ok := true
	ast.Inspect(s, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			obj := o.pass.TypesInfo.ObjectOf(n)
			ok = ok && (obj == nil || obj != o.value && obj != o.err)
		case *ast.FuncLit:
			ok = false
		case *ast.CallExpr:
			tv := o.pass.TypesInfo.Types[n.Fun]
			ok = ok && (tv.IsType() || tv.IsBuiltin() || waiting[callee(o.pass.TypesInfo, n)])
		}
		return ok
	})
	return ok
}

// steady reports whether the moved statements mean the same after those between.
func (o *opening) steady(between []ast.Stmt) bool {
	call := o.call()
	if name, ok := call.Args[0].(*ast.Ident); o.pass.TypesInfo.Types[call.Args[0]].Value == nil && !(ok && o.local(o.pass.TypesInfo.Uses[name])) {
		return false
	}
	reads, names := map[types.Object]bool{}, map[string]bool{}
	each(o.moved, func(id *ast.Ident) {
		names[id.Name] = true
		if v, ok := o.pass.TypesInfo.Uses[id].(*types.Var); ok && o.local(v) {
			reads[v] = true
		}
	})
	delete(reads, o.value)
	ok := !o.shared(reads)
	for _, s := range between {
		ast.Inspect(s, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				for _, e := range n.Lhs {
					ok = ok && !o.root(e, reads)
				}
			case *ast.IncDecStmt:
				ok = ok && !o.root(n.X, reads)
			}
			return true
		})
	}
	each(between, func(id *ast.Ident) { ok = ok && (o.pass.TypesInfo.Defs[id] == nil || !names[id.Name]) })
	return ok
}

// local reports whether v is a variable of the function itself.
func (o *opening) local(v types.Object) bool {
	x, ok := v.(*types.Var)
	return ok && !x.IsField() && o.fn.Pos() <= x.Pos() && x.Pos() < o.fn.End()
}

// shared reports whether others may change one of vars: a literal mentions it, or its address is taken. A goto counts, too, as it may not jump over a declaration.
func (o *opening) shared(vars map[types.Object]bool) (found bool) {
	ast.Inspect(o.fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.LabeledStmt:
			found = true
		case *ast.UnaryExpr:
			found = found || n.Op == token.AND && o.root(n.X, vars)
		case *ast.FuncLit:
			if n != o.fn {
				each([]ast.Stmt{n.Body}, func(id *ast.Ident) { found = found || vars[o.pass.TypesInfo.Uses[id]] })
			}
		}
		return !found
	})
	return found
}

// root reports whether e is one of vars, or a part of it.
func (o *opening) root(e ast.Expr, vars map[types.Object]bool) bool {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return vars[o.pass.TypesInfo.ObjectOf(x)]
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return false
		}
	}
}

func each(stmts []ast.Stmt, f func(*ast.Ident)) {
	for _, s := range stmts {
		ast.Inspect(s, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				f(id)
			}
			return true
		})
	}
}

// move is the fix that moves the lines of the opening to behind those of statement last; none if other statements share these lines, or a comment stands above.
func (o *opening) move(last ast.Stmt) []analysis.SuggestedFix {
	file := o.pass.Fset.File(last.Pos())
	text, err := o.pass.ReadFile(file.Name())
	if err != nil || len(text) != file.Size() {
		return nil
	}
	line := func(p token.Pos) int { return file.PositionFor(p, false).Line }
	between := func(from, to token.Pos) []byte { return bytes.TrimSpace(text[file.Offset(from):file.Offset(to)]) }
	comment := func(b []byte) bool { return bytes.HasPrefix(b, []byte("//")) }
	first, end := o.moved[0].Pos(), o.moved[len(o.moved)-1].End()
	if line(first) == 1 || line(last.End()) == file.LineCount() {
		return nil
	}
	start := file.LineStart(line(first))
	stop := file.LineStart(line(end) + 1)
	at := file.LineStart(line(last.End()) + 1)
	if len(between(start, first)) > 0 || comment(between(file.LineStart(line(first)-1), start)) {
		return nil
	}
	for _, tail := range [][]byte{between(end, stop), between(last.End(), at)} {
		if len(tail) > 0 && !comment(tail) {
			return nil
		}
	}
	return []analysis.SuggestedFix{{
		Message: "Open " + o.value.Name() + " after the wait",
		TextEdits: []analysis.TextEdit{
			{Pos: start, End: stop},
			{Pos: at, End: at, NewText: text[file.Offset(start):file.Offset(stop)]},
		},
	}}
}
