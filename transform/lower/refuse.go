package lower

import (
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/refuse"
	"github.com/harkgen/harkgen/transform/diag"
	"github.com/harkgen/harkgen/transform/load"
)

// This file refuses what cannot be compiled yet, each with its position and reason. What can be known of a package alone is in package refuse.

// refuseProgram looks for what cannot be compiled at all yet.
func (l *lowerer) refuseProgram() {
	for _, u := range l.prog.User {
		for _, pos := range load.ImportsC(u) {
			r := refuse.ImportC(0)
			l.errs.Add(diag.Diagnostic{Pos: pos, What: r.What, Why: r.Why, Do: r.Do})
		}
		for _, r := range slices.Concat(refuse.Identifiers(u.Types), refuse.MainValues(u.Types, u.TypesInfo, u.Syntax)) {
			if !l.prog.IsGlueFile(l.prog.Fset.Position(r.Pos).Filename) {
				l.refused(r)
			}
		}
	}
	for _, f := range l.plan.fns {
		eachInstr(f, func(i ssa.Instruction) {
			if c, ok := i.(ssa.CallInstruction); ok {
				if r := refuse.Call(c); r != nil {
					l.refused(*r)
				}
			}
		})
	}
}

func (l *lowerer) refused(r refuse.Refusal) { l.refuse(r.Pos, r.What, r.Why, r.Do) }
