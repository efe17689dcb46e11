package lifetime

import (
	"go/token"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
)

// This file finds loops without end.

// A loop is a natural loop that has no way out but those that a channel or a context decides.
type loop struct {
	header *ssa.BasicBlock
	list   []*ssa.BasicBlock
	blocks map[*ssa.BasicBlock]bool // the same
	closes bool                     // it ends when a channel is closed, so it has as many rounds as something is sent
}

// loops lists the loops without end of a function.
func (p *pass) loops(fn *ssa.Function) []*loop {
	var out []*loop
	for _, b := range fn.Blocks {
		if !flow.Header(b) {
			continue
		}
		l := &loop{header: b, list: flow.Loop(b), blocks: map[*ssa.BasicBlock]bool{}}
		for _, m := range l.list {
			l.blocks[m] = true
		}
		if l.endless() {
			out = append(out, l)
		}
	}
	return out
}

// endless reports whether the ways out of the loop are so decided. A panic is no way out.
func (l *loop) endless() bool {
	for _, b := range l.list {
		for _, s := range b.Succs {
			if l.blocks[s] || fails(s) {
				continue
			}
			br, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
			if !ok || !l.told(br.Cond) {
				return false
			}
		}
	}
	return true
}

// told reports whether a condition asks which case a select took, what it received, whether a channel was closed, or a context's error.
func (l *loop) told(cond ssa.Value) bool {
	switch c := cond.(type) {
	case *ssa.BinOp:
		return l.told(c.X)
	case *ssa.UnOp:
		return c.Op == token.NOT && l.told(c.X)
	case *ssa.Call:
		return flow.Callee(&c.Call) == "(context.Context).Err"
	case *ssa.Extract:
		l.closes = l.closes || c.Index == 1
		switch t := c.Tuple.(type) {
		case *ssa.Select:
			return c.Index <= 1
		case *ssa.UnOp:
			return t.Op == token.ARROW && c.Index == 1
		}
	}
	return false
}

// fails reports whether nothing but a panic, or the end of the program, follows b.
func fails(b *ssa.BasicBlock) bool {
	return !flow.Reaches(b.Instrs[0], flow.IsReturn, nil) && !flow.IsReturn(b.Instrs[0]) && !flow.Repeats(b)
}

// waits reports whether something in the loop may wait, or take its time: an operation, or a call that is not known to be brief.
func (p *pass) waits(l *loop) bool {
	for _, b := range l.list {
		for _, i := range b.Instrs {
			c, ok := i.(*ssa.Call)
			if p.colour.Suspends(i) {
				return true
			}
			if !ok {
				continue
			}
			if _, builtin := c.Call.Value.(*ssa.Builtin); !builtin {
				return true
			}
		}
	}
	return false
}
