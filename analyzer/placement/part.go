package placement

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/library"
)

// This file finds parts of a slice that have no element in common: those of the goroutines of a loop, which is part of the rule "index", and two between which there is a
// bound, the rule "cut".
//
//	for i := range n {                                for lo := 0; lo < len(xs); lo += size {
//		part := xs[i*size : (i+1)*size]                   go work(xs[lo:min(lo+size, len(xs))])
//		go work(part)                             }
//	}
//
// An access by way of xs[lo:hi] to an element, or by a function that stays within the length of what it is given, is to an element of xs from lo to hi: that is
// checked when the slice is cut, and indexed. In the first form these are no others than i*size to (i+1)*size, with another i each time; in the second lo to
// lo+size, and lo grows by size. A size below zero makes lo > hi, which panics. Each iteration cuts a part, so lo has passed the end of xs, and that panics as
// well, long before it overflows.
//
//	go sort.Ints(xs[:m])
//	sort.Ints(xs[m:])
//
// Here one access is before m and the other is not. The activation that makes xs has one m, or is the only one.

// samePart returns the slice of which a and b are in the part that one instruction cuts, and the loop that gives each goroutine of s another.
func (p *prover) samePart(s *thread, a, b *access) (of *path, loop map[*ssa.BasicBlock]bool) {
	cut := p.cutOf(a)
	if cut == nil || cut != p.cutOf(b) || cut.Low == nil || cut.High == nil {
		return nil, nil
	}
	if loop = p.stepsOver(s, cut); loop == nil {
		return nil, nil
	}
	c := &counting{loop: loop}
	if !c.enters() || !c.each(s.at) {
		return nil, nil
	}
	if cut.Parent() == s.at.Parent() && (!c.each(cut) || leads(s.at, s.at, func(i ssa.Instruction) bool { return i == cut })) {
		return nil, nil
	}
	return p.origin(cut.X), loop
}

// cutApart reports whether one of a and b is before a bound at which the other's part of the slice begins.
func (p *prover) cutApart(a, b *access) bool {
	return p.isBefore(a, b) || p.isBefore(b, a)
}

func (p *prover) isBefore(a, b *access) bool {
	x := p.cutOf(a)
	if x == nil || x.High == nil || b.Callee != nil && !library.StaysWithin(b.Callee) && !p.shallow(b) {
		return false
	}
	of, bound := p.origin(x.X), p.settled(x.High)
	if of.slices() || !p.steady(of) || !p.isOne(of, bound) {
		return false
	}
	name, _ := p.boundOf(bound)
	return slices.ContainsFunc(p.cutsOf(b, true), func(y *ssa.Slice) bool {
		return y.Low != nil && name != "" && p.isNamed(y.Low, name) && p.origin(y.X).key() == of.key()
	})
}

// isOne reports whether there is one value of bound for all that is known as of at the same time.
func (p *prover) isOne(of *path, bound ssa.Value) bool {
	if i, ok := bound.(ssa.Instruction); ok && again(i) {
		return false
	}
	if of.isFresh() && !of.loads() && (bound.Parent() == nil || bound.Parent() == of.frame()) {
		return true
	}
	if i, ok := of.root.(ssa.Instruction); ok && again(i) {
		return false
	}
	return (of.frame() == nil || !p.often(of.frame())) && (bound.Parent() == nil || !p.often(bound.Parent()))
}

// cutOf returns what cuts the part of a slice that a stays in: with an upper bound, and nothing that is cut of it has another.
func (p *prover) cutOf(a *access) *ssa.Slice {
	cuts := p.cutsOf(a, false)
	if len(cuts) == 0 {
		return nil
	}
	if last := cuts[len(cuts)-1]; last.High != nil {
		return last
	}
	return nil
}

// cutsOf lists what cuts the slices that lead to what a accesses, the last first, up to one with an upper bound, and with one if a stays within that; further
// ones say only where a part begins, for which all is true.
func (p *prover) cutsOf(a *access, all bool) (out []*ssa.Slice) {
	within := a.Callee != nil && library.StaysWithin(a.Callee)
	if c, ok := a.Instr.(ssa.CallInstruction); ok {
		within = within || isBuiltin(c, "copy")
	}
	v := a.Value
	for range 20 {
		switch x := v.(type) {
		case *ssa.FieldAddr:
			v = x.X
		case *ssa.IndexAddr:
			_, isSlice := x.X.Type().Underlying().(*types.Slice)
			v, within = x.X, within || isSlice
		case *ssa.ChangeType:
			v = x.X
		case *ssa.MakeInterface:
			v = x.X
		case *ssa.Slice:
			if _, isSlice := x.X.Type().Underlying().(*types.Slice); !isSlice {
				return out
			}
			bounded := x.High != nil || x.Max != nil
			if bounded && !within && !all {
				return out
			}
			out = append(out, x)
			if bounded && !all {
				return out
			}
			v = x.X
		default:
			next := p.heldIn(v)
			if next == nil {
				return out
			}
			v = next
		}
	}
	return out
}

