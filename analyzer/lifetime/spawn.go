package lifetime

import (
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/vet"
)

// This file finds goroutines that become ever more.

// spawns judges the go statements of a loop without end.
func (p *pass) spawns(l *loop) {
	waits := p.waits(l)
	for _, b := range l.list {
		for _, i := range b.Instrs {
			g, ok := i.(*ssa.Go)
			if !ok || !always(l, b) {
				continue
			}
			switch {
			case !waits:
				p.report(vet.Warning, g.Pos(), "goroutines are started in a loop that never ends and waits for nothing", "they become ever more, and all are saved with the run",
					"wait in the loop, or for the goroutines")
			case stays(g):
				p.report(vet.Warning, g.Pos(), "goroutines that never end are started in a loop that never ends", "they become ever more, and all are saved with the run",
					"let them end, or start as many as are needed before the loop")
			}
		}
	}
}

// always reports whether each round of l executes b.
func always(l *loop, b *ssa.BasicBlock) bool {
	for _, back := range l.header.Preds {
		if l.blocks[back] && !b.Dominates(back) {
			return false
		}
	}
	return true
}

// stays reports whether the function of a go statement has no way to return.
func stays(g *ssa.Go) bool {
	fn := g.Call.StaticCallee()
	if fn == nil || len(fn.Blocks) == 0 {
		return false
	}
	first := fn.Blocks[0].Instrs[0]
	if flow.IsReturn(first) || flow.Reaches(first, flow.IsReturn, nil) || fn.Recover != nil {
		return false
	}
	return flow.Reaches(first, func(i ssa.Instruction) bool { return flow.Repeats(i.Block()) }, nil)
}
