package ir

import "slices"

// This file says where a resumed function goes on, and copies loops for it.
//
// A label in the middle of a loop is a second entry, and the Go compiler optimises no loop that has two: on nested loops
// that cost a factor of two. So a loop that can be suspended inside is there twice:
//
//	enter:                      enter:                             <- resumed at the header
//	head: if !c goto done       head: if !c goto done
//	      a; f(); b                   a; f(); check; b
//	      goto head                   goto head
//	                   becomes
//	done:                       done:
//	                            ...
//	                            again: f(); check; b               <- resumed at f
//	                                  goto enter
//
// The first copy has one entry and is what runs. The second is executed only from a resumption to the end of that
// round, then it hands back. A loop in the second copy that can itself be suspended inside is treated in the same way, so code that was resumed in an inner loop
// is back in a loop with one entry after one round as well. The block enter is there so that the header keeps two predecessors, which
// is what the Go compiler looks for.
//
// A loop is a strongly connected component. One with several entries (made with goto) is left as it is.

// maxReentered bounds the statements of a function with its copies; beyond it loops are entered in the middle.
const maxReentered = 20_000

// reenter sets Resume of every point.
func (f *Func) reenter() {
	r := &reentry{f: f, first: f.Blocks[0], preds: map[*Block][]*Block{}}
	r.split()
	for _, b := range f.Blocks {
		for _, s := range b.Succs() {
			r.preds[s] = append(r.preds[s], b)
		}
	}
	r.loops(slices.Clone(f.Blocks))
}

type reentry struct {
	f     *Func
	first *Block              // of the function
	last  int                 // highest index of a block
	size  int                 // statements
	preds map[*Block][]*Block // before there were copies
}

// split makes each statement with a point the first of its block, and the point's.
func (r *reentry) split() {
	var out []*Block
	for _, b := range r.f.Blocks {
		r.last = max(r.last, b.Index)
		r.size += len(b.Stmts)
	}
	for _, b := range r.f.Blocks {
		out = append(out, b)
		for i := 0; i < len(b.Stmts); i++ {
			s := b.Stmts[i]
			switch {
			case s.Point == nil:
			case s.Kind == Poll:
				s.Point.Resume = s.Then
			case i == 0:
				s.Point.Resume = b
			default:
				rest := r.newBlock("point")
				rest.Stmts = slices.Clone(b.Stmts[i:])
				b.Stmts = append(b.Stmts[:i:i], &Stmt{Kind: Goto, Then: rest})
				s.Point.Resume = rest
				b, i = rest, 0
				out = append(out, b)
			}
		}
	}
	r.f.Blocks = out
}

func (r *reentry) newBlock(comment string) *Block {
	r.last++
	return &Block{Index: r.last, Comment: comment}
}

// loops treats the loops that lie within region.
func (r *reentry) loops(region []*Block) {
	for _, loop := range components(region) {
		r.loop(loop)
	}
}

// loop gives every point that resumes in loop another place: before the header, or in a copy.
func (r *reentry) loop(loop map[*Block]bool) {
	var inside []*Point
	atHeader := false
	h := r.header(loop)
	for _, p := range r.f.Points {
		switch {
		case p.Resume == nil || !loop[p.Resume]:
		case p.Resume == h:
			atHeader = true
		default:
			inside = append(inside, p)
		}
	}
	if h == nil || len(inside) == 0 && !atHeader {
		return
	}
	var copies []*Block
	if len(inside) > 0 {
		copies = r.copy(loop, h, inside)
	}
	r.enter(loop, h)
	r.loops(copies)
}

// header returns the one block of loop that is entered from outside, nil if there are several. A copy of a loop may be entered by resumptions
// only, so this looks at the originals.
func (r *reentry) header(loop map[*Block]bool) *Block {
	in := make(map[*Block]bool, len(loop))
	for b := range loop {
		in[b.origin()] = true
	}
	var h *Block
	for b := range loop {
		o := b.origin()
		entered := o == r.first
		for _, p := range r.preds[o] {
			entered = entered || !in[p]
		}
		if entered && h != nil {
			return nil
		}
		if entered {
			h = b
		}
	}
	return h
}

