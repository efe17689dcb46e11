package lower

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/ir"
)

// This file is about package initialisation. Usually it stays as it is: the initialisers run whenever a worker starts, and rebuild also
// what they leave in packages that are not compiled (gob.Register); then the saved state replaces the package variables.
//
// Where an initialiser may suspend or start goroutines it becomes part of the program, and runs once:
//
//	var n = <-ch            becomes    var n int
//	func init() { ... }                func hark_init_1(g *rt.G) { ... }
//	                                   func hark_init(g *rt.G) { ...imported packages...; n = rt.Recv(g, ch); hark_init_1(g) }
//
// and the hark_init of package main calls main when it is done.

// isPackageInit reports whether fn is the synthetic function that runs the package's variable initialisers and init functions.
func isPackageInit(fn *ssa.Function) bool { return fn.Synthetic == "package initializer" }

// isInit reports whether fn is an init function of the user's.
func isInit(fn *ssa.Function) bool {
	return fn.Parent() == nil && fn.Signature.Recv() == nil && strings.HasPrefix(fn.Name(), "init#")
}

// Initialised reports whether fn initialises a package as part of the program.
func (p *Plan) Initialised(fn *ssa.Function) bool { return isPackageInit(fn) && p.facts.Coloured(fn) }

// Initialises reports whether package pkg is initialised as part of the program.
func (p *Plan) Initialises(pkg *types.Package) bool {
	return p.Initialised(p.prog.SSA.Package(pkg).Func("init"))
}

// colourInits colours the initialisation that starts goroutines. It reports whether there was any.
func (p *Plan) colourInits() bool {
	any := false
	for _, fn := range p.fns {
		if isPackageInit(fn) && !p.facts.Coloured(fn) && p.startsGoroutines(fn, map[*ssa.Function]bool{}) {
			p.facts.Colour(fn, &suspend.Reason{Pos: fn.Pos(), What: "starts goroutines while the package is initialised"})
			any = true
		}
	}
	return any
}

// startsGoroutines reports whether fn, or something that it may call, needs rt. Function literals that it makes count as called.
func (p *Plan) startsGoroutines(fn *ssa.Function, seen map[*ssa.Function]bool) bool {
	if seen[fn] || len(fn.Blocks) == 0 {
		return false
	}
	seen[fn] = true
	if needsRuntime(fn) {
		return true
	}
	found := false
	eachInstr(fn, func(i ssa.Instruction) {
		c, ok := i.(ssa.CallInstruction)
		if !ok {
			return
		}
		for _, callee := range p.facts.Callees(c) {
			found = found || p.prog.IsUser(callee) && p.startsGoroutines(callee, seen)
		}
	})
	return found
}

// inited is the variable that says whether the package was initialised.
func (b *fn) inited() *ir.Expr {
	b.pkg(b.home).Inited = prefix(b.home) + "inited"
	return &ir.Expr{Op: ir.OpName, Name: b.pkg(b.home).Inited, Type: types.Typ[types.Bool]}
}

// startMain calls main at the end of the initialisation of package main.
func (b *fn) startMain() {
	if !isPackageInit(b.ssa) {
		return
	}
	main := b.ssa.Pkg.Func("main")
	if main == nil || !isMain(main) {
		return
	}
	f := &ir.Expr{Op: ir.OpName, Name: b.loweredName(main)}
	s := &ir.Stmt{Kind: ir.Assign, R: []*ir.Expr{{Op: ir.OpCall, Args: []*ir.Expr{f}}}, Pos: main.Pos()}
	if b.facts.Coloured(main) {
		s.R[0].Args = append(s.R[0].Args, b.g())
		s.Point = b.point("calls main.main", s.Pos)
	}
	b.emit(s)
}
