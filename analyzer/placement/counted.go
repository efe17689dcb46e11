package placement

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
)

// This file finds goroutines of a loop that are waited for by counting.
//
//	for i := range n {                        for range n {
//		go func() { ...; done <- v }()                <-done
//	}                                         }
//
// At most n goroutines are started, each sends at most one value, nobody else sends, and the channel is not closed. So when n values have been received
// each of these goroutines has sent one, whoever else receives. The wait is the edge by which the second loop ends: to a block to which nothing else leads.

// countedAt lists the blocks that are entered when all goroutines of t have come to end e, a send of each.
func (p *prover) countedAt(t *thread, e *end) map[*ssa.BasicBlock]bool {
	made := e.at.root.(*ssa.MakeChan)
	if t.stmt != t.at {
		return nil
	}
	start := p.counting(loopOf(t.stmt))
	if start == nil || start.loop[made.Block()] || startedAgain(t.stmt, start.loop, made) ||
		leadsUntil(t.stmt, t.stmt, func(b *ssa.BasicBlock) bool { return b == start.head }, nil) {
		return nil
	}
	out := map[*ssa.BasicBlock]bool{}
	for i := range flow.Instructions(t.stmt.Parent()) {
		recv, ok := i.(*ssa.UnOp)
		if !ok || recv.Op != token.ARROW || p.origin(recv.X).key() != e.at.key() {
			continue
		}
		wait := p.counting(loopOf(recv))
		if wait == nil || wait.bound != start.bound || wait.left == nil || !wait.each(recv) {
			continue
		}
		if start.root == nil || !leads(t.stmt, start.root, func(i ssa.Instruction) bool { return i == recv }) { // the bound is the same
			out[wait.left] = true
		}
	}
	return out
}

// startedAgain reports whether the loop around go statement c may be entered again, with the channel that was made last.
func startedAgain(c ssa.Instruction, loop map[*ssa.BasicBlock]bool, made ssa.Instruction) bool {
	for _, from := range leaves(c, loop) {
		found := false
		walkFrom(from, 0, func(i ssa.Instruction) bool {
			found = found || i == c
			return !found && i != made
		})
		if found {
			return true
		}
	}
	return false
}

// A counting is a loop that counts from 0 to a bound, in steps of 1.
type counting struct {
	loop  map[*ssa.BasicBlock]bool
	head  *ssa.BasicBlock
	from  *ssa.BasicBlock   // from which it is entered
	ends  []*ssa.BasicBlock // of its iterations
	check *ssa.BasicBlock   // compares with the bound: head, or the only one of ends
	late  bool              // it is that one
	bound string            // equal texts are equal bounds, while root, if there is one, is not executed again
	root  ssa.Instruction
	left  *ssa.BasicBlock // to which it leads when the bound is reached, and nothing else does; nil: there may be another way
}

// counting analyses a loop; nil: it is not known to count.
//
// The loops of go/ssa have the check in front (`for i := 0; i < n; i++`, `for range xs`), or at the end and once before (`for range n`).
func (p *prover) counting(loop map[*ssa.BasicBlock]bool) *counting {
	c := &counting{loop: loop}
	if !c.enters() {
		return nil
	}
	less, body, left := comparison(c.check)
	if less == nil || !loop[body] || loop[left] || !c.counts(p, less) {
		return nil
	}
	before := []*ssa.BasicBlock{c.check}
	if c.late { // who comes from before has compared 0 with the bound
		first, to, past := comparison(c.from)
		if first == nil || to != c.head || past != left || !isInt(first.X, 0) || first.Y != less.Y {
			return nil
		}
		before = append(before, c.from)
	}
	c.bound, c.root = p.boundOf(less.Y)
	if c.bound == "" || c.root != nil && loop[c.root.Block()] {
		return nil
	}
	if !slices.ContainsFunc(left.Preds, func(b *ssa.BasicBlock) bool { return !slices.Contains(before, b) }) {
		c.left = left
	}
	return c
}

// enters finds where the loop begins and ends. It reports false if it is entered in several ways.
func (c *counting) enters() bool {
	for b := range c.loop {
		for _, from := range b.Preds {
			if c.loop[from] {
				continue
			}
			if c.from != nil {
				return false
			}
			c.head, c.from = b, from
		}
	}
	if c.head == nil {
		return false
	}
	for _, b := range c.head.Preds {
		if c.loop[b] {
			c.ends = append(c.ends, b)
		}
	}
	c.check = c.head
	if len(c.ends) == 1 {
		if less, body, _ := comparison(c.ends[0]); less != nil && body == c.head {
			c.check, c.late = c.ends[0], true
		}
	}
	return true
}

