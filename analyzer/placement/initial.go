package placement

import (
	"go/token"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/pointsto"
)

// This file has the rule "initial": what the activation that makes memory does with it, before anything else can lead to it, is ordered with all else.
//
//	xs := []int{1, 2, 3}                   out := make([]int, 0, n)
//	go sum(xs, result)                     for ... { out = append(out, f(x)) }
//	                                       return out
//
// If all writes are initial the memory is frozen.

// frozen reports whether all writes to a field of o are initial.
func (p *prover) frozen(o *pointsto.Object, field int) bool {
	l := label{o, field}
	if yes, ok := p.frozenIn[l]; ok {
		return yes
	}
	yes := true
	for _, w := range p.accesses[o] {
		if !w.write || !p.meets(w, o, field) {
			continue
		}
		if !p.initial(w, o) {
			yes = false
			break
		}
	}
	p.frozenIn[l] = yes
	return yes
}

// meets reports whether a may be to that field of o.
func (p *prover) meets(a *access, o *pointsto.Object, field int) bool {
	for _, f := range p.fields[a][o] {
		if f == field || f == whole || field == whole {
			return true
		}
	}
	return false
}

// initial reports whether w is to o before anything but its activation knows o.
func (p *prover) initial(w *access, o *pointsto.Object) bool {
	k := accessTo{w, o}
	yes, ok := p.early[k]
	if !ok {
		yes = p.isInitial(w, o)
		p.early[k] = yes
	}
	return yes
}

type accessTo struct {
	a *access
	o *pointsto.Object
}

func (p *prover) isInitial(w *access, o *pointsto.Object) bool {
	site, ok := o.Site.(ssa.Instruction)
	if !ok || w.Value == nil || o.Lib != nil || w.fn != site.Parent() || w.Kept {
		return false
	}
	if _, ok := w.Instr.(*ssa.Call); w.Callee != nil && !ok {
		return false
	}
	if !p.madeHere(w.Value, o, map[ssa.Value]bool{}) {
		return false
	}
	if w.Callee != nil && !p.shallow(w) && p.leadsOnTo(w.Value, o) {
		return false
	}
	last := p.origin(w.Value).root == o.Site // not one that was made earlier in the same place
	for _, i := range p.escapes(o.Site) {
		if i == w.Instr && !again(i) {
			continue
		}
		if leads(i, w.Instr, func(i ssa.Instruction) bool { return last && i == site }) {
			return false
		}
	}
	return true
}

// madeHere reports whether v, of a function that makes o, leads to what the same activation has made, if it leads to o.
func (p *prover) madeHere(v ssa.Value, o *pointsto.Object, seen map[ssa.Value]bool) bool {
	if seen[v] || !p.leadsToObject(v, o) {
		return true
	}
	seen[v] = true
	if v == o.Site {
		if c, ok := v.(*ssa.Call); ok && isBuiltin(c, "append") { // or what it appends to
			return p.madeHere(c.Call.Args[0], o, seen)
		}
		return true
	}
	switch v := v.(type) {
	case *ssa.FieldAddr:
		return p.madeHere(v.X, o, seen)
	case *ssa.IndexAddr:
		return p.madeHere(v.X, o, seen)
	case *ssa.Slice:
		return p.madeHere(v.X, o, seen)
	case *ssa.ChangeType:
		return p.madeHere(v.X, o, seen)
	case *ssa.MakeInterface:
		return p.madeHere(v.X, o, seen)
	case *ssa.Phi:
		for _, e := range v.Edges {
			if !p.madeHere(e, o, seen) {
				return false
			}
		}
		return true
	case *ssa.Call:
		return isBuiltin(v, "append") && p.madeHere(v.Call.Args[0], o, seen)
	case *ssa.UnOp:
		a, ok := v.X.(*ssa.Alloc)
		if !ok || v.Op != token.MUL {
			return false
		}
		x := p.variable(a)
		if !x.plain() {
			return false
		}
		for _, st := range x.stores {
			if st.Parent() != a.Parent() || !p.madeHere(st.Val, o, seen) {
				return false
			}
		}
		return true
	}
	return false
}

func (p *prover) leadsToObject(v ssa.Value, o *pointsto.Object) bool {
	if _, ok := v.(*ssa.Const); ok {
		return false
	}
	for l := range p.Pointer(v).Labels() {
		if l.Object == o {
			return true
		}
	}
	return false
}

// leadsOnTo reports whether what v leads to leads to o: to one that was made earlier, perhaps.
func (p *prover) leadsOnTo(v ssa.Value, o *pointsto.Object) bool {
	return slices.ContainsFunc(p.Reachable(p.Pointer(v).PointsTo()...), func(x *pointsto.Object) bool { return slices.Contains(p.Contents(x), o) })
}

// escapes lists the instructions of its function with which what v is becomes known to others.
func (p *prover) escapes(v ssa.Value) []ssa.Instruction {
	out, ok := p.escaping[v]
	if !ok {
		p.escaping[v] = nil // of what is stored in itself
		out = p.findEscapes(v)
		p.escaping[v] = out
	}
	return out
}

