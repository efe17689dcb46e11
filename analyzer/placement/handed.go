package placement

import (
	"go/token"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/pointsto"
)

// This file has the rule "handed over": each function that gets a pointer gives it away at most once, and does not use it any more then, so that one
// goroutine has it at a time.
//
//	j := &job{in: 1}          for j := range jobs {
//	jobs <- j                     j.out = f(j.in)
//	done := <-results             results <- j
//	                          }
//
// A pointer is got by making what it points to, from a channel, as an argument, or as a result. It is given away by sending it, starting a goroutine with it, and
// returning it. It may be in variables of the function, structs included, but in no other memory.

// maxHanded bounds how many objects are looked at; each takes a walk through the program.
const maxHanded = 50

// handedOver reports whether pointers to o are.
func (p *prover) handedOver(o *pointsto.Object) bool {
	yes, ok := p.linearIn[o]
	if !ok {
		p.handing++
		yes = p.handing < maxHanded && o.Site != nil && o.Lib == nil && !o.External && !isGlobal(o.Site) && p.isHandedOver(o)
		p.linearIn[o] = yes
	}
	return yes
}

func (p *prover) isHandedOver(o *pointsto.Object) bool {
	for _, fn := range p.Funcs {
		if !p.handsOver(fn, o) {
			return false
		}
	}
	return true
}

// handsOver reports whether fn does not use pointers to o after it has given them away, and does not keep them.
func (p *prover) handsOver(fn *ssa.Function, o *pointsto.Object) bool {
	known := map[ssa.Value]bool{}
	for _, v := range p.got(fn, o) {
		u := &usage{p: p, of: o.Site, from: v, seen: known}
		u.follow(v)
		if u.kept || !u.inOrder() {
			return false
		}
	}
	for i := range flow.Instructions(fn) {
		if v, ok := i.(ssa.Value); ok && !known[v] && holdsPointers(v.Type()) && p.leadsToObject(v, o) {
			return false
		}
	}
	for _, v := range fn.FreeVars {
		if !known[v] && p.leadsToObject(v, o) {
			return false
		}
	}
	return true
}

// got lists the values by which fn gets pointers to o.
func (p *prover) got(fn *ssa.Function, o *pointsto.Object) []ssa.Value {
	var out []ssa.Value
	for _, v := range fn.Params {
		if holdsPointers(v.Type()) && p.leadsToObject(v, o) {
			out = append(out, v)
		}
	}
	for i := range flow.Instructions(fn) {
		switch v := i.(type) {
		case *ssa.UnOp:
			if v.Op != token.ARROW {
				continue
			}
		case *ssa.Select:
		case *ssa.Call:
			if isAnyBuiltin(v) && v != o.Site {
				continue
			}
		case ssa.Value:
			if v != o.Site {
				continue
			}
		default:
			continue
		}
		if v := i.(ssa.Value); holdsPointers(v.Type()) && (p.leadsToObject(v, o) || p.partLeadsTo(v, o)) {
			out = append(out, v)
		}
	}
	return out
}

// partLeadsTo reports whether one of several results leads to o.
func (p *prover) partLeadsTo(v ssa.Value, o *pointsto.Object) bool {
	c, ok := v.(*ssa.Call)
	return ok && c.Call.Signature().Results().Len() > 1 && slices.ContainsFunc(*c.Referrers(), func(r ssa.Instruction) bool {
		e, ok := r.(*ssa.Extract)
		return ok && p.leadsToObject(e, o)
	})
}

// usage is what a function does with what it has got.
type usage struct {
	p     *prover
	of    ssa.Value // what makes the memory, or leads to it
	from  ssa.Value
	seen  map[ssa.Value]bool
	mine  map[ssa.Value]bool
	uses  []ssa.Instruction // gives are among them
	gives []ssa.Instruction
	kept  bool
}