// heldIn is what v, the content of a variable that is assigned once, or a parameter of a function that is called once, is; nil if it is neither.
func (p *prover) heldIn(v ssa.Value) ssa.Value {
	switch v := v.(type) {
	case *ssa.Parameter:
		return p.argument(v)
	case *ssa.UnOp:
		addr := v.X
		for free, ok := addr.(*ssa.FreeVar); ok; free, ok = addr.(*ssa.FreeVar) {
			if addr = p.captures(free); addr == nil {
				return nil
			}
		}
		if a, ok := addr.(*ssa.Alloc); ok && v.Op == token.MUL {
			if st := p.assigned(a, v); st != nil {
				return st.Val
			}
		}
	}
	return nil
}

// stepsOver returns the innermost loop around s if what cut cuts is past the last such part in each iteration of it.
func (p *prover) stepsOver(s *thread, cut *ssa.Slice) map[*ssa.BasicBlock]bool {
	if !types.Identical(cut.Low.Type(), types.Typ[types.Int]) || !types.Identical(cut.High.Type(), types.Typ[types.Int]) {
		return nil
	}
	low, high := p.settled(cut.Low), p.settled(cut.High)
	if op, ok := low.(*ssa.BinOp); ok && op.Op == token.MUL {
		for _, x := range [][2]ssa.Value{{op.X, op.Y}, {op.Y, op.X}} {
			i, size := x[0], p.size(s, x[1])
			next := func(v ssa.Value) bool { return p.isProductOf(v, i, size) || p.isSum(v, low, size) }
			if loop := p.distinct(s, p.origin(i), isConst); loop != nil && size != "" && p.isAtMost(high, next) {
				return loop
			}
		}
		return nil
	}
	var size string // what is added to lo
	is := func(v ssa.Value) bool {
		n := p.size(s, v)
		same := n != "" && (size == "" || size == n)
		size = n
		return same
	}
	loop := p.distinct(s, p.origin(cut.Low), is)
	if loop == nil || !p.isAtMost(high, func(v ssa.Value) bool { return p.isSum(v, cut.Low, size) }) {
		return nil
	}
	return loop
}

// size names v, if the loop around s does not change it.
func (p *prover) size(s *thread, v ssa.Value) string {
	name, root := p.boundOf(v)
	if loop := loopOf(s.at); root != nil && loop[root.Block()] {
		return ""
	}
	return name
}

// isAtMost reports whether v is something of which is is true, or the minimum of that and something else.
func (p *prover) isAtMost(v ssa.Value, is func(ssa.Value) bool) bool {
	v = p.settled(v)
	if c, ok := v.(*ssa.Call); ok && isBuiltin(c, "min") {
		return slices.ContainsFunc(c.Call.Args, func(x ssa.Value) bool { return p.isAtMost(x, is) })
	}
	return is(v)
}

// isProductOf reports whether v is (i + 1) * size.
func (p *prover) isProductOf(v, i ssa.Value, size string) bool {
	op, ok := v.(*ssa.BinOp)
	if !ok || op.Op != token.MUL {
		return false
	}
	for _, x := range [][2]ssa.Value{{op.X, op.Y}, {op.Y, op.X}} {
		sum, ok := p.settled(x[0]).(*ssa.BinOp)
		if ok && sum.Op == token.ADD && isInt(sum.Y, 1) && p.sameNow(sum.X, i) && p.isNamed(x[1], size) {
			return true
		}
	}
	return false
}

// isSum reports whether v is low + size.
func (p *prover) isSum(v, low ssa.Value, size string) bool {
	op, ok := v.(*ssa.BinOp)
	return ok && op.Op == token.ADD && (p.sameNow(op.X, low) && p.isNamed(op.Y, size) || p.sameNow(op.Y, low) && p.isNamed(op.X, size))
}

func (p *prover) isNamed(v ssa.Value, name string) bool {
	n, _ := p.boundOf(v)
	return n != "" && n == name
}

// sameNow reports whether v and w are the same: by where they come from, or as what is in a variable that is not assigned between two looks at it.
func (p *prover) sameNow(v, w ssa.Value) bool {
	v, w = p.settled(v), p.settled(w)
	if v == w || p.origin(v).key() == p.origin(w).key() {
		return true
	}
	x, ok := v.(*ssa.UnOp)
	y, ok2 := w.(*ssa.UnOp)
	if !ok || !ok2 || x.Op != token.MUL || x.X != y.X || y.Op != token.MUL || x.Block() != y.Block() {
		return false
	}
	a, ok := x.X.(*ssa.Alloc)
	if !ok || !p.variable(a).plain() || p.variable(a).captured {
		return false
	}
	first, last := min(indexOf(x), indexOf(y)), max(indexOf(x), indexOf(y))
	return !slices.ContainsFunc(p.variable(a).stores, func(st *ssa.Store) bool {
		return st.Block() == x.Block() && indexOf(st) > first && indexOf(st) < last
	})
}
