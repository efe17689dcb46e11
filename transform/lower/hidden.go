package lower

import (
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/placement"
	"github.com/harkgen/harkgen/analyzer/suspend"
)

// This file finds the operations of package sync and sync/atomic that rt does not see: through an interface, or a function value. Any goroutine may do them with
// what it shares with one in another process, in whatever process it is itself.

// hidden lists them.
func (l *lowerer) hidden() []placement.Refusal {
	if l.hides != nil {
		return l.hides
	}
	l.hides = []placement.Refusal{}
	for _, fn := range l.plan.fns {
		if !l.prog.IsUser(fn) || fn.Synthetic != "" && fn.Origin() == nil && !isPackageInit(fn) {
			continue
		}
		eachInstr(fn, func(i ssa.Instruction) {
			what := hiddenValue(i)
			if c, ok := i.(ssa.CallInstruction); ok && what == "" {
				what = l.hiddenCall(c)
			}
			if what != "" {
				l.hides = append(l.hides, placement.Refusal{
					Pos: suspend.Position(i), What: what, Why: "what it does there is not seen in another process", Do: "call it directly", Anywhere: true,
				})
			}
		})
	}
	return l.hides
}

// hiddenCall says which operation c is, through an interface, or "". Of a sync.Locker rt sees what it is, but not that it is embedded.
func (l *lowerer) hiddenCall(c ssa.CallInstruction) string {
	if !c.Common().IsInvoke() {
		return ""
	}
	locker := suspend.LockerCall(c.Common()) != ""
	for _, callee := range l.facts.Callees(c) {
		inner := underWrapper(callee)
		switch {
		case !carried(inner):
		case !locker:
			return fullName(inner) + " is used through an interface"
		case inner != callee:
			return fullName(inner) + " of an embedded lock is used through an interface"
		}
	}
	return ""
}

// hiddenValue says which operation i makes a value of, or "". A method value is seen: it is rt's.
func hiddenValue(i ssa.Instruction) string {
	if _, bound := i.(*ssa.MakeClosure); bound {
		return ""
	}
	c, isCall := i.(ssa.CallInstruction)
	for _, op := range i.Operands(nil) {
		if f, ok := (*op).(*ssa.Function); ok && !(isCall && op == &c.Common().Value) && carried(f) {
			return fullName(f) + " is used as a value"
		}
	}
	return ""
}

func fullName(fn *ssa.Function) string { return fn.Object().(*types.Func).FullName() }

// carried reports whether direct calls of fn tell other processes what they do: package rt has it.
func carried(fn *ssa.Function) bool {
	o, ok := fn.Object().(*types.Func)
	return ok && (libraryFuncs[o.FullName()].sync || sharedOf(o).rt != "")
}