func (p *prover) findEscapes(root ssa.Value) []ssa.Instruction {
	var out []ssa.Instruction
	seen := map[ssa.Value]bool{}
	var follow func(ssa.Value)
	follow = func(v ssa.Value) {
		if seen[v] || v.Referrers() == nil {
			return
		}
		seen[v] = true
		for _, r := range *v.Referrers() {
			switch r := r.(type) {
			case *ssa.DebugRef, *ssa.If, *ssa.BinOp, *ssa.RunDefers:
			case *ssa.Store:
				if r.Val != v {
					continue
				}
				to := p.localRoot(r.Addr)
				if to == nil || slices.ContainsFunc(p.escapes(to), func(i ssa.Instruction) bool { return leads(i, r, nil) }) {
					out = append(out, r) // others may have that already
				}
				if to != nil {
					follow(to)
				}
			case *ssa.UnOp:
				if holdsPointers(r.Type()) {
					follow(r)
				}
			case *ssa.Call:
				switch callee := r.Call.StaticCallee(); {
				case isBuiltin(r, "append"):
					if len(r.Call.Args) > 1 && r.Call.Args[1] == v {
						if !holdsPointers(elem(v.Type())) {
							continue // its elements are copied
						}
						into, ok := p.appendedTo(r)
						if !ok {
							out = append(out, r)
						}
						for _, v := range into {
							follow(v)
						}
					}
					follow(r)
				case isAnyBuiltin(r):
					if isBuiltin(r, "copy") && holdsPointers(elem(v.Type())) {
						out = append(out, r)
					}
				case callee != nil && !p.Points.Analysed(callee) && callsOnly(&p.model, callee):
					if p.passesOn(r, callee, root) {
						out = append(out, r)
					}
					if holdsPointers(r.Type()) {
						follow(r)
					}
				default:
					out = append(out, r)
				}
			case *ssa.FieldAddr, *ssa.IndexAddr, *ssa.Slice, *ssa.ChangeType, *ssa.ChangeInterface, *ssa.MakeInterface, *ssa.Phi, *ssa.TypeAssert,
				*ssa.Extract, *ssa.Field, *ssa.Index, *ssa.Convert, *ssa.SliceToArrayPointer, *ssa.Range, *ssa.Next, *ssa.Lookup:
				if x := r.(ssa.Value); holdsPointers(x.Type()) {
					follow(x)
				}
			default: // sent, returned, captured, put into a map, given to a goroutine, ...
				out = append(out, r)
			}
		}
	}
	follow(root)
	return out
}

// appendedTo lists the memory that append r may put elements into. ok is false if others may have made it.
func (p *prover) appendedTo(r *ssa.Call) (into []ssa.Value, ok bool) {
	to := r.Call.Args[0]
	if _, ok := to.(*ssa.Const); ok {
		return nil, true
	}
	for _, o := range p.Pointer(to).PointsTo() {
		site, ok := o.Site.(ssa.Instruction)
		if !ok || o.Lib != nil || site.Parent() != r.Parent() || !p.madeHere(to, o, map[ssa.Value]bool{}) {
			return nil, false
		}
		into = append(into, o.Site)
	}
	return into, true
}

// passesOn reports whether library function callee, which keeps nothing, may put what leads to the memory of root elsewhere: into other memory that
// it is given, or by a function of the program that it calls.
func (p *prover) passesOn(c *ssa.Call, callee *ssa.Function, root ssa.Value) bool {
	if e := p.model.Effect(callee); e.Stores && e.Shallow && !e.Apart {
		return true
	}
	x := p.executes(c)
	for _, fn := range slices.Concat(x.here, x.elsewhere) {
		for _, v := range fn.Params {
			if holdsPointers(v.Type()) && p.lets(v) && p.leadsToMemory(v, root) {
				return true
			}
		}
	}
	return false
}

// lets reports whether what parameter v leads to may become known to others by its function.
func (p *prover) lets(v *ssa.Parameter) bool {
	yes, ok := p.letting[v]
	if !ok {
		p.letting[v] = true // if it calls itself
		yes = len(p.escapes(v)) > 0
		p.letting[v] = yes
	}
	return yes
}

// leadsToMemory reports whether v leads to memory that is made at root, or that a root which makes none leads to.
func (p *prover) leadsToMemory(v, root ssa.Value) bool {
	objects := p.Pointer(root).PointsTo()
	if own := slices.DeleteFunc(slices.Clone(objects), func(o *pointsto.Object) bool { return o.Site != root }); len(own) > 0 {
		objects = own
	} else {
		objects = p.Reachable(objects...)
	}
	return slices.ContainsFunc(objects, func(o *pointsto.Object) bool { return p.leadsToObject(v, o) })
}

func isAnyBuiltin(c ssa.CallInstruction) bool {
	_, ok := c.Common().Value.(*ssa.Builtin)
	return ok
}

// localRoot returns the variable or memory, made in its function, that addr is in.
func (p *prover) localRoot(addr ssa.Value) ssa.Value {
	for {
		switch a := addr.(type) {
		case *ssa.Alloc:
			return a
		case *ssa.FieldAddr:
			addr = a.X
		case *ssa.IndexAddr:
			addr = a.X
		case *ssa.MakeSlice:
			return a
		default:
			return nil
		}
	}
}
