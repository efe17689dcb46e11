package placement

import (
	"go/constant"
	"go/token"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
)

// This file has the rule "index": each goroutine of a loop has an element of its own, or a part of the elements (part.go).
//
//	for i := range n {
//		go func() { results[i] = f(i) }()
//	}

// differentElements reports whether a and b, in two goroutines of s, are to different elements.
func (p *prover) differentElements(s *thread, a, b *access) bool {
	if a.Value == nil || b.Value == nil {
		return false
	}
	pa, pb := p.origin(a.Value), p.origin(b.Value)
	if !p.crosses(s, pa) && !isGlobal(pa.root) || !p.crosses(s, pb) && !isGlobal(pb.root) {
		return false
	}
	ina, loop := p.sameIndex(s, a, b)
	if loop == nil {
		ina, loop = p.samePart(s, a, b)
	}
	if loop == nil || ina.slices() || !p.steady(ina) {
		return false
	}
	root, _ := ina.root.(ssa.Instruction)
	fresh := ina.isFresh() && ina.frame() == s.at.Parent() && !ina.loads()
	switch {
	case root != nil && loop[root.Block()]:
		return fresh // each iteration has made its own
	case !fresh && p.often(s.at.Parent()):
		return false
	}
	// The loop is not executed again before they have ended, unless with another slice.
	ends := p.alive(s.at, slices.DeleteFunc(p.covering(s, a), func(e *end) bool {
		return !slices.ContainsFunc(p.covering(s, b), func(x *end) bool { return x.key() == e.key() })
	}))
	stop := entered(ends)
	for _, from := range leaves(s.at, loop) {
		found := false
		if stop(from) {
			continue
		}
		walkUntil(from, 0, stop, func(i ssa.Instruction) bool {
			found = found || i == s.at
			return !found && !(fresh && i == root) && !p.waits(i, ends)
		})
		if found {
			return false
		}
	}
	return true
}

// sameIndex returns the slice of which a and b are elements, both with the same number, and the loop that gives each goroutine of s another.
func (p *prover) sameIndex(s *thread, a, b *access) (in *path, loop map[*ssa.BasicBlock]bool) {
	if a.Callee != nil || b.Callee != nil {
		return nil, nil
	}
	ina, ia := element(p.origin(a.Value))
	inb, ib := element(p.origin(b.Value))
	if ia == nil || ib == nil || ina.key() != inb.key() || ia.key() != ib.key() {
		return nil, nil
	}
	return ina, p.distinct(s, ia, isConst)
}

func isGlobal(v ssa.Value) bool {
	_, ok := v.(*ssa.Global)
	return ok
}

// element cuts path x at the last element that it is in.
func element(x *path) (in, index *path) {
	for n := len(x.steps) - 1; n >= 0; n-- {
		switch st := x.steps[n]; st.kind {
		case stepIndex:
			return &path{root: x.root, steps: x.steps[:n]}, st.index
		case stepLoad, stepSlice:
			return nil, nil
		}
	}
	return nil, nil
}

func (x *path) slices() bool {
	return slices.ContainsFunc(x.steps, func(s step) bool { return s.kind == stepSlice })
}

// distinct returns the blocks of the innermost loop around s if its index is another in each iteration of it: something of which by is true is added, or subtracted.
func (p *prover) distinct(s *thread, index *path, by func(ssa.Value) bool) map[*ssa.BasicBlock]bool {
	loop := loopOf(s.at)
	if loop == nil || index.frame() != s.at.Parent() {
		return nil
	}
	if s.stmt != s.at && (again(s.stmt) || s.has(s.stmt.Parent())) { // several goroutines for each call
		return nil
	}
	counter, ok := index.root.(ssa.Instruction)
	if !ok || leads(s.at, s.at, func(i ssa.Instruction) bool { return i == counter }) {
		return nil
	}
	switch v := index.root.(type) {
	case *ssa.UnOp: // what a counter is at that moment
		if len(index.steps) > 0 || !loop[v.Block()] {
			return nil
		}
		if phi, ok := v.X.(*ssa.Phi); ok && isLoopVariable(phi) && loop[phi.Block()] && p.countsAnew(phi, loop, by) {
			return loop
		}
		a, ok := v.X.(*ssa.Alloc)
		if !ok || !p.counts(a, v, loop, by) {
			return nil
		}
		return loop
	case *ssa.Phi: // the variable of a loop of three clauses, which the goroutine reads
		if len(index.steps) != 1 || index.steps[0].kind != stepLoad || !isLoopVariable(v) || !loop[v.Block()] || !p.countsAnew(v, loop, by) {
			return nil
		}
		return loop
	}
	return nil
}

