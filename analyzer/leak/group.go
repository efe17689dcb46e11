package leak

import (
	"strconv"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
)

// This file judges wait groups.

// groupCalls are the methods of a wait group.
var groupCalls = library.Words("(*sync.WaitGroup).Add (*sync.WaitGroup).Done (*sync.WaitGroup).Wait (*sync.WaitGroup).Go")

// group judges the wait group that a is, if it is one.
func (p *pass) group(a *ssa.Alloc) {
	if library.TypeName(elem(a)) != "sync.WaitGroup" {
		return
	}
	u := usesOf(a, func(c ssa.CallInstruction) bool { return groupCalls[flow.Callee(c.Common())] })
	if u.escapes {
		return
	}
	var adds, waits []ssa.CallInstruction
	done := 0
	for _, i := range u.ops {
		c, ok := i.(ssa.CallInstruction)
		if !ok {
			return
		}
		switch flow.Callee(c.Common()) {
		case "(*sync.WaitGroup).Add":
			if added(c) <= 0 {
				return
			}
			adds = append(adds, c)
		case "(*sync.WaitGroup).Done":
			done = min(many, done+p.times(c, a.Parent()))
		case "(*sync.WaitGroup).Wait":
			waits = append(waits, c)
		}
	}
	for _, w := range waits {
		p.waits(w, adds, done)
	}
}

// waits judges a call of Wait: done is how often, at most, Done is called.
func (p *pass) waits(w ssa.CallInstruction, adds []ssa.CallInstruction, done int) {
	const do = "call Done once for each that was added"
	sum := 0
	for _, c := range adds {
		if done == 0 && c.Parent() == w.Parent() && reaches(c, w) {
			p.warn(w.Pos(), "a Wait for what was added at "+p.at(c.Pos())+", and nothing calls Done", forever, do)
			return
		}
		if _, ok := c.(*ssa.Call); ok && c.Parent() == w.Parent() && c.Block().Dominates(w.Block()) && reaches(c, w) {
			sum += int(added(c))
		}
	}
	if _, ok := w.(*ssa.Call); ok && done < sum {
		p.warn(w.Pos(), "a Wait for "+strconv.Itoa(sum)+" that were added, and Done is called "+often(done), forever, do)
	}
}

func often(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times at most"
}

func reaches(from, to ssa.Instruction) bool {
	return flow.Reaches(from, func(i ssa.Instruction) bool { return i == to }, nil)
}

// added is the constant that Add is called with, 0 if it is none.
func added(c ssa.CallInstruction) int64 {
	if n, ok := c.Common().Args[1].(*ssa.Const); ok && n.Value != nil {
		return n.Int64()
	}
	return 0
}
