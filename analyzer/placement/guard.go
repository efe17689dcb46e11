package placement

import (
	"fmt"
	"go/types"
	"maps"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/pointsto"
)

// This file has the rule "guard": both accesses are made with the same lock held, not both for reading.
//
//	mu.Lock(); m[k]++; mu.Unlock()         c.mu.RLock(); v := c.m[k]; c.mu.RUnlock()         once.Do(func() { table = load() }); use(table)
//
// What a Once calls is as if it held a lock, and what comes after a Do as if it held that for reading.
//
// A lock is the same for both if there is one only; if both are fields of one struct, or the memory is led to by such a field and by nothing else; if the activation
// that makes the memory makes the lock. In a function
// is held what is locked on every path there, and what all of its callers hold.

// A lock is one that is held.
type lock struct {
	at      *path
	addr    ssa.Value
	reading bool
}

type lockset map[string]lock // by path

// held says what is held in a function.
type held struct {
	entry lockset
	in    map[*ssa.BasicBlock]lockset // nil: not reached
}

// lockCall tells what a call does to locks.
func lockCall(c ssa.CallInstruction) (locks, unlocks, reading, once bool) {
	fn := c.Common().StaticCallee()
	if fn == nil {
		return false, false, false, false
	}
	switch fn.String() {
	case "(*sync.Mutex).Lock", "(*sync.RWMutex).Lock":
		return true, false, false, false
	case "(*sync.RWMutex).RLock":
		return true, false, true, false
	case "(*sync.Mutex).Unlock", "(*sync.RWMutex).Unlock", "(*sync.RWMutex).RUnlock":
		return false, true, false, false
	case "(*sync.Once).Do":
		return true, false, true, true
	}
	return false, false, false, false
}

// locked tells what is held in fn.
func (p *prover) locked(fn *ssa.Function) *held {
	if h := p.locks[fn]; h != nil {
		return h
	}
	h := &held{entry: lockset{}, in: map[*ssa.BasicBlock]lockset{}}
	p.locks[fn] = h // nothing is known to be held of what calls itself
	h = &held{entry: p.lockedAtEntry(fn), in: map[*ssa.BasicBlock]lockset{}}
	work := []*ssa.BasicBlock{}
	if len(fn.Blocks) > 0 {
		h.in[fn.Blocks[0]] = h.entry
		work = append(work, fn.Blocks[0])
	}
	for len(work) > 0 {
		b := work[len(work)-1]
		work = work[:len(work)-1]
		now := maps.Clone(h.in[b])
		for _, i := range b.Instrs {
			p.pass(now, i)
		}
		for _, next := range b.Succs {
			old, seen := h.in[next]
			both := meet(old, now)
			if !seen {
				both = maps.Clone(now)
			}
			if !seen || len(both) < len(old) {
				h.in[next] = both
				work = append(work, next)
			}
		}
	}
	p.locks[fn] = h
	return h
}

// meet is what is in both.
func meet(a, b lockset) lockset {
	out := lockset{}
	for k, l := range a {
		if x, ok := b[k]; ok {
			l.reading = l.reading || x.reading
			out[k] = l
		}
	}
	return out
}

// pass changes what is held by instruction i.
func (p *prover) pass(now lockset, i ssa.Instruction) {
	switch i := i.(type) {
	case *ssa.RunDefers: // they unlock, mostly
		clear(now)
	case *ssa.Call:
		locks, unlocks, reading, _ := lockCall(i)
		switch {
		case locks:
			l := lock{p.origin(i.Call.Args[0]), i.Call.Args[0], reading}
			now[l.at.key()] = l
		case unlocks:
			p.unlock(now, i.Call.Args[0])
		default:
			if _, ok := i.Call.Value.(*ssa.Builtin); !ok && len(now) > 0 {
				for addr := range p.mayUnlock(i) {
					p.unlock(now, addr)
				}
			}
		}
	}
}

// unlock removes what addr may be.
func (p *prover) unlock(now lockset, addr ssa.Value) {
	key := p.origin(addr).key()
	for k, l := range now {
		if k == key || p.Pointer(addr).MayAlias(p.Pointer(l.addr)) {
			delete(now, k)
		}
	}
}

