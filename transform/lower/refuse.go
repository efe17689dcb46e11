package lower

import (
	"go/token"
	"strings"

	"golang.org/x/tools/go/ssa"

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
			if len(name) > len(Prefix) && (name[:len(Prefix)] == Prefix || name[:len(Prefix)] == "H"+Prefix[1:]) {
				l.refuse(u.Types.Scope().Lookup(name).Pos(), "identifier "+name, "names that begin with "+Prefix+" are harkgen's own", "rename it")
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
			if lib := library[callee.String()]; lib.refused != "" {
				l.refuse(c.Pos(), callee.String()+" cannot be compiled yet", lib.refused, lib.instead)
			}
		}
	})
	if isPackageInit(f) {
		eachInstr(f, func(i ssa.Instruction) {
			if c, ok := i.(ssa.CallInstruction); ok && c.Common().StaticCallee() != nil && strings.HasPrefix(c.Common().StaticCallee().Name(), "init") {
				return // an init function that suspends is refused by itself
			}
			if r := l.suspension(i); r != "" {
				l.refuse(position(i), "package variable initialised by something that may suspend", r, "initialise it in main")
			}
		})
		return
	}
	if f.Synthetic == "" && l.facts.Coloured(f) {
		chain := ""
		if steps := l.facts.Chain(l.prog.Fset, f); len(steps) > 0 {
			chain = steps[0]
		}
		if f.Parent() == nil && strings.HasPrefix(f.Name(), "init#") {
			l.refuse(f.Pos(), "init may suspend", chain, "do it in main")
			l.plan.lower[f] = false
		}
	}
}

// suspension says why instruction i may suspend, or "".
func (l *lowerer) suspension(i ssa.Instruction) string {
	if c, ok := i.(ssa.CallInstruction); ok && l.facts.Site(c) {
		return "it calls " + calleeName(c.Common())
	}
	if u, ok := i.(*ssa.UnOp); ok && u.Op == token.ARROW {
		return "chan receive"
	}
	return ""
}
