package refuse

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"regexp"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/suspend"
)

// This file has the rules, for the compiler and for the check.

// A Refusal is something that cannot be compiled.
type Refusal struct {
	Pos           token.Pos
	What, Why, Do string
}

// Prefix begins every package-level identifier that harkgen invents; in packages other than main it is Hark_, to be reachable.
const Prefix = "hark_"

// Identifiers refuses package-level identifiers that are like harkgen's own.
func Identifiers(pkg *types.Package) (out []Refusal) {
	for _, name := range pkg.Scope().Names() {
		if len(name) > len(Prefix) && (strings.HasPrefix(name, Prefix) || strings.HasPrefix(name, "H"+Prefix[1:])) {
			out = append(out, Refusal{pkg.Scope().Lookup(name).Pos(), "identifier " + name, "names that begin with " + Prefix + " are harkgen's own", "rename it"})
		}
	}
	return out
}

// ImportsC finds the imports of "C" in the file of that name, as it is before cgo rewrites it. There
// are none if there is no such file.
func ImportsC(name string) (at []token.Position) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, nil, parser.ImportsOnly)
	if err != nil {
		return nil
	}
	for _, imp := range f.Imports {
		if imp.Path.Value == `"C"` {
			at = append(at, fset.Position(imp.Pos()))
		}
	}
	return at
}

// ImportC refuses an import of "C".
func ImportC(pos token.Pos) Refusal {
	return Refusal{pos, `import "C"`, "memory of C cannot be saved", "keep cgo out of the compiled module"}
}

// refused are the functions that cannot be compiled yet, by suspend.Name.
var refused = map[string]struct{ why, instead string }{
	"os/signal.NotifyContext": {"its goroutine belongs to one machine", "leave signals to harkgen"},
	"os/signal.Notify":        {"its goroutine belongs to one machine", "leave signals to harkgen"},
}

// Library reports whether calls of the library function of that name are refused.
func Library(name string) bool { return refused[name].why != "" }

// Call refuses a call of a library function that cannot be compiled yet, or returns nil.
func Call(c ssa.CallInstruction) *Refusal {
	callee := c.Common().StaticCallee()
	if callee == nil || !Library(suspend.Name(callee)) {
		return nil
	}
	lib := refused[suspend.Name(callee)]
	return &Refusal{c.Pos(), callee.String() + " cannot be compiled yet", lib.why, lib.instead}
}

// IsMain reports whether fn is the main function of a package main.
func IsMain(fn *ssa.Function) bool {
	return fn.Name() == "main" && fn.Parent() == nil && fn.Signature.Recv() == nil && fn.Pkg != nil && fn.Pkg.Pkg.Name() == "main"
}

// MainValues refuses func main wherever it is more than called: compiled code has in its place a main of another signature, and functions that are not lowered
// would start the program once more.
func MainValues(pkg *types.Package, info *types.Info, files []*ast.File) (out []Refusal) {
	main := pkg.Scope().Lookup("main")
	if pkg.Name() != "main" || main == nil {
		return nil
	}
	called := map[ast.Expr]bool{}
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ExprStmt:
				if c, ok := ast.Unparen(n.X).(*ast.CallExpr); ok {
					called[ast.Unparen(c.Fun)] = true
				}
			case *ast.Ident:
				if info.Uses[n] == main && !called[n] {
					out = append(out, Refusal{n.Pos(), "main is used as a value", "the compiled main has another signature", "move its body into a function of another name"})
				}
			}
			return true
		})
	}
	return out
}

// Recovers reports whether fn itself calls recover.
func Recovers(fn *ssa.Function) bool {
	for i := range flow.Instructions(fn) {
		if c, ok := i.(ssa.CallInstruction); ok {
			if f, ok := c.Common().Value.(*ssa.Builtin); ok && f.Name() == "recover" {
				return true
			}
		}
	}
	return false
}

// Defer refuses to defer a function that recovers in one that may suspend, unless it is compiled; or returns nil.
func Defer(d *ssa.Defer, compiled func(*ssa.Function) bool) *Refusal {
	callee := d.Call.StaticCallee()
	if callee == nil || !Recovers(callee) || compiled(callee) {
		return nil
	}
	return &Refusal{d.Pos(), "defer of " + callee.String() + ", which recovers, in a function that may suspend", "only functions of this module can recover there yet", "defer a function literal that calls recover itself"}
}

// UnsafePointer refuses the variable name, which lives across a suspension at pos.
func UnsafePointer(pos token.Pos, name string) Refusal {
	what := "unsafe.Pointer " + name
	if register.MatchString(name) {
		what = "an unsafe.Pointer"
	}
	return Refusal{pos, what + " lives across a suspension", "its target's type is unknown, so it cannot be saved", "keep it between two suspending calls"}
}

// register matches the names of values that are in no variable.
var register = regexp.MustCompile(`^t[0-9]+$`)