// mayUnlock lists what call c unlocks. What a function has locked itself does not count: it would have waited for ever.
func (p *prover) mayUnlock(c ssa.CallInstruction) map[ssa.Value]bool {
	out, seen := map[ssa.Value]bool{}, map[*ssa.Function]bool{}
	work := p.executes(c).here
	if c.Common().IsInvoke() && c.Common().Method.Name() == "Unlock" || c.Common().IsInvoke() && c.Common().Method.Name() == "RUnlock" {
		out[c.Common().Value] = true
	}
	for len(work) > 0 {
		fn := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[fn] {
			continue
		}
		seen[fn] = true
		own := map[string]bool{}
		for i := range flow.Instructions(fn) {
			if c, ok := i.(ssa.CallInstruction); ok {
				if locks, _, _, once := lockCall(c); locks && !once {
					own[p.origin(c.Common().Args[0]).key()] = true
				}
			}
		}
		for i := range flow.Instructions(fn) {
			c, ok := i.(ssa.CallInstruction)
			if !ok || isSpawn(c) {
				continue
			}
			if _, unlocks, _, _ := lockCall(c); unlocks && !own[p.origin(c.Common().Args[0]).key()] {
				out[c.Common().Args[0]] = true
			}
			work = append(work, p.executes(c).here...)
		}
	}
	return out
}

// lockedAtEntry is what all callers of fn hold.
func (p *prover) lockedAtEntry(fn *ssa.Function) lockset {
	if isRoot(fn) {
		return lockset{}
	}
	if once := p.onceOf(fn); once != nil {
		l := lock{p.origin(once), once, false}
		return lockset{l.at.key(): l}
	}
	sites, known := p.callers(fn)
	if !known {
		return lockset{}
	}
	var all lockset
	for _, c := range sites {
		if _, ok := c.(*ssa.Call); !ok || isSpawn(c) {
			return lockset{}
		}
		now := lockset{}
		for _, l := range p.lockedAt(c) {
			at := l.at
			if !c.Common().IsInvoke() && len(c.Common().Args) == len(fn.Params) {
				for k, arg := range c.Common().Args {
					if rest, ok := l.at.under(p.origin(arg)); ok && len(sites) > 1 {
						at = &path{root: fn.Params[k], steps: rest}
						break
					}
				}
			}
			now[at.key()] = lock{at, l.addr, l.reading}
		}
		if all == nil {
			all = now
		} else {
			all = meet(all, now)
		}
	}
	if all == nil {
		all = lockset{}
	}
	return all
}

// onceOf returns the Once that calls fn, if nothing else does.
func (p *prover) onceOf(fn *ssa.Function) ssa.Value {
	if fn.Parent() == nil {
		return nil
	}
	m := p.madeBy(fn)
	if m == nil || len(*m.Referrers()) != 1 {
		return nil
	}
	c, ok := (*m.Referrers())[0].(*ssa.Call)
	if !ok {
		return nil
	}
	if _, _, _, once := lockCall(c); !once {
		return nil
	}
	return c.Call.Args[0]
}

// lockedAt is what is held when i is executed.
func (p *prover) lockedAt(i ssa.Instruction) lockset {
	in := p.locked(i.Parent()).in[i.Block()]
	if _, ok := i.(*ssa.Defer); ok || in == nil {
		return lockset{}
	}
	now := maps.Clone(in)
	for _, x := range i.Block().Instrs {
		if x == i {
			break
		}
		p.pass(now, x)
	}
	return now
}

// guarded reports whether a and b, to o, are made with the same lock held.
func (p *prover) guarded(a, b *access, o *pointsto.Object) bool {
	names := p.lockNames(a, o)
	for name, reading := range p.lockNames(b, o) {
		if r, ok := names[name]; ok && !(r && reading) {
			return true
		}
	}
	return false
}

// lockNames names the locks that are held at a, so that equal names are equal locks if the memory is the same.
func (p *prover) lockNames(a *access, o *pointsto.Object) map[string]bool {
	out := map[string]bool{}
	add := func(name string, reading bool) {
		if r, ok := out[name]; ok {
			reading = reading && r
		}
		out[name] = reading
	}
	var at *path
	if a.Value != nil && (a.Callee == nil || p.shallow(a)) {
		at = p.origin(a.Value)
	}
	for _, l := range p.lockedAt(a.Instr) {
		if !p.steady(l.at) {
			continue
		}
		if name := p.onlyLock(l); name != "" {
			add(name, l.reading)
		}
		if at == nil {
			continue
		}
		if name := p.siblingLock(l, at); name != "" {
			add(name, l.reading)
		}
		if name := p.holderLock(l, at, o); name != "" {
			add(name, l.reading)
		}
		if name := p.frameLock(l, at); name != "" {
			add(name, l.reading)
		}
	}
	return out
}

// onlyLock names a lock of which there is one.
func (p *prover) onlyLock(l lock) string {
	name := ""
	for x := range p.Pointer(l.addr).Labels() {
		this := fmt.Sprintf("only %p %d", x.Object, x.Field)
		if name != "" && name != this || !p.single(x.Object) {
			return ""
		}
		name = this
	}
	return name
}

// single reports whether o is made once in the life of a run.
func (p *prover) single(o *pointsto.Object) bool {
	switch v := o.Site.(type) {
	case *ssa.Global:
		return !isMany(o.Type)
	case ssa.Instruction:
		return o.Lib == nil && !isMany(o.Type) && !again(v) && !p.often(v.Parent())
	}
	return false
}

