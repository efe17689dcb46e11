package lower

import (
	"go/constant"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/refuse"
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
	if p.needsRuntime(fn) {
		return true
	}
	found := false
	eachInstr(fn, func(i ssa.Instruction) {
		c, ok := i.(ssa.CallInstruction)
		if !ok {
			return
		}
		for _, callee := range p.facts.Callees(c) {
			found = found || p.compiled(callee) && p.startsGoroutines(callee, seen)
		}
	})
	return found
}

// initImports initialises, in the place of the calls at the beginning of package main's initialisation, everything that is imported.
// Other packages leave it to that.
func (b *fn) initImports(i *ssa.Call) {
	main := b.ssa.Pkg.Func("main")
	if main == nil || !refuse.IsMain(main) || b.importsInited {
		return
	}
	b.importsInited = true
	for _, init := range b.plan.initOrder(b.home.Path()) {
		if init == b.ssa {
			continue
		}
		s := &ir.Stmt{Kind: ir.Assign, R: []*ir.Expr{b.loweredCall(init, &ssa.CallCommon{Value: init})}, Pos: suspend.Position(i)}
		if p := init.Pkg.Pkg; !b.importable(p) {
			b.initialisers[p] = b.loweredName(init)
			path := &ir.Expr{Op: ir.OpConst, Type: types.Typ[types.String], Const: constant.MakeString(p.Path())}
			s.R[0].Args[0] = rt("Initialiser", path)
		}
		s.Point = b.point("calls "+init.String(), s.Pos)
		b.emit(s)
	}
}

// importable reports whether package main may import p, wherever in the output it is.
func (b *fn) importable(p *types.Package) bool {
	if slices.Contains(b.home.Imports(), p) {
		return true
	}
	path := p.Path()
	if b.prog.Module != nil {
		path = strings.TrimPrefix(path, b.prog.Module.Path+"/internal/")
	}
	return !strings.Contains("/"+path+"/", "/internal/")
}

// initOrder lists the packages that are initialised as part of the program of package main, in Go's order: of those whose imports are initialised,
// always the one with the least path.
func (p *Plan) initOrder(main string) (order []*ssa.Function) {
	waits := map[string]int{} // for so many imports
	importers := map[string][]string{}
	var ready []string
	for path := range p.imported(main) {
		pkg := p.prog.All[path]
		waits[path] = len(pkg.Imports)
		for _, imp := range pkg.Imports {
			importers[imp.PkgPath] = append(importers[imp.PkgPath], path)
		}
		if len(pkg.Imports) == 0 {
			ready = append(ready, path)
		}
	}
	for len(ready) > 0 {
		path := slices.Min(ready)
		ready = slices.DeleteFunc(ready, func(s string) bool { return s == path })
		if init := p.prog.SSA.Package(p.prog.All[path].Types).Func("init"); p.Initialised(init) {
			order = append(order, init)
		}
		for _, importer := range importers[path] {
			if waits[importer]--; waits[importer] == 0 {
				ready = append(ready, importer)
			}
		}
	}
	return order
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
	if main == nil || !refuse.IsMain(main) {
		return
	}
	f := &ir.Expr{Op: ir.OpName, Name: b.loweredName(main)}
	begins := b.opt.Begin[b.home.Path()]
	if begins {
		f.Name = Begin
	}
	s := &ir.Stmt{Kind: ir.Assign, R: []*ir.Expr{{Op: ir.OpCall, Args: []*ir.Expr{f}}}, Pos: main.Pos()}
	if begins || b.facts.Coloured(main) {
		s.R[0].Args = append(s.R[0].Args, b.g())
		s.Point = b.point("calls main.main", s.Pos)
	}
	b.emit(s)
}

// imported returns the packages that package path imports, and it itself. Others are of other programs, if several are compiled at once.
func (p *Plan) imported(path string) map[string]bool {
	found := map[string]bool{path: true}
	for todo := []string{path}; len(todo) > 0; {
		pkg := p.prog.All[todo[0]]
		todo = todo[1:]
		for _, imp := range pkg.Imports {
			if !found[imp.PkgPath] {
				found[imp.PkgPath] = true
				todo = append(todo, imp.PkgPath)
			}
		}
	}
	return found
}
