package lower

import (
	"go/token"
	"go/types"
	"sync"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/state"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/load"
)

// This file tells what would be refused of a goroutine if it ran in a process of its own, before that is decided.

// A Refuser knows what goroutines in processes of their own cannot do, of one program.
type Refuser struct {
	l       func() *lowerer
	decided func() *state.Result
}

// NewRefuser returns one for a program with these facts.
func NewRefuser(prog *load.Program, facts *suspend.Facts) *Refuser {
	x := &Refuser{}
	x.l = sync.OnceValue(func() *lowerer {
		facts := facts.Again(prog.IsUser, prog.Copyable) // the plan colours more
		return &lowerer{prog: prog, facts: facts, plan: newPlan(prog, facts)}
	})
	x.decided = sync.OnceValue(func() *state.Result { return x.l().decide() })
	return x
}

// Refused returns the first thing that a goroutine which go statement c starts does and cannot; what is "" if there is none.
func (x *Refuser) Refused(c ssa.CallInstruction) (at token.Pos, what, why string) {
	for _, f := range x.l().apartOf(c, x.decided()).Findings {
		return f.Pos, f.What, f.Why
	}
	return at, "", ""
}

// Rebuilt reports whether each process makes package variable v anew.
func (x *Refuser) Rebuilt(v *types.Var) bool {
	d := x.decided().Of(v)
	return d != nil && d.Rebuilt
}
