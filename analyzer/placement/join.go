package placement

import (
	"go/token"
	"go/types"
	"maps"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/pointsto"
)

// This file finds out how the end of goroutines can be waited for.
//
//	wg.Add(1)                                done := make(chan struct{})
//	go func() { defer wg.Done(); ... }()     go func() { ...; close(done) }()      or done <- v, the only value
//	wg.Wait()                                <-done
//
// A channel on which the goroutines of a loop send one value each is in counted.go. That the counts of Add and Done fit is taken for granted: a WaitGroup for which they do not panics in the end.

// An end is how a goroutine says that it has done what it has to do. late is what it may still do then.
type end struct {
	at    *path // of the WaitGroup or channel
	kind  endKind
	value ssa.Value // it, where the goroutine says so
	by    []ssa.Instruction
	late  map[ssa.Instruction]bool
	after map[*ssa.Function]bool // late are all of these

	counted map[*ssa.BasicBlock]bool // of an endCount: the blocks that are entered after it
}

type endKind byte

const (
	endGroup endKind = 'g'
	endChan  endKind = 'c'
	endCount endKind = 'n' // a channel from which as many values are received as goroutines were started
)

func (e *end) key() string { return string(e.kind) + e.at.key() }

func (e *end) moved(at *path) *end {
	x := *e
	x.at = at
	return &x
}

// outwards is ends as the caller of fn, by c, knows them.
func outwards(p *prover, ends []*end, fn *ssa.Function, c ssa.CallInstruction) []*end {
	var out []*end
	for _, e := range ends {
		param, ok := e.at.root.(*ssa.Parameter)
		switch {
		case ok && param.Parent() == fn:
			if args := c.Common().Args; !c.Common().IsInvoke() && len(args) == len(fn.Params) {
				x := p.origin(args[slices.Index(fn.Params, param)])
				out = append(out, e.moved(&path{x.root, append(slices.Clone(x.steps), e.at.steps...), x.via}))
			}
		case e.at.frame() != fn: // of a variable of this activation nobody hears any more
			out = append(out, e)
		}
	}
	return out
}

// inwards is ends as fn, which c calls, knows them.
func inwards(p *prover, ends []*end, fn *ssa.Function, c ssa.CallInstruction) []*end {
	var out []*end
	for _, e := range ends {
		if e.at.frame() == fn { // another activation
			continue
		}
		out = append(out, e)
		args := c.Common().Args
		if c.Common().IsInvoke() || len(args) != len(fn.Params) {
			continue
		}
		for k, arg := range args {
			if rest, ok := e.at.under(p.origin(arg)); ok {
				out = append(out, e.moved(&path{root: fn.Params[k], steps: rest}))
			}
		}
	}
	return out
}

// waits reports whether i returns only after one of ends.
func (p *prover) waits(i ssa.Instruction, ends []*end) bool { return p.waitsIn(i, ends, 0) }

func (p *prover) waitsIn(i ssa.Instruction, ends []*end, depth int) bool {
	if len(ends) == 0 || depth > 5 {
		return false
	}
	switch i := i.(type) {
	case *ssa.UnOp:
		return i.Op == token.ARROW && p.isEnd(i.X, endChan, ends)
	case *ssa.Call:
		fn := i.Call.StaticCallee()
		if fn == nil {
			return false
		}
		if fn.String() == "(*sync.WaitGroup).Wait" {
			return p.isEnd(i.Call.Args[0], endGroup, ends)
		}
		if !p.Points.Analysed(fn) || isSpawn(i) || p.recovers(fn) {
			return false
		}
		in, returns := inwards(p, ends, fn, i), false
		walkAll(fn, func(i ssa.Instruction) bool {
			_, ok := i.(*ssa.Return)
			returns = returns || ok
			return !p.waitsIn(i, in, depth+1)
		})
		return !returns
	}
	return false
}

// entered returns what reports whether a block is entered only after one of ends.
func entered(ends []*end) func(*ssa.BasicBlock) bool {
	return func(b *ssa.BasicBlock) bool {
		return slices.ContainsFunc(ends, func(e *end) bool { return e.counted[b] })
	}
}

func (p *prover) isEnd(v ssa.Value, kind endKind, ends []*end) bool {
	key := string(kind) + p.origin(v).key()
	return slices.ContainsFunc(ends, func(e *end) bool { return e.key() == key })
}

// covering lists the ends of x after which a, in its goroutine or in one that this leads to, has happened.
func (p *prover) covering(x *thread, a *access) []*end {
	var out []*end
	for _, e := range p.endsOf(x) {
		if x.covers(p, e, a, 0) {
			out = append(out, e)
		}
	}
	return out
}