// isMany reports whether memory of type t has several elements, which are one place for package pointsto.
func isMany(t types.Type) bool {
	if t == nil {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Slice, *types.Map:
		return true
	case *types.Array:
		return u.Len() != 1
	case *types.Struct:
		for f := range u.Fields() {
			if _, ok := f.Type().Underlying().(*types.Array); ok {
				return true
			}
		}
	}
	return false
}

// siblingLock names a lock by its place in the struct that the memory is in, too.
func (p *prover) siblingLock(l lock, at *path) string {
	for n := len(at.steps); n >= 0; n-- {
		if n < len(at.steps) && at.steps[n].kind == stepLoad {
			return ""
		}
		base := &path{root: at.root, steps: at.steps[:n]}
		rest, ok := l.at.under(base)
		if ok && len(rest) > 0 && onlyFields(rest) && n < len(at.steps) && at.steps[n].kind == stepField {
			return "sibling " + tail(rest) + " of " + tail(at.steps[n:])
		}
	}
	return ""
}

// holderLock names a lock by its place in the struct with the only pointer to o, through which the memory is reached.
func (p *prover) holderLock(l lock, at *path, o *pointsto.Object) string {
	n := len(at.steps) - 1
	for n >= 0 && at.steps[n].kind != stepLoad {
		n--
	}
	if n < 0 {
		return ""
	}
	for k := n - 1; k >= 0 && at.steps[k].kind == stepField; k-- {
		rest, ok := l.at.under(&path{root: at.root, steps: at.steps[:k]})
		if ok && len(rest) > 0 && onlyFields(rest) && p.heldOnce(o) {
			return "holder " + tail(rest) + " of " + tail(at.steps[k:n])
		}
	}
	return ""
}

// heldOnce reports whether each pointer to what o stands for is stored once, where it is made, in a struct, and not copied from there to other memory.
func (p *prover) heldOnce(o *pointsto.Object) bool {
	if yes, ok := p.onceHeld[o]; ok {
		return yes
	}
	yes := o.Site != nil && o.Lib == nil && !o.External && p.isHeldOnce(o)
	p.onceHeld[o] = yes
	return yes
}

func (p *prover) isHeldOnce(o *pointsto.Object) bool {
	var first *ssa.Store
	for _, r := range *o.Site.Referrers() {
		st, ok := r.(*ssa.Store)
		if _, debug := r.(*ssa.DebugRef); debug {
			continue
		}
		if !ok || st.Val != o.Site || first != nil || st.Block() != o.Site.(ssa.Instruction).Block() {
			return false
		}
		first = st
	}
	if first == nil {
		return false
	}
	for _, x := range p.holders(o) {
		a, ok := x.Site.(*ssa.Alloc)
		if !ok {
			return false
		}
		if _, ok := x.Type.Underlying().(*types.Struct); !ok && !p.isOwn(a) {
			return false
		}
	}
	literal, _ := p.localRoot(first.Addr).(*ssa.Alloc) // that is then copied as a whole
	var whole *ssa.Store
	for _, w := range p.Writes {
		st, ok := w.Instr.(*ssa.Store)
		if !ok || st == first || !holdsPointers(st.Val.Type()) || !p.leadsToObject(st.Val, o) {
			continue
		}
		if literal != nil && isLoadOf(st.Val, literal) && (whole == nil || whole == st) && st.Block() == first.Block() && p.isOwn(literal) {
			whole = st
			continue
		}
		if a, ok := st.Addr.(*ssa.Alloc); !ok || !p.isOwn(a) {
			return false
		}
	}
	return true
}

// holders lists the objects that have pointers to o.
func (p *prover) holders(o *pointsto.Object) []*pointsto.Object {
	if p.holding == nil {
		p.holding = map[*pointsto.Object][]*pointsto.Object{}
		for _, x := range p.Objects() {
			for _, y := range p.Contents(x) {
				p.holding[y] = append(p.holding[y], x)
			}
		}
	}
	return p.holding[o]
}

func onlyFields(steps []step) bool {
	for _, s := range steps {
		if s.kind != stepField {
			return false
		}
	}
	return true
}

// tail tells steps apart.
func tail(steps []step) string { return (&path{steps: steps}).key() }

// frameLock names a lock that the activation makes that makes the memory, once for it.
func (p *prover) frameLock(l lock, at *path) string {
	if !at.isFresh() || !l.at.isFresh() || at.loads() || l.at.loads() || at.frame() != l.at.frame() {
		return ""
	}
	made, lock := at.root.(ssa.Instruction), l.at.root.(ssa.Instruction)
	if leads(lock, lock, func(i ssa.Instruction) bool { return i == made }) {
		return ""
	}
	return "frame " + l.at.key()
}