// loopOf returns the blocks of the innermost loop that executes i, nil if there is none.
func loopOf(i ssa.Instruction) map[*ssa.BasicBlock]bool {
	var best map[*ssa.BasicBlock]bool
	for _, head := range i.Parent().Blocks {
		if !flow.Header(head) || !head.Dominates(i.Block()) {
			continue
		}
		body := map[*ssa.BasicBlock]bool{}
		for _, b := range flow.Loop(head) {
			body[b] = true
		}
		if body[i.Block()] && (best == nil || len(body) < len(best)) {
			best = body
		}
	}
	return best
}

// leaves lists the blocks to which loop is left.
func leaves(i ssa.Instruction, loop map[*ssa.BasicBlock]bool) []*ssa.BasicBlock {
	var out []*ssa.BasicBlock
	for _, b := range i.Parent().Blocks {
		for _, next := range b.Succs {
			if loop[b] && !loop[next] {
				out = append(out, next)
			}
		}
	}
	return out
}

// counts reports whether variable a of the function grows, or shrinks, between each two executions of load, in loop.
func (p *prover) counts(a *ssa.Alloc, load *ssa.UnOp, loop map[*ssa.BasicBlock]bool, by func(ssa.Value) bool) bool {
	x := p.variable(a)
	if !x.plain() || x.captured || loop[a.Block()] {
		return false
	}
	var steps []ssa.Instruction
	sign := 0
	for _, st := range x.stores {
		if !loop[st.Block()] {
			continue
		}
		n, ok := addsTo(st.Val, func(v ssa.Value) bool {
			l, ok := v.(*ssa.UnOp)
			return ok && l.Op == token.MUL && l.X == a && l.Block() == st.Block() && noStoreBetween(l, st, x.stores)
		}, by)
		if !ok || n == 0 || sign != 0 && sign != n {
			return false
		}
		sign = n
		steps = append(steps, st)
	}
	return sign != 0 && !leads(load, load, func(i ssa.Instruction) bool {
		for _, st := range steps {
			if i == st {
				return true
			}
		}
		return !loop[i.Block()]
	})
}

func noStoreBetween(from, to ssa.Instruction, stores []*ssa.Store) bool {
	for _, st := range stores {
		if st != to && st.Block() == from.Block() && indexOf(st) > indexOf(from) && indexOf(st) < indexOf(to) {
			return false
		}
	}
	return true
}

// addsTo reports whether v is x plus or minus something of which by is true, and the sign: of what is not constant that it is 1 stands for both.
func addsTo(v ssa.Value, isX, by func(ssa.Value) bool) (sign int, ok bool) {
	op, ok := v.(*ssa.BinOp)
	if !ok || op.Op != token.ADD && op.Op != token.SUB || !isX(op.X) || !by(op.Y) {
		return 0, false
	}
	sign = 1
	if c, ok := op.Y.(*ssa.Const); ok {
		sign = constant.Sign(c.Value)
	}
	if op.Op == token.SUB {
		sign = -sign
	}
	return sign, true
}

func isConst(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.Value != nil && c.Value.Kind() == constant.Int
}

// countsAnew reports whether loop variable v, which each iteration has anew, is a copy of the last one plus something, and is not changed otherwise.
func (p *prover) countsAnew(v *ssa.Phi, loop map[*ssa.BasicBlock]bool, by func(ssa.Value) bool) bool {
	inside := 0
	for k, e := range v.Edges {
		a := e.(*ssa.Alloc)
		own := p.variable(a)
		if own.other || own.captured {
			return false
		}
		if !loop[v.Block().Preds[k]] {
			if len(own.stores) > 1 {
				return false
			}
			continue
		}
		inside++
		copied, added := 0, 0
		for _, st := range own.stores {
			switch {
			case isLoadOf(st.Val, v):
				copied++
			case added == 0:
				if n, ok := addsTo(st.Val, func(x ssa.Value) bool { return isLoadOf(x, a) }, by); !ok || n == 0 {
					return false
				}
				added++
			default:
				return false
			}
		}
		if copied != 1 || added != 1 {
			return false
		}
	}
	var x variable
	x.add(v)
	return inside > 0 && !x.other && len(x.stores) == 0
}

func isLoadOf(v, addr ssa.Value) bool {
	l, ok := v.(*ssa.UnOp)
	return ok && l.Op == token.MUL && l.X == addr
}