// copy copies what can follow on the points in one round of the loop with header h, and moves them there.
func (r *reentry) copy(loop map[*Block]bool, h *Block, points []*Point) []*Block {
	work := make([]*Block, 0, len(points))
	for _, p := range points {
		work = append(work, p.Resume)
	}
	reached := map[*Block]bool{}
	size := 0
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		if b == h || !loop[b] || reached[b] {
			continue
		}
		reached[b] = true
		size += len(b.Stmts)
		work = append(work, b.Succs()...)
	}
	if r.size += size; r.size > maxReentered {
		return nil
	}
	to := map[*Block]*Block{}
	var copies []*Block
	for _, b := range r.f.Blocks {
		if reached[b] {
			to[b] = r.newBlock(b.Comment)
			to[b].Of = b.origin()
			copies = append(copies, to[b])
		}
	}
	for _, b := range r.f.Blocks {
		if c := to[b]; c != nil {
			for _, s := range b.Stmts {
				c.Stmts = append(c.Stmts, s.clone(to))
			}
		}
	}
	for _, p := range points {
		p.Resume = to[p.Resume]
	}
	r.f.Blocks = append(r.f.Blocks, copies...)
	return copies
}

// enter puts a block before header h, through which the loop is entered from outside.
func (r *reentry) enter(loop map[*Block]bool, h *Block) {
	e := r.newBlock("enter")
	for _, b := range r.f.Blocks {
		if loop[b] {
			continue
		}
		for _, s := range b.Stmts {
			if s.Then == h {
				s.Then = e
			}
			if s.Else == h {
				s.Else = e
			}
		}
	}
	for _, p := range r.f.Points {
		if p.Resume == h {
			p.Resume = e
		}
	}
	e.Stmts = []*Stmt{{Kind: Goto, Then: h}}
	r.f.Blocks = slices.Insert(r.f.Blocks, slices.Index(r.f.Blocks, h), e)
}

// clone copies s, with its jumps mapped by to. The copy shares the point and the variables.
func (s *Stmt) clone(to map[*Block]*Block) *Stmt {
	c := *s
	c.L, c.R = cloneAll(s.L), cloneAll(s.R)
	c.Cases = slices.Clone(s.Cases)
	for i := range c.Cases {
		k := &c.Cases[i]
		k.Chan, k.Send, k.L[0], k.L[1] = k.Chan.clone(), k.Send.clone(), k.L[0].clone(), k.L[1].clone()
	}
	if b := to[s.Then]; b != nil {
		c.Then = b
	}
	if b := to[s.Else]; b != nil {
		c.Else = b
	}
	return &c
}

func cloneAll(es []*Expr) []*Expr {
	out := make([]*Expr, len(es))
	for i, e := range es {
		out[i] = e.clone()
	}
	return out
}

func (e *Expr) clone() *Expr {
	if e == nil || e.Op == OpVar || e.Op == OpConst {
		return e
	}
	c := *e
	c.Args = cloneAll(e.Args)
	return &c
}

// components returns the strongly connected components of region that have a cycle, in the order of their first blocks. (Tarjan 1972)
func components(region []*Block) []map[*Block]bool {
	t := &tarjan{in: map[*Block]bool{}, index: map[*Block]int{}, low: map[*Block]int{}, on: map[*Block]bool{}}
	for _, b := range region {
		t.in[b] = true
	}
	for _, b := range region {
		if t.index[b] == 0 {
			t.visit(b)
		}
	}
	var out []map[*Block]bool
	listed := map[*Block]bool{}
	for _, b := range region {
		if c := t.of[b]; c != nil && !listed[b] {
			for m := range c {
				listed[m] = true
			}
			out = append(out, c)
		}
	}
	return out
}

type tarjan struct {
	in, on     map[*Block]bool
	index, low map[*Block]int // from 1
	stack      []*Block
	of         map[*Block]map[*Block]bool
}

func (t *tarjan) visit(b *Block) {
	t.index[b] = len(t.index) + 1
	t.low[b] = t.index[b]
	t.stack = append(t.stack, b)
	t.on[b] = true
	self := false
	for _, s := range b.Succs() {
		self = self || s == b
		switch {
		case !t.in[s]:
		case t.index[s] == 0:
			t.visit(s)
			t.low[b] = min(t.low[b], t.low[s])
		case t.on[s]:
			t.low[b] = min(t.low[b], t.index[s])
		}
	}
	if t.low[b] != t.index[b] {
		return
	}
	first := len(t.stack) - 1 // b is near the end, and the stack may be long
	for t.stack[first] != b {
		first--
	}
	c := map[*Block]bool{}
	for _, m := range t.stack[first:] {
		c[m] = true
		t.on[m] = false
	}
	t.stack = t.stack[:first]
	if len(c) > 1 || self {
		if t.of == nil {
			t.of = map[*Block]map[*Block]bool{}
		}
		for m := range c {
			t.of[m] = c
		}
	}
}