func (u *usage) follow(v ssa.Value) {
	if u.mine == nil {
		u.mine = map[ssa.Value]bool{}
	}
	if u.mine[v] || v.Referrers() == nil {
		return
	}
	u.mine[v], u.seen[v] = true, true
	for _, r := range *v.Referrers() {
		switch r := r.(type) {
		case *ssa.DebugRef, *ssa.If, *ssa.BinOp:
		case *ssa.Store:
			if r.Val != v {
				u.uses = append(u.uses, r)
				continue
			}
			to := u.p.localRoot(r.Addr)
			if a, ok := to.(*ssa.Alloc); !ok || !u.p.isOwn(a) {
				u.kept = true
				continue
			}
			u.follow(to)
		case *ssa.UnOp:
			if r.Op == token.MUL {
				u.uses = append(u.uses, r)
				if holdsPointers(r.Type()) {
					u.follow(r)
				}
			}
		case *ssa.MapUpdate:
			u.uses, u.kept = append(u.uses, r), u.kept || r.Key == v || r.Value == v
		case *ssa.Lookup, *ssa.Range, *ssa.Next:
			u.uses = append(u.uses, r)
			if x := r.(ssa.Value); holdsPointers(x.Type()) {
				u.follow(x)
			}
		case *ssa.Send:
			u.uses, u.gives, u.kept = append(u.uses, r), append(u.gives, r), u.kept || r.Chan == v && r.X == v
		case *ssa.Return, *ssa.Go, *ssa.Select:
			u.kept = u.kept || slices.Contains(u.gives, r)
			u.gives = append(u.gives, r)
		case *ssa.Call:
			u.call(r, v)
		case *ssa.FieldAddr, *ssa.IndexAddr, *ssa.ChangeType, *ssa.ChangeInterface, *ssa.MakeInterface, *ssa.TypeAssert, *ssa.Extract, *ssa.Field, *ssa.Slice, *ssa.Index:
			if x := r.(ssa.Value); holdsPointers(x.Type()) {
				u.follow(x)
			}
		default:
			u.kept = true
		}
	}
}

// call follows v into call c. A function that only uses it has borrowed it.
func (u *usage) call(c *ssa.Call, v ssa.Value) {
	u.kept = u.kept || slices.Contains(u.uses, ssa.Instruction(c)) // given twice
	u.uses = append(u.uses, c)
	if isAnyBuiltin(c) {
		emptied := (isBuiltin(c, "delete") || isBuiltin(c, "clear")) && c.Call.Args[0] == v && !slices.Contains(c.Call.Args[1:], v)
		u.kept = u.kept || !emptied && !isBuiltin(c, "len") && !isBuiltin(c, "cap") && !isBuiltin(c, "ssa:wrapnilchk")
		return
	}
	callee := c.Call.StaticCallee()
	if callee == nil {
		u.kept = true
		return
	}
	if !u.p.Points.Analysed(callee) {
		u.kept = u.kept || !callsOnly(&u.p.model, callee) || u.p.passesOn(c, callee, u.of)
		if holdsPointers(c.Type()) {
			u.follow(c)
		}
		return
	}
	if n := slices.Index(c.Call.Args, v); n < 0 || n >= len(callee.Params) || u.p.givesAway(callee, n) {
		u.gives = append(u.gives, c)
	}
}

// givesAway reports whether fn gives parameter n away.
func (p *prover) givesAway(fn *ssa.Function, n int) bool {
	k := paramOf{fn, n}
	if yes, ok := p.giving[k]; ok {
		return yes
	}
	p.giving[k] = true // if it calls itself
	u := &usage{p: p, of: fn.Params[n], from: fn.Params[n], seen: map[ssa.Value]bool{}}
	u.follow(fn.Params[n])
	p.giving[k] = u.kept || len(u.gives) > 0
	return p.giving[k]
}

type paramOf struct {
	fn *ssa.Function
	n  int
}

// isOwn reports whether variable a is of its function only.
func (p *prover) isOwn(a *ssa.Alloc) bool {
	return !p.variable(a).captured && !slices.ContainsFunc(*a.Referrers(), func(r ssa.Instruction) bool {
		switch r := r.(type) {
		case *ssa.Store:
			return r.Val == a
		case *ssa.UnOp, *ssa.FieldAddr, *ssa.IndexAddr, *ssa.Slice, *ssa.DebugRef, *ssa.Phi:
			return false
		}
		return true
	})
}

// inOrder reports whether what was got is not used after it was given away, before it is got again.
func (u *usage) inOrder() bool {
	from, _ := u.from.(ssa.Instruction)
	for _, g := range u.gives {
		for _, x := range append(u.uses, u.gives...) {
			if leads(g, x, func(i ssa.Instruction) bool { return i == from }) {
				return false
			}
		}
	}
	return true
}
