package lower

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/transform/ir"
)

// offset is unsafe.Offsetof(x.f) where it is no constant, in an instance of a generic function. If f is promoted, SSA has its path in
// full, but the offset counts from x:
//
//	unsafe.Offsetof(x.f)     becomes     unsafe.Offsetof(x.Embedded) + unsafe.Offsetof(x.Embedded.f)
func (b *fn) offset(e *ir.Expr, c *ssa.CallCommon) *ir.Expr {
	sum := e
	x := e.Args[0]
	for range len(b.selection(c).Index()) - 1 {
		x = x.Args[0]
		outer := &ir.Expr{Op: ir.OpBuiltin, Name: e.Name, Pkg: e.Pkg, Args: []*ir.Expr{x}, Type: types.Typ[types.Uintptr]}
		sum = &ir.Expr{Op: ir.OpBinary, Tok: token.ADD, Args: []*ir.Expr{outer, sum}, Type: types.Typ[types.Uintptr]}
	}
	return sum
}

// selection is the selector that is the argument of call c of unsafe.Offsetof.
func (b *fn) selection(c *ssa.CallCommon) (sel *types.Selection) {
	fn := b.ssa
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	if o := fn.Origin(); o != nil {
		fn = o
	}
	info := b.prog.All[fn.Pkg.Pkg.Path()].TypesInfo
	ast.Inspect(b.ssa.Syntax(), func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && call.Lparen == c.Pos() {
			sel = info.Selections[ast.Unparen(call.Args[0]).(*ast.SelectorExpr)]
		}
		return true
	})
	return sel
}