// comparison is x < y, if b ends with that, and where it leads.
func comparison(b *ssa.BasicBlock) (less *ssa.BinOp, yes, no *ssa.BasicBlock) {
	end, ok := b.Instrs[len(b.Instrs)-1].(*ssa.If)
	if !ok {
		return nil, nil, nil
	}
	if less, ok = end.Cond.(*ssa.BinOp); !ok || less.Op != token.LSS || less.Block() != b {
		return nil, nil, nil
	}
	return less, b.Succs[0], b.Succs[1]
}

// counts reports whether what is compared counts the iterations: it begins with 0, or with -1 if 1 is added before it is compared, and grows by 1 in each.
func (c *counting) counts(p *prover, less *ssa.BinOp) bool {
	load, _ := less.X.(*ssa.UnOp)
	sum, added := less.X.(*ssa.BinOp)
	if added {
		load, _ = sum.X.(*ssa.UnOp)
	}
	if load == nil || load.Op != token.MUL || load.Block() != c.check {
		return false
	}
	if phi, ok := load.X.(*ssa.Phi); ok {
		return !added && !c.late && phi.Block() == c.head && isLoopVariable(phi) && p.countsAnew(phi, c.loop, isConst) && c.countsUp(p, phi)
	}
	a, ok := load.X.(*ssa.Alloc)
	if !ok {
		return false
	}
	x := p.variable(a)
	step, begin, ok := c.stores(a, x)
	if !ok || !x.plain() || x.captured {
		return false
	}
	if !added {
		return begin == 0 && !c.late && c.each(step)
	}
	return step.Val == less.X && step.Block() == c.check && (begin == 0) == c.late
}

// stores returns the store that adds 1 to variable a in the loop, and what it begins with. It reports false if others change it.
func (c *counting) stores(a *ssa.Alloc, x *variable) (step *ssa.Store, begin int, ok bool) {
	first := a.Block()
	for _, st := range x.stores {
		switch {
		case c.loop[st.Block()] && step == nil && isStep(st, a):
			step = st
		case c.loop[st.Block()] || st.Block() != c.from || first == nil:
			return nil, 0, false
		case isInt(st.Val, 0):
			first = nil
		case isInt(st.Val, -1):
			first, begin = nil, -1
		default:
			return nil, 0, false
		}
	}
	return step, begin, step != nil && (first == nil || first == c.from) // a variable begins with 0
}

// countsUp reports whether v, of which countsAnew says that it counts, begins with 0 and grows by 1.
func (c *counting) countsUp(p *prover, v *ssa.Phi) bool {
	for k, e := range v.Edges {
		a := e.(*ssa.Alloc)
		inside := c.loop[v.Block().Preds[k]]
		for _, st := range p.variable(a).stores {
			if inside && !isLoadOf(st.Val, v) && !isStep(st, a) || !inside && !isInt(st.Val, 0) {
				return false
			}
		}
	}
	return true
}

// isStep reports whether st adds 1 to a.
func isStep(st *ssa.Store, a *ssa.Alloc) bool {
	op, ok := st.Val.(*ssa.BinOp)
	return ok && op.Op == token.ADD && isInt(op.Y, 1) && isLoadOf(op.X, a)
}

func isInt(v ssa.Value, n int64) bool {
	c, ok := v.(*ssa.Const)
	if !ok || c.Value == nil || c.Value.Kind() != constant.Int {
		return false
	}
	x, exact := constant.Int64Val(c.Value)
	return exact && x == n
}

// each reports whether each iteration executes i, and once.
func (c *counting) each(i ssa.Instruction) bool {
	return len(loopOf(i)) == len(c.loop) && !slices.ContainsFunc(c.ends, func(b *ssa.BasicBlock) bool { return !i.Block().Dominates(b) })
}

// boundOf names a bound: a constant, a value that a variable has for good, or the length of a slice. It is "" if it may be another each time; root is what makes
// it, if its function does.
func (p *prover) boundOf(v ssa.Value) (name string, root ssa.Instruction) {
	v = p.settled(v)
	if c, ok := v.(*ssa.Call); ok && isBuiltin(c, "len") {
		if _, ok := c.Call.Args[0].Type().Underlying().(*types.Slice); !ok {
			return "", nil
		}
		v = p.settled(c.Call.Args[0])
		if made, ok := v.(*ssa.MakeSlice); ok {
			return p.boundOf(made.Len)
		}
		name = "len "
	}
	if c, ok := v.(*ssa.Const); ok && c.Value != nil {
		return name + c.Value.ExactString(), nil
	}
	root, _ = v.(ssa.Instruction)
	return name + fmt.Sprintf("%p", v), root
}

// settled is what v is, through variables that are assigned once and parameters of functions that are called once.
func (p *prover) settled(v ssa.Value) ssa.Value {
	for range 10 {
		next := p.heldIn(v)
		if next == nil {
			break
		}
		v = next
	}
	return v
}
