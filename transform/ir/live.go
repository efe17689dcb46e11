package ir

import (
	"go/types"
	"math/bits"
	"slices"
	"strconv"
)

// This file computes what each suspension point's frame must hold: backward liveness over the variables.
//
// A statement at a point is executed again on resumption, so its operands are live there. The arguments of a coloured call with a
// known callee are not: the callee takes them from its own frame.

type set []uint64

func newSet(n int) set    { return make(set, (n+63)/64) }
func (s set) add(i int)   { s[i/64] |= 1 << (i % 64) }
func (s set) del(i int)   { s[i/64] &^= 1 << (i % 64) }
func (s set) copyOf() set { return append(set(nil), s...) }
func (s set) each(f func(int)) {
	for w, x := range s {
		for x != 0 {
			i := bits.TrailingZeros64(x)
			f(w*64 + i)
			x &^= 1 << i
		}
	}
}

// union adds t to s and reports whether s grew.
func (s set) union(t set) bool {
	grew := false
	for i, x := range t {
		if s[i]|x != s[i] {
			s[i] |= x
			grew = true
		}
	}
	return grew
}

// all lists every variable a frame could hold.
func (f *Func) all() []*Var {
	var vs []*Var
	if f.Recv != nil {
		vs = append(vs, f.Recv)
	}
	if f.Env != nil {
		vs = append(vs, f.Env)
	}
	vs = append(vs, f.Params...)
	vs = append(vs, f.Results...)
	return append(vs, f.Vars...)
}

// uses adds the variables that e reads.
func uses(e *Expr, s set) {
	Walk(e, func(e *Expr) {
		if e.Op == OpVar {
			s.add(e.Var.Index)
		}
	})
}

// stored returns the variable that an assignment to place l replaces whole, or nil; what else l reads is added to s.
func stored(l *Expr, s set) *Var {
	if l == nil {
		return nil
	}
	if l.Op == OpVar {
		return l.Var
	}
	uses(l, s)
	return nil
}

// stmtOperands adds what executing s reads.
func stmtOperands(st *Stmt, s set) {
	for _, r := range st.R {
		uses(r, s)
	}
	for _, c := range st.Cases {
		uses(c.Chan, s)
		uses(c.Send, s)
		for _, l := range c.L {
			stored(l, s)
		}
	}
	for _, l := range st.L {
		stored(l, s)
	}
}

func (f *Func) liveBefore(st *Stmt, live set) {
	for _, l := range st.L {
		if v := stored(l, live); v != nil {
			live.del(v.Index)
		}
	}
	// What the cases of a select assign stays live: only the chosen case assigns.
	if st.Index != nil {
		live.del(st.Index.Index)
	}
	if st.Point != nil {
		at := live.copyOf()
		if st.Point.Args {
			stmtOperands(st, at)
		} else {
			calleeOperands(st, at)
		}
		f.addAlways(at)
		st.Point.Live = f.vars(at)
	}
	if st.Kind == Return {
		for _, b := range f.Boxes {
			uses(b, live)
		}
		if len(st.R) == 0 {
			for _, r := range f.Results {
				live.add(r.Index)
			}
		}
	}
	stmtOperands(st, live)
	f.addAlways(live)
}

// calleeOperands adds what a call needs to find its callee again: places it stores to, and a dynamic callee.
func calleeOperands(st *Stmt, s set) {
	for _, l := range st.L {
		stored(l, s)
	}
	if st.Dyn && len(st.R) > 0 {
		call := st.R[0]
		uses(call.Args[0], s)
		if len(call.Args) > 1 && receives(call) {
			uses(call.Args[1], s) // the receiver finds the method
		}
	}
}

// receives reports whether the first argument of call is, or may be, the receiver of a method expression: the code around the method
// looks into it before the method is resumed.
func receives(call *Expr) bool {
	if call.Args[0].Op == OpMethodVal {
		return false
	}
	return call.Args[0].Op == OpMethodExp || call.Args[1].Type == nil || types.NewMethodSet(call.Args[1].Type).Len() > 0
}

// addAlways adds what the epilogue of a function with deferred calls needs at any time.
func (f *Func) addAlways(s set) {
	if f.Defers != nil {
		s.add(f.Defers.Index)
	}
	if f.Coloured && f.HasDefer { // a panic that is recovered returns them as they are
		for _, b := range f.Boxes {
			uses(b, s)
		}
		for _, r := range f.Results {
			s.add(r.Index)
		}
	}
}

func (f *Func) vars(s set) []*Var {
	all := f.all()
	var out []*Var
	s.each(func(i int) { out = append(out, all[i]) })
	return out
}

// given picks from s what has a value when the function is called.
func (f *Func) given(s set) []*Var {
	var out []*Var
	for _, v := range f.vars(s) {
		if slices.Contains(f.Params, v) || v == f.Env || v == f.Recv || v == f.Raised || v == f.Defers && v.RT[0] == '*' {
			out = append(out, v)
		}
	}
	return out
}

