package placement

import (
	"fmt"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
)

// This file has the rule "order": what comes before the go statement, or after the end of the goroutine.
//
// Exposed to a thread is what the goroutine that starts it may do from there on, until it has waited for its end. What is not exposed comes before
// the go statement, or after the end: either way it is ordered. Two threads that one goroutine starts are ordered if neither go statement is exposed to
// the other thread.

// ordered reports whether a, in a goroutine of s (or one that it starts, in), is ordered with b, in a goroutine of t, whichever these are.
func (p *prover) ordered(s *thread, a *access, t *thread, b *access) bool {
	return p.orderedBySite(s, a, t, b) || p.orderedByMain(s, a, t, b)
}

// orderedByMain looks at all that main may do.
func (p *prover) orderedByMain(s *thread, a *access, t *thread, b *access) bool {
	if t == p.foreign {
		return false
	}
	from, ok := p.points(s)
	if !ok {
		return false
	}
	to, ok := p.points(t)
	if !ok && t != p.main {
		return false
	}
	for _, x := range from {
		e := p.exposed(x, p.covering(x, a))
		if t == p.main {
			if e.has(b) {
				return false
			}
			continue
		}
		for _, y := range to {
			if x == y && !(x == s && s == t) { // one goroutine may lead to both
				return false
			}
			if e.executes(y.at) || p.exposed(y, p.covering(y, b)).executes(x.at) {
				return false
			}
		}
	}
	return true
}

// points lists the threads that main starts and that are t, or lead to it. ok is false if not only main does.
func (p *prover) points(t *thread) (out []*thread, ok bool) {
	if t == p.main {
		return nil, false
	}
	if p.foreign.starts[t] {
		return nil, false
	}
	for _, x := range p.threads {
		if x.stmt != nil && p.main.fns[x.at.Parent()] && (x == t || x.starts[t]) {
			out = append(out, x)
		}
	}
	return out, len(out) > 0
}

// orderedBySite looks at the activation that starts s: both accesses are to memory that it has made.
func (p *prover) orderedBySite(s *thread, a *access, t *thread, b *access) bool {
	if a.Value == nil || b.Value == nil || a.Callee != nil && !p.shallow(a) || b.Callee != nil && !p.shallow(b) {
		return false
	}
	pa, pb := p.origin(a.Value), p.origin(b.Value)
	if pa.root != pb.root || !pa.isFresh() || pa.loads() || pb.loads() || pa.frame() != s.at.Parent() || !p.crosses(s, pa) {
		return false
	}
	root := pa.root.(ssa.Instruction)
	cut := func(x *thread, a *access, again bool) (stop func(*ssa.BasicBlock) bool, cut func(ssa.Instruction) bool) {
		ends := p.alive(x.at, p.covering(x, a))
		return entered(ends), func(i ssa.Instruction) bool { return again && i == root || p.waits(i, ends) }
	}
	if t.stmt != nil && t.at.Parent() == s.at.Parent() && t.has(b.fn) && p.crosses(t, pb) {
		stopS, cutS := cut(s, a, takesLast(t.at))
		stopT, cutT := cut(t, b, takesLast(s.at))
		return !leadsUntil(s.at, t.at, stopS, cutS) && !leadsUntil(t.at, s.at, stopT, cutT)
	}
	site := p.siteIn(pa.frame(), b)
	if site == nil || t.crossesAny(pb) {
		return false
	}
	stop, until := cut(s, a, b.fn == pa.frame())
	return !p.leadsTo(s.at, site, stop, until)
}

// takesLast reports whether what go statement c gives is what was made last, not something that was kept: closures that are made there.
func takesLast(c ssa.CallInstruction) bool {
	for _, x := range append([]ssa.Value{c.Common().Value}, c.Common().Args...) {
		_, load := x.(*ssa.UnOp)
		if _, ok := x.Type().Underlying().(*types.Signature); ok && load {
			return false
		}
	}
	return true
}

// alive lists those of ends that cannot be those of another WaitGroup or channel, made in the same place after i, before they were waited for.
func (p *prover) alive(i ssa.Instruction, ends []*end) []*end {
	return slices.DeleteFunc(slices.Clone(ends), func(e *end) bool {
		root, ok := e.at.root.(ssa.Instruction)
		return ok && root.Parent() == i.Parent() && leadsUntil(i, root, entered([]*end{e}), func(i ssa.Instruction) bool { return p.waits(i, []*end{e}) })
	})
}

// shallow reports whether the library function of a only touches what its argument itself points to.
func (p *prover) shallow(a *access) bool {
	t := elem(a.Value.Type())
	return !holdsPointers(t) || library.SelfContained(t)
}

// crosses reports whether path x, of something in a goroutine of s, comes from the function that starts it.
func (p *prover) crosses(s *thread, x *path) bool {
	if given := p.givenTo(s); given != nil && slices.Contains(x.via, given) {
		return true
	}
	return s.crossesAny(x)
}

func (t *thread) crossesAny(x *path) bool {
	return slices.ContainsFunc(x.via, func(fn *ssa.Function) bool { return slices.Contains(t.begin, fn) })
}

// siteIn returns the instruction of fn in which b happens, nil if that is not known.
func (p *prover) siteIn(fn *ssa.Function, b *access) ssa.Instruction {
	i := b.Instr
	for depth := 0; i.Parent() != fn; depth++ {
		sites, known := p.callers(i.Parent())
		if !known || len(sites) != 1 || depth > 10 {
			return nil
		}
		if _, ok := sites[0].(*ssa.Go); ok {
			return nil
		}
		i = sites[0]
	}
	return i
}

