package leak

import (
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
)

// This file follows a channel, or the address of a group, from where it is made to all that is done with it:
//
//	c := make(chan int)          into variables that nothing else is stored into,
//	go func() { c <- 1 }()       into function literals that use them,
//	worker(c)                    and as an argument to functions of the package.
//
// Anything else lets it escape: then nothing is known.

// uses is what is done with a value.
type uses struct {
	escapes bool
	ops     []ssa.Instruction // instructions that have the value as an operand, and are no way to another place
	values  map[ssa.Value]bool
}

// usesOf follows v, of which passing as an argument to a function outside the package lets it escape unless known says so.
func usesOf(v ssa.Value, known func(ssa.CallInstruction) bool) *uses {
	u := &uses{values: map[ssa.Value]bool{}}
	u.value(v, known)
	return u
}

func (u *uses) value(v ssa.Value, known func(ssa.CallInstruction) bool) {
	if u.values[v] || u.escapes {
		return
	}
	u.values[v] = true
	if v.Referrers() == nil {
		u.escapes = true
		return
	}
	for _, r := range *v.Referrers() {
		u.referrer(v, r, known)
	}
}

func (u *uses) referrer(v ssa.Value, r ssa.Instruction, known func(ssa.CallInstruction) bool) {
	switch r := r.(type) {
	case *ssa.DebugRef:
	case *ssa.ChangeType:
		u.value(r, known)
	case *ssa.Store:
		a, ok := r.Addr.(*ssa.Alloc)
		switch {
		case r.Addr == v: // into what it points to
			u.ops = append(u.ops, r)
		case ok && onlyStore(a, r):
			u.cell(a, known)
		default:
			u.escapes = true
		}
	case *ssa.MakeClosure:
		for n, b := range r.Bindings {
			if b == v {
				u.value(r.Fn.(*ssa.Function).FreeVars[n], known)
			}
		}
	case *ssa.Send:
		u.ops = append(u.ops, r)
		u.escapes = u.escapes || r.X == v
	case *ssa.UnOp:
		u.ops = append(u.ops, r)
	case *ssa.Select:
		u.ops = append(u.ops, r)
		for _, s := range r.States {
			u.escapes = u.escapes || s.Send == v
		}
	case ssa.CallInstruction:
		u.call(v, r, known)
	default:
		u.escapes = true
	}
}

// call follows v into the function that is called with it.
func (u *uses) call(v ssa.Value, c ssa.CallInstruction, known func(ssa.CallInstruction) bool) {
	if _, ok := c.Common().Value.(*ssa.Builtin); ok || known != nil && known(c) {
		u.ops = append(u.ops, c)
		return
	}
	callee := c.Common().StaticCallee()
	if callee == nil || len(callee.Blocks) == 0 || callee.Signature.Variadic() {
		u.escapes = true
		return
	}
	for n, a := range c.Common().Args {
		if a == v {
			u.value(callee.Params[n], known)
		}
	}
}

// cell follows what is loaded from a variable.
func (u *uses) cell(a ssa.Value, known func(ssa.CallInstruction) bool) {
	if u.values[a] {
		return
	}
	u.values[a] = true
	for _, r := range *a.Referrers() {
		switch r := r.(type) {
		case *ssa.DebugRef:
		case *ssa.Store:
			if r.Addr != a {
				u.escapes = true
			}
		case *ssa.UnOp:
			if r.Op == token.MUL {
				u.value(r, known)
			}
		case *ssa.MakeClosure:
			for n, b := range r.Bindings {
				if b == a {
					u.cell(r.Fn.(*ssa.Function).FreeVars[n], known)
				}
			}
		default:
			u.escapes = true
		}
	}
}

// onlyStore reports whether s is the only store into a variable, in closures as well.
func onlyStore(a *ssa.Alloc, s *ssa.Store) bool {
	n := 0
	stores(a, func(*ssa.Store) { n++ })
	return n == 1 && !flow.Repeats(s.Block()) || n == 1 && a.Block() == s.Block()
}

// stores calls f for each store into a variable.
func stores(a ssa.Value, f func(*ssa.Store)) {
	for _, r := range *a.Referrers() {
		switch r := r.(type) {
		case *ssa.Store:
			if r.Addr == a {
				f(r)
			}
		case *ssa.MakeClosure:
			for n, b := range r.Bindings {
				if b == a {
					stores(r.Fn.(*ssa.Function).FreeVars[n], f)
				}
			}
		}
	}
}

// elem is the type that the variable of an Alloc has.
func elem(a *ssa.Alloc) types.Type { return a.Type().Underlying().(*types.Pointer).Elem() }
