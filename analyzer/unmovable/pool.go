package unmovable

import (
	"bytes"
	"go/ast"
	"go/constant"
	"go/format"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
)

// This file suggests to let each process make a pool of database connections.
//
//	func main() {                                   var db, dbErr = sql.Open("postgres", dsn)
//		db, err := sql.Open("postgres", dsn)
//		if err != nil {                         func main() {
//			log.Fatal(err)          becomes         err := dbErr
//		}                                               if err != nil {
//		defer db.Close()                                        log.Fatal(err)
//		...                                             }
//
// So it is in main if the driver and the source are constants, no statement before may have an effect, no init of the package may register the driver, and nobody changes
// the pool: such changes are not made in a new process. For the compiler Close is one, and it is of no use at the end of main.

// pool is the fix that makes f the value of a package variable; none if it is not certain to be right.
func pool(pass *analysis.Pass, fn *ssa.Function, f Finding) []analysis.SuggestedFix {
	main, ok := fn.Syntax().(*ast.FuncDecl)
	if !ok || !flow.IsMain(fn) || len(f.Made) != 1 {
		return nil
	}
	o := openingAt(pass, main, f.Made[0].Pos, "database/sql.Open")
	if o == nil || !o.first(main) || !o.constants() || !o.unchanged() || !o.free() || registers(pass.Files) {
		return nil
	}
	return o.declare(main)
}

// first reports whether nothing is called before in main.
func (o *opening) first(main *ast.FuncDecl) bool {
	for _, s := range main.Body.List {
		if s == o.moved[0] {
			return true
		}
		calls := false
		ast.Inspect(s, func(n ast.Node) bool {
			_, call := n.(*ast.CallExpr)
			calls = calls || call
			return !calls
		})
		if calls {
			return false
		}
	}
	return false
}

// constants reports whether the arguments are constants outside of main, and do not name a database in memory, which would be another in each process.
func (o *opening) constants() bool {
	args := o.call().Args
	ok := true
	for _, a := range args {
		ok = ok && o.pass.TypesInfo.Types[a].Value != nil
		ast.Inspect(a, func(n ast.Node) bool {
			if id, is := n.(*ast.Ident); is {
				obj := o.pass.TypesInfo.Uses[id]
				ok = ok && obj != nil && (obj.Pos() < o.fn.Pos() || obj.Pos() >= o.fn.End())
			}
			return true
		})
	}
	if !ok {
		return false
	}
	source := constant.StringVal(o.pass.TypesInfo.Types[args[1]].Value)
	return source != "" && !strings.Contains(source, "memory")
}

func (o *opening) call() *ast.CallExpr { return o.moved[0].(*ast.AssignStmt).Rhs[0].(*ast.CallExpr) }

// deferred is the deferred Close, nil if none follows at once.
func (o *opening) deferred() *ast.DeferStmt {
	d, _ := o.moved[len(o.moved)-1].(*ast.DeferStmt)
	return d
}

// unchanged reports whether main neither assigns the variable nor sets anything in the pool.
func (o *opening) unchanged() bool {
	ok, vars := true, map[types.Object]bool{o.value: true}
	ast.Inspect(o.fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.DeferStmt:
			return n != o.deferred()
		case *ast.SelectorExpr:
			ok = ok && !(o.is(n.X, o.value) && (n.Sel.Name == "Close" || strings.HasPrefix(n.Sel.Name, "Set")))
		case *ast.UnaryExpr:
			ok = ok && !(n.Op == token.AND && o.root(n.X, vars))
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				ok = ok && (n == o.moved[0] || !o.root(e, vars))
			}
		}
		return ok
	})
	return ok
}

// names are those of the package variables: of the pool, and of the error of opening it.
func (o *opening) names() (pool, err string) {
	if o.err == nil {
		return o.value.Name(), "_"
	}
	return o.value.Name(), o.value.Name() + "Err"
}

// free reports whether the names mean nothing yet in the package, and that of the error nothing in main.
func (o *opening) free() bool {
	pool, err := o.names()
	scope := o.pass.Pkg.Scope()
	for _, name := range []string{pool, err} {
		if scope.Lookup(name) != nil || types.Universe.Lookup(name) != nil {
			return false
		}
		for file := range scope.Children() {
			if file.Lookup(name) != nil {
				return false
			}
		}
	}
	ok := true
	ast.Inspect(o.fn, func(n ast.Node) bool {
		id, is := n.(*ast.Ident)
		ok = ok && !(is && err != "_" && id.Name == err)
		return ok
	})
	return ok
}

// registers reports whether the initialisation of the package does anything for its effect, as registering a driver.
func registers(files []*ast.File) bool {
	for _, f := range files {
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.Name == "init" && d.Recv == nil {
					return true
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if v, ok := s.(*ast.ValueSpec); ok && d.Tok == token.VAR && v.Names[0].Name == "_" {
						return true
					}
				}
			}
		}
	}
	return false
}

// declare is the fix.
func (o *opening) declare(main *ast.FuncDecl) []analysis.SuggestedFix {
	var call bytes.Buffer
	if err := format.Node(&call, o.pass.Fset, o.call()); err != nil {
		return nil
	}
	pool, err := o.names()
	above := main.Pos()
	if main.Doc != nil {
		above = main.Doc.Pos()
	}
	a := o.moved[0].(*ast.AssignStmt)
	edits := []analysis.TextEdit{
		{Pos: above, End: above, NewText: []byte("// " + pool + " is made anew in each process.\nvar " + pool + ", " + err + " = " + call.String() + "\n\n")},
		{Pos: a.Pos(), End: a.End()},
	}
	if o.err != nil {
		id := a.Lhs[1].(*ast.Ident)
		assign := " = "
		if o.pass.TypesInfo.Defs[id] != nil {
			assign = " := "
		}
		edits[1].NewText = []byte(id.Name + assign + err)
	}
	if d := o.deferred(); d != nil {
		edits = append(edits, analysis.TextEdit{Pos: d.Pos(), End: d.End()})
	}
	return []analysis.SuggestedFix{{Message: "Make " + pool + " a package variable", TextEdits: edits}}
}