// covers reports whether each goroutine that x leads to and that may do a is waited for, level by level, before end e of x.
func (x *thread) covers(p *prover, e *end, a *access, depth int) bool {
	if depth > 3 {
		return false
	}
	if x.has(a.fn) && (e.late[a.Instr] || e.after[a.fn]) {
		return false
	}
	for y := range x.starts {
		if !x.has(y.at.Parent()) || !y.has(a.fn) && !slices.ContainsFunc(y.list(), func(z *thread) bool { return z.has(a.fn) }) {
			continue
		}
		if e.late[y.at] || e.after[y.at.Parent()] || y == x || !slices.ContainsFunc(p.endsOf(y), func(e *end) bool {
			return y.covers(p, e, a, depth+1) && !p.returnsWithout(y.at, e)
		}) {
			return false
		}
	}
	return true
}

func (t *thread) list() []*thread {
	var out []*thread
	for x := range t.starts {
		out = append(out, x)
	}
	return out
}

// returnsWithout reports whether the function with i may return, after i, without having waited for e.
func (p *prover) returnsWithout(i ssa.Instruction, e *end) bool {
	returns := p.recovers(i.Parent())
	walkUntil(i.Block(), indexOf(i)+1, entered([]*end{e}), func(i ssa.Instruction) bool {
		_, ok := i.(*ssa.Return)
		returns = returns || ok
		return !p.waits(i, []*end{e})
	})
	return returns
}

// endsOf lists the ends of the goroutines of t, as the function with its go statement knows them.
func (p *prover) endsOf(t *thread) []*end {
	if t.stmt == nil {
		return nil
	}
	if list, ok := p.ends[t]; ok {
		return list
	}
	p.ends[t] = nil
	var list []*end
	if isGroupGoCall(t.stmt) {
		list = append(list, &end{at: p.origin(t.stmt.Common().Args[0]), kind: endGroup})
	} else if len(t.begin) == 1 {
		list = p.saidBy(t, t.begin[0], nil)
		for k, e := range list {
			if out := outwards(p, []*end{e}, t.begin[0], t.stmt); len(out) > 0 {
				list[k] = out[0]
			}
		}
	}
	list = merged(list)
	list = slices.DeleteFunc(list, func(e *end) bool { return !p.isSaid(t, e) || p.saidElsewhere(t, e) })
	p.ends[t] = list
	return list
}

// merged makes one of those that are about the same.
func merged(list []*end) []*end {
	var out []*end
	for _, e := range list {
		i := slices.IndexFunc(out, func(x *end) bool { return x.key() == e.key() })
		if i < 0 {
			out = append(out, e)
			continue
		}
		out[i].by = append(out[i].by, e.by...)
		maps.Copy(out[i].late, e.late)
		maps.Copy(out[i].after, e.after)
	}
	return out
}

// saidElsewhere reports whether goroutines of t may also say e where saidBy does not look.
func (p *prover) saidElsewhere(t *thread, e *end) bool {
	if e.kind != endGroup || e.value == nil {
		return false
	}
	for fn := range t.fns {
		for i := range flow.Instructions(fn) {
			c, ok := i.(ssa.CallInstruction)
			if !ok || slices.Contains(e.by, i) {
				continue
			}
			callee := c.Common().StaticCallee()
			if callee != nil && callee.String() == "(*sync.WaitGroup).Done" && p.Pointer(c.Common().Args[0]).MayAlias(p.Pointer(e.value)) {
				return true
			}
		}
	}
	return false
}

// saidBy lists the ends that fn, which goroutines of t begin with, or that it calls at c, says.
func (p *prover) saidBy(t *thread, fn *ssa.Function, c ssa.CallInstruction) []*end {
	var list []*end
	for i := range flow.Instructions(fn) {
		switch i := i.(type) {
		case *ssa.Send:
			list = append(list, p.end(t, endChan, i.Chan, i))
		case ssa.CallInstruction:
			if _, ok := i.(*ssa.Go); ok {
				continue
			}
			callee := i.Common().StaticCallee()
			switch {
			case isBuiltin(i, "close"):
				list = append(list, p.end(t, endChan, i.Common().Args[0], i))
			case callee == nil:
			case callee.String() == "(*sync.WaitGroup).Done":
				list = append(list, p.end(t, endGroup, i.Common().Args[0], i))
			case c == nil && p.Points.Analysed(callee) && callee != fn:
				for _, e := range p.saidBy(t, callee, i) {
					for _, e := range outwards(p, []*end{e}, callee, i) {
						p.addLate(e, i)
						list = append(list, e)
					}
				}
			}
		}
	}
	return list
}

// end is what i says, with what comes after it in its function.
func (p *prover) end(t *thread, kind endKind, v ssa.Value, i ssa.Instruction) *end {
	e := &end{at: p.origin(v), kind: kind, value: v, by: []ssa.Instruction{i}, late: map[ssa.Instruction]bool{}, after: map[*ssa.Function]bool{}}
	p.addLate(e, i)
	return e
}

