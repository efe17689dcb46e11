package leak

import (
	"go/token"
	"go/types"
	"maps"
	"strconv"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/vet"
)

// This file finds locks that are taken while the same goroutine holds them: by a forward analysis of what is held on all ways.
//
//	c.mu.Lock()
//	c.mu.Lock()             again, or
//	c.get()                 which begins with c.mu.Lock()
//
// A call of a function of the package may unlock, and so may another goroutine while this one waits for a channel: nothing is held after that.

// A lock is a mutex: a field, by its indices, of what a value points to.
type lock struct {
	base ssa.Value
	path string
}

// A lockCall takes a lock.
type lockCall struct {
	at   ssa.CallInstruction
	read bool // RLock
}

// lockOf is the lock at an address.
func lockOf(v ssa.Value) lock {
	path := ""
	for {
		f, ok := v.(*ssa.FieldAddr)
		if !ok {
			return lock{v, path}
		}
		path = "." + strconv.Itoa(f.Field) + path
		v = f.X
	}
}

// takes says which lock a call takes.
func takes(c ssa.CallInstruction) (l lock, call lockCall, ok bool) {
	if _, plain := c.(*ssa.Call); !plain {
		return lock{}, lockCall{}, false
	}
	switch flow.Callee(c.Common()) {
	case "(*sync.Mutex).Lock", "(*sync.RWMutex).Lock":
		return lockOf(c.Common().Args[0]), lockCall{c, false}, true
	case "(*sync.RWMutex).RLock":
		return lockOf(c.Common().Args[0]), lockCall{c, true}, true
	}
	return lock{}, lockCall{}, false
}

type held map[lock]lockCall

// relock reports the locks that fn takes while it holds them.
func (p *pass) relock(fn *ssa.Function) {
	in := make([]held, len(fn.Blocks)) // nil: not come to yet
	if len(fn.Blocks) == 0 {
		return
	}
	in[0] = held{}
	for more := true; more; {
		more = false
		for _, b := range fn.Blocks {
			if in[b.Index] == nil {
				continue
			}
			out := maps.Clone(in[b.Index])
			for _, i := range b.Instrs {
				p.step(out, i, false)
			}
			for _, s := range b.Succs {
				more = meet(&in[s.Index], out) || more
			}
		}
	}
	for _, b := range fn.Blocks {
		for _, i := range b.Instrs {
			if in[b.Index] != nil {
				p.step(in[b.Index], i, true)
			}
		}
	}
}

// meet leaves in *to what is held in from as well, and reports whether that is something else.
func meet(to *held, from held) bool {
	if *to == nil {
		*to = maps.Clone(from)
		return true
	}
	before := len(*to)
	maps.DeleteFunc(*to, func(l lock, _ lockCall) bool { _, ok := from[l]; return !ok })
	return len(*to) != before
}

// step executes i.
func (p *pass) step(h held, i ssa.Instruction, report bool) {
	switch i := i.(type) {
	case *ssa.Send, *ssa.Select, *ssa.Go:
		clear(h)
	case *ssa.UnOp:
		if i.Op == token.ARROW {
			clear(h)
		}
	case *ssa.Call:
		if l, c, ok := takes(i); ok {
			p.taken(h, l, c, lockCall{}, report)
			h[l] = c
			return
		}
		p.callee(h, i, report)
	}
}

// taken reports that lock l is taken by c, in a function that is called at via if that is one, though it is held.
func (p *pass) taken(h held, l lock, c, via lockCall, report bool) {
	before, ok := h[l]
	if !ok || !report || before.read && c.read {
		return
	}
	f := vet.Finding{
		Pos: c.at.Pos(), What: "a lock is taken that this goroutine holds since " + p.at(before.at.Pos()),
		Why: forever, Do: "unlock it before, or do not lock it here",
	}
	if via.at != nil {
		f.Pos = via.at.Pos()
		f.What = via.at.Common().StaticCallee().RelString(p.Pkg) + " takes a lock (" + p.at(c.at.Pos()) + ") that this goroutine holds since " + p.at(before.at.Pos())
		f.Do = "unlock it before the call, or call a function that does not lock"
	}
	p.report(f)
}

// callee executes the call of a function that takes no lock itself.
func (p *pass) callee(h held, c *ssa.Call, report bool) {
	callee := c.Call.StaticCallee()
	if _, ok := c.Call.Value.(*ssa.Builtin); ok {
		return
	}
	if callee != nil && callee.Pkg != nil && callee.Pkg.Pkg == p.Pkg {
		for l, at := range p.begins(callee) {
			if arg := parameter(callee, l.base); arg >= 0 {
				a := lockOf(c.Call.Args[arg])
				p.taken(h, lock{a.base, a.path + l.path}, at, lockCall{at: c}, report)
			} else if _, ok := l.base.(*ssa.Global); ok {
				p.taken(h, l, at, lockCall{at: c}, report)
			}
		}
	}
	if !p.quiet(c) {
		clear(h)
	}
}

func parameter(fn *ssa.Function, v ssa.Value) int {
	for n, q := range fn.Params {
		if q == v {
			return n
		}
	}
	return -1
}

// quiet reports whether a call cannot unlock what a function of the package has locked: it is of a function of another package, and is given no
// function.
func (p *pass) quiet(c *ssa.Call) bool {
	callee := c.Call.StaticCallee()
	if callee == nil || callee.Pkg == nil || callee.Pkg.Pkg == p.Pkg || callee.Pkg.Pkg.Path() == "sync" {
		return false
	}
	for _, a := range c.Call.Args {
		if _, ok := a.Type().Underlying().(*types.Signature); ok {
			return false
		}
	}
	return true
}

// begins is what fn locks in its first block, before anything that could unlock.
func (p *pass) begins(fn *ssa.Function) map[lock]lockCall {
	if known, ok := p.locks[fn]; ok || len(fn.Blocks) == 0 {
		return known
	}
	out := map[lock]lockCall{}
	p.locks[fn] = out
	for _, i := range fn.Blocks[0].Instrs {
		c, ok := i.(*ssa.Call)
		if !ok {
			continue
		}
		if l, at, ok := takes(c); ok {
			out[l] = at
		} else if _, ok := c.Call.Value.(*ssa.Builtin); !ok && !p.quiet(c) {
			break
		}
	}
	return out
}