// fillFrames numbers the variables and computes the live sets of all points.
func (f *Func) fillFrames() {
	all := f.all()
	for i, v := range all {
		v.Index = i
	}
	in := make(map[*Block]set, len(f.Blocks))
	for _, b := range f.Blocks {
		in[b] = newSet(len(all))
	}
	for changed := true; changed; {
		changed = false
		for i := len(f.Blocks) - 1; i >= 0; i-- {
			b := f.Blocks[i]
			live := newSet(len(all))
			for _, s := range b.Succs() {
				live.union(in[s])
			}
			for j := len(b.Stmts) - 1; j >= 0; j-- {
				f.liveBefore(b.Stmts[j], live)
			}
			if in[b].union(live) {
				changed = true
			}
		}
	}
	if f.Entry != nil {
		f.Entry.Live = f.given(in[f.Blocks[0]])
	}
	if f.RetPoint != nil {
		at := newSet(len(all))
		f.addAlways(at)
		for _, r := range f.Results {
			at.add(r.Index)
		}
		f.RetPoint.Live = f.vars(at)
	}
}

// protect keeps a suspended operation, which returns zero values, from overwriting a variable that its frame saves.
func (f *Func) protect() {
	for _, b := range f.Blocks {
		var out []*Stmt
		for _, s := range b.Stmts {
			out = append(out, s)
			if s.Point == nil {
				continue
			}
			saved := map[*Var]bool{}
			for _, v := range s.Point.Live {
				saved[v] = true
			}
			after := &Stmt{Kind: Assign, Pos: s.Pos}
			for i, l := range s.L {
				if l == nil || l.Op != OpVar || !saved[l.Var] {
					continue
				}
				t := &Var{Name: l.Var.Name + "_", Type: l.Var.Type, Read: true, Index: -1}
				for n := 2; f.named(t.Name); n++ {
					t.Name = l.Var.Name + "_" + strconv.Itoa(n)
				}
				f.Vars = append(f.Vars, t)
				after.L = append(after.L, l)
				after.R = append(after.R, V(t))
				s.L[i] = V(t)
			}
			if len(after.L) > 0 {
				out = append(out, after)
			}
		}
		b.Stmts = out
	}
}

func (f *Func) named(name string) bool {
	for _, v := range f.all() {
		if v.Name == name {
			return true
		}
	}
	return false
}

// dropUnread removes assignments to variables that nothing reads (Go refuses them), keeping the effects of the right sides.
func (f *Func) dropUnread() {
	for again := true; again; {
		again = false
		for _, v := range f.all() {
			v.Read = false
		}
		read := func(e *Expr) {
			Walk(e, func(e *Expr) {
				if e.Op == OpVar {
					e.Var.Read = true
				}
			})
		}
		for _, b := range f.Boxes {
			read(b)
		}
		place := func(l *Expr) {
			if l != nil && l.Op != OpVar {
				read(l)
			}
		}
		for _, b := range f.Blocks {
			for _, s := range b.Stmts {
				for _, r := range s.R {
					read(r)
				}
				for _, l := range s.L {
					place(l)
				}
				for _, c := range s.Cases {
					read(c.Chan)
					read(c.Send)
					place(c.L[0])
					place(c.L[1])
				}
				if s.Choose {
					s.Index.Read = true
				}
			}
		}
		if f.Defers != nil {
			f.Defers.Read = true
		}
		for _, r := range f.Results {
			r.Read = true
		}
		for _, b := range f.Blocks {
			kept := b.Stmts[:0]
			for _, s := range b.Stmts {
				dropped := dropLeft(s)
				again = again || dropped
				if s.Kind == Assign && len(s.L) == 1 && s.L[0] == nil && s.Point == nil && !s.R[0].Effect() {
					again = true
					continue
				}
				kept = append(kept, s)
			}
			b.Stmts = kept
		}
	}
	vs := f.Vars[:0]
	for _, v := range f.Vars {
		if v.Read {
			vs = append(vs, v)
		}
	}
	f.Vars = vs
}

// dropLeft turns unread left sides into blanks and reports whether any was found.
func dropLeft(s *Stmt) bool {
	found := false
	if s.Index != nil && !s.Index.Read {
		s.Index = nil // the cases of the select do the same
		found = true
	}
	for i, l := range s.L {
		// An assignment to a part of a variable that nothing else reads counts as a read of it, and stays.
		if l != nil && l.Op == OpVar && !l.Var.Read {
			s.L[i] = nil
			found = true
		}
	}
	for i := range s.Cases {
		for j, l := range s.Cases[i].L {
			if l != nil && l.Op == OpVar && !l.Var.Read {
				s.Cases[i].L[j] = nil
				found = true
			}
		}
	}
	return found
}

// Effect reports whether evaluating e can do anything but yield a value: call, panic, allocate visibly.
func (e *Expr) Effect() bool {
	found := false
	Walk(e, func(e *Expr) {
		switch e.Op {
		case OpCall, OpBuiltin, OpRT, OpMethod, OpDeref, OpIndex, OpSlice, OpAssert, OpMake, OpMethodVal:
			found = true
		case OpField:
			// A field through a pointer may be a nil dereference.
			if t := e.Args[0].Type; t == nil || isPointer(t) {
				found = true
			}
		case OpBinary:
			if divides(e) {
				found = true
			}
		case OpConvert: // slice to array may panic
			found = found || !basic(e.Type)
		}
	})
	return found
}