// addLate adds what comes after i.
func (p *prover) addLate(e *end, i ssa.Instruction) {
	call := func(c ssa.CallInstruction) {
		work := p.executes(c).here
		for len(work) > 0 {
			fn := work[len(work)-1]
			work = work[:len(work)-1]
			if e.after[fn] {
				continue
			}
			e.after[fn] = true
			for i := range flow.Instructions(fn) {
				if c, ok := i.(ssa.CallInstruction); ok {
					work = append(work, p.executes(c).here...)
				}
			}
		}
	}
	if d, ok := i.(*ssa.Defer); ok { // what was deferred before it is done after it
		for x := range flow.Instructions(i.Parent()) {
			if x, ok := x.(*ssa.Defer); ok && (x == d && again(d) || x != d && leads(x, d, nil)) {
				e.late[x] = true
				call(x)
			}
		}
		return
	}
	walk(i, func(x ssa.Instruction) bool {
		e.late[x] = true
		switch x := x.(type) {
		case *ssa.Call:
			call(x)
		case *ssa.RunDefers:
			for d := range flow.Instructions(x.Parent()) {
				if d, ok := d.(*ssa.Defer); ok {
					e.late[d] = true
					call(d)
				}
			}
		}
		return true
	})
}

// isSaid reports whether who waits for e knows that goroutines of t have come there: nobody else says it for them. A channel is closed by them only, and
// nothing is sent; or one value is sent, by one goroutine, or by each.
func (p *prover) isSaid(t *thread, e *end) bool {
	if e.at.loads() && !p.steady(e.at) {
		return false
	}
	if e.kind == endGroup {
		return isGroupGoCall(t.stmt) || p.isAdded(t, e)
	}
	v, ok := e.at.root.(*ssa.MakeChan)
	if !ok || len(e.at.steps) > 0 || v.Parent() != t.stmt.Parent() {
		return false
	}
	sends, closes := p.said(v)
	for _, i := range append(sends, closes...) {
		if !slices.Contains(t.begin, i.Parent()) || again(i) || p.executedElsewhere(t, i.Parent(), v) {
			return false
		}
	}
	if leads(t.stmt, t.stmt, func(i ssa.Instruction) bool { return i == v }) { // several goroutines
		e.kind, e.counted = endCount, p.countedAt(t, e)
		return len(sends) == 1 && len(closes) == 0 && len(e.counted) > 0
	}
	return len(sends)+len(closes) == 1
}

// said lists what sends on a channel that is made at v, and what closes it.
func (p *prover) said(v *ssa.MakeChan) (sends, closes []ssa.Instruction) {
	for _, o := range p.Pointer(v).PointsTo() {
		for _, w := range p.Writes {
			if !usesChannel(w.Instr) || w.What == "is received from" || !slices.Contains(w.Addr.PointsTo(), o) {
				continue
			}
			if _, ok := w.Instr.(ssa.CallInstruction); ok {
				closes = append(closes, w.Instr)
			} else {
				sends = append(sends, w.Instr)
			}
		}
	}
	return sends, closes
}

// executedElsewhere reports whether fn, with which goroutines of t begin, may get the channel that is made at v in other ways: it is called, or other
// goroutines begin with it.
func (p *prover) executedElsewhere(t *thread, fn *ssa.Function, v *ssa.MakeChan) bool {
	sites, known := p.callers(fn)
	return !known || slices.ContainsFunc(sites, func(c ssa.CallInstruction) bool {
		return c != t.stmt && (c.Common().IsInvoke() || len(fn.FreeVars) > 0 || slices.ContainsFunc(append([]ssa.Value{c.Common().Value}, c.Common().Args...), func(x ssa.Value) bool {
			return holdsPointers(x.Type()) && p.Pointer(x).MayAlias(p.Pointer(v))
		}))
	})
}

// isAdded reports whether Add comes before the go statement of t.
func (p *prover) isAdded(t *thread, e *end) bool {
	for i := range flow.Instructions(t.stmt.Parent()) {
		c, ok := i.(*ssa.Call)
		if !ok || c.Call.StaticCallee() == nil || c.Call.StaticCallee().String() != "(*sync.WaitGroup).Add" {
			continue
		}
		if dominates(c, t.stmt) && p.origin(c.Call.Args[0]).key() == e.at.key() {
			return true
		}
	}
	return false
}

// steady reports whether what is loaded on the way of x is never changed once it is known to others.
func (p *prover) steady(x *path) bool {
	for _, s := range x.steps {
		if s.kind != stepLoad {
			continue
		}
		load, ok := s.v.(*ssa.UnOp)
		if !ok {
			return false
		}
		for l := range p.Pointer(load.X).Labels() {
			if !p.frozen(l.Object, l.Field) {
				return false
			}
		}
	}
	return true
}

func elem(t types.Type) types.Type {
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return u.Elem()
	case *types.Slice:
		return u.Elem()
	}
	return t
}

// holdsPointers reports whether a value of type t may lead to other memory.
func holdsPointers(t types.Type) bool { return pointsto.HoldsPointers(t) }
