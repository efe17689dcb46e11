package lower

import (
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/diag"
	"github.com/harkgen/harkgen/transform/load"
)

// This file refuses what cannot be compiled yet, each with its position and reason.

// refuseProgram looks for what cannot be compiled at all yet.
func (l *lowerer) refuseProgram() {
	for _, u := range l.prog.User {
		for _, pos := range load.ImportsC(u) {
			l.errs.Add(diag.Diagnostic{Pos: pos, What: `import "C"`, Why: "memory of C cannot be saved", Do: "keep cgo out of the compiled module"})
		}
		for _, name := range u.Types.Scope().Names() {
			pos := u.Types.Scope().Lookup(name).Pos()
			if l.prog.IsGlueFile(l.prog.Fset.Position(pos).Filename) {
				continue
			}
			if len(name) > len(Prefix) && (name[:len(Prefix)] == Prefix || name[:len(Prefix)] == "H"+Prefix[1:]) {
				l.refuse(pos, "identifier "+name, "names that begin with "+Prefix+" are harkgen's own", "rename it")
			}
		}
	}
	for _, f := range l.plan.fns {
		l.refuseFunction(f)
	}
}

func (l *lowerer) refuseFunction(f *ssa.Function) {
	eachInstr(f, func(i ssa.Instruction) {
		c, ok := i.(ssa.CallInstruction)
		if !ok {
			return
		}
		if callee := c.Common().StaticCallee(); callee != nil {
			if lib := library[suspend.Name(callee)]; lib.refused != "" {
				l.refuse(c.Pos(), callee.String()+" cannot be compiled yet", lib.refused, lib.instead)
			}
		}
	})
}