// leadsTo is leads to an access; a deferred call happens when the function returns.
func (p *prover) leadsTo(from, to ssa.Instruction, stop func(*ssa.BasicBlock) bool, cut func(ssa.Instruction) bool) bool {
	fn := from.Parent()
	if p.recovers(fn) {
		return true
	}
	if _, ok := to.(*ssa.Defer); !ok {
		return leadsUntil(from, to, stop, cut)
	}
	found := false
	walkUntil(from.Block(), indexOf(from)+1, stop, func(i ssa.Instruction) bool {
		_, end := i.(*ssa.RunDefers)
		found = found || end
		return !cut(i)
	})
	return found
}

// recovers reports whether fn may go on after a panic: some deferred call of it recovers. Then it may return from anywhere.
func (p *prover) recovers(fn *ssa.Function) bool {
	for i := range flow.Instructions(fn) {
		d, ok := i.(*ssa.Defer)
		if !ok {
			continue
		}
		own, _ := p.calls(d)
		for _, callee := range own {
			if hasRecover(callee) {
				return true
			}
		}
	}
	return false
}

func hasRecover(fn *ssa.Function) bool {
	for i := range flow.Instructions(fn) {
		if c, ok := i.(ssa.CallInstruction); ok && isBuiltin(c, "recover") {
			return true
		}
	}
	return false
}

// An exposure is what main may do after a go statement, until it has waited.
type exposure struct {
	all     bool // nobody knows
	seen    map[ssa.Instruction]bool
	ended   map[*ssa.Function]bool // whose deferred calls are among it
	entered map[string]bool
}

func (e *exposure) executes(i ssa.Instruction) bool { return e.all || e.seen[i] }

func (e *exposure) has(a *access) bool {
	if _, ok := a.Instr.(*ssa.Defer); ok {
		return e.all || e.ended[a.fn]
	}
	return e.executes(a.Instr)
}

// exposed finds what main may do after it has started t, until it has waited for one of ends.
func (p *prover) exposed(t *thread, ends []*end) *exposure {
	key := fmt.Sprintf("%p", t)
	for _, e := range ends {
		key += " " + e.key()
	}
	e := p.exposures[key]
	if e == nil {
		e = &exposure{seen: map[ssa.Instruction]bool{}, ended: map[*ssa.Function]bool{}, entered: map[string]bool{}}
		p.exposures[key] = e
		if t.stmt == t.at {
			p.after(e, t.stmt, ends, nil)
		} else {
			p.after(e, t.stmt, ends, t.at)
		}
	}
	return e
}

// after adds what comes after i, in its function and, when that returns, in its callers: only back, if it is given.
func (p *prover) after(e *exposure, i ssa.Instruction, ends []*end, back ssa.CallInstruction) {
	ends = p.alive(i, ends)
	if e.all || !e.enter(i, ends) {
		return
	}
	fn := i.Parent()
	returns := p.recovers(fn)
	walkUntil(i.Block(), indexOf(i)+1, entered(ends), func(i ssa.Instruction) bool {
		on := p.expose(e, i, ends)
		if _, ok := i.(*ssa.Return); ok && on {
			returns = true
		}
		return on
	})
	if !returns {
		return
	}
	sites, known := p.callers(fn)
	if isRoot(fn) {
		e.all = e.all || fn.Synthetic == "package initializer" || len(sites) > 0 // then main begins, or goes on
		return
	}
	if back != nil {
		sites, known = []ssa.CallInstruction{back}, true
	}
	if !known {
		e.all = true
		return
	}
	for _, c := range sites {
		switch c.(type) {
		case *ssa.Go: // another goroutine, which is at its end
		case *ssa.Defer:
			e.all = true
		default:
			if p.main.fns[c.Parent()] {
				p.after(e, c, outwards(p, ends, fn, c), nil)
			}
		}
	}
}

// enter reports whether this is new.
func (e *exposure) enter(i ssa.Instruction, ends []*end) bool {
	var b strings.Builder
	fmt.Fprintf(&b, "%p", i)
	for _, x := range ends {
		b.WriteString(" " + x.key())
	}
	if e.entered[b.String()] {
		return false
	}
	e.entered[b.String()] = true
	return true
}

// expose adds i, and what it calls. It reports false if main has waited then.
func (p *prover) expose(e *exposure, i ssa.Instruction, ends []*end) bool {
	e.seen[i] = true
	switch i := i.(type) {
	case *ssa.RunDefers:
		e.ended[i.Parent()] = true
		for d := range flow.Instructions(i.Parent()) {
			if d, ok := d.(*ssa.Defer); ok {
				p.inside(e, d, ends)
			}
		}
	case *ssa.Call:
		if isSpawn(i) {
			return true
		}
		p.inside(e, i, ends)
	}
	return !p.waits(i, ends)
}

// inside adds what call c executes.
func (p *prover) inside(e *exposure, c ssa.CallInstruction, ends []*end) {
	if e.all {
		return
	}
	for _, fn := range p.executes(c).here {
		if len(fn.Blocks) == 0 {
			continue
		}
		in := inwards(p, ends, fn, c)
		if e.enter(fn.Blocks[0].Instrs[0], in) {
			walkAll(fn, func(i ssa.Instruction) bool { return p.expose(e, i, in) })
		}
	}
}
