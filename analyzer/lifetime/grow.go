package lifetime

import (
	"go/token"
	"go/types"
	"sort"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/vet"
)

// This file finds slices and maps that only grow.

const (
	grows  = "it grows for as long as the run lives, and all of it is saved with the run"
	shrink = "remove what is not needed any more, or keep it outside the program"
)

// locals judges the slices that a loop without end carries from round to round: phis of its header that are only appended to.
func (p *pass) locals(l *loop) {
	for _, i := range l.header.Instrs {
		phi, ok := i.(*ssa.Phi)
		if !ok {
			break
		}
		g := &growth{loop: l, phi: phi, seen: map[ssa.Value]bool{phi: true}}
		for n, e := range phi.Edges {
			if l.blocks[l.header.Preds[n]] {
				g.value(e)
			}
		}
		if !g.other && g.at.IsValid() && p.suspends(l) && !g.leaves() {
			p.report(vet.Warning, g.at, phi.Comment+" is only appended to, in a loop that never ends", grows, shrink)
		}
	}
}

func (p *pass) suspends(l *loop) bool {
	for _, b := range l.list {
		for _, i := range b.Instrs {
			if p.colour.Suspends(i) {
				return true
			}
		}
	}
	return false
}

// A growth is what becomes of a slice in a round.
type growth struct {
	loop  *loop
	phi   *ssa.Phi
	seen  map[ssa.Value]bool
	other bool      // something else than appending
	at    token.Pos // of an append
}

func (g *growth) value(v ssa.Value) {
	if g.seen[v] {
		return
	}
	g.seen[v] = true
	switch v := v.(type) {
	case *ssa.Phi:
		if !g.loop.blocks[v.Block()] {
			g.other = true
			return
		}
		for _, e := range v.Edges {
			g.value(e)
		}
	case *ssa.Call:
		if b, ok := v.Call.Value.(*ssa.Builtin); !ok || b.Name() != "append" {
			g.other = true
			return
		}
		g.at = v.Pos()
		g.value(v.Call.Args[0])
	default:
		g.other = true
	}
}

// leaves reports whether the slice is used after the loop, which collects it then.
func (g *growth) leaves() bool {
	for v := range g.seen {
		for _, r := range *v.Referrers() {
			if !g.loop.blocks[r.Block()] {
				return true
			}
		}
	}
	return false
}

// A global is what is done with a variable of the package.
type global struct {
	v     *ssa.Global
	sites []ssa.Instruction // that append or insert
	other bool              // something that may make it smaller
}

// globals judges the variables of the package.
func (p *pass) globals() {
	known := map[*ssa.Global]*global{}
	for _, fn := range p.colour.Functions() {
		for i := range flow.Instructions(fn) {
			noteGlobals(known, i)
		}
	}
	var list []*global
	for _, g := range known {
		if !g.other && (!g.v.Object().Exported() || p.Pkg.Name() == "main") {
			list = append(list, g)
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].v.Pos() < list[j].v.Pos() })
	for _, g := range list {
		for _, i := range g.sites {
			if why := p.long(i); why != "" {
				p.report(vet.Warning, i.Pos(), "the package variable "+g.v.Name()+" ("+p.at(g.v.Pos())+") is only added to, "+why, grows, shrink)
				break
			}
		}
	}
}

// noteGlobals notes what i does with variables of the package.
func noteGlobals(known map[*ssa.Global]*global, i ssa.Instruction) {
	for _, op := range i.Operands(nil) {
		v, ok := (*op).(*ssa.Global)
		if !ok || v.Object() == nil {
			continue
		}
		g := known[v]
		if g == nil {
			g = &global{v: v}
			known[v] = g
		}
		switch i := i.(type) {
		case *ssa.Store:
			g.store(i)
		case *ssa.UnOp:
			g.loaded(i)
		case *ssa.DebugRef:
		default:
			g.other = true
		}
	}
}

// store notes an assignment: appending, or what makes it anew. That of an initialiser is none of it.
func (g *global) store(s *ssa.Store) {
	if s.Addr != g.v {
		g.other = true
		return
	}
	c, ok := s.Val.(*ssa.Call)
	if ok {
		if b, builtin := c.Call.Value.(*ssa.Builtin); builtin && b.Name() == "append" {
			if load, ok := c.Call.Args[0].(*ssa.UnOp); ok && load.X == g.v {
				g.sites = append(g.sites, c)
				return
			}
		}
	}
	if s.Parent().Synthetic == "" {
		g.other = true
	}
}

// loaded notes what is done with the value.
func (g *global) loaded(load *ssa.UnOp) {
	for _, r := range *load.Referrers() {
		switch r := r.(type) {
		case *ssa.MapUpdate:
			if r.Map == load && !few(r.Key) {
				g.sites = append(g.sites, r)
			} else if r.Map != load {
				g.other = true
			}
		case *ssa.Lookup, *ssa.Range, *ssa.IndexAddr, *ssa.DebugRef, *ssa.BinOp:
		case *ssa.Call:
			b, ok := r.Call.Value.(*ssa.Builtin)
			g.other = g.other || !ok || b.Name() == "delete" || b.Name() == "clear" || b.Name() == "append" && r.Call.Args[0] != load
		case *ssa.Slice:
			g.other = true
		default: // passed on: nobody knows
			g.other = true
		}
	}
}

// few reports whether there are few keys like v.
func few(v ssa.Value) bool {
	if m, ok := v.(*ssa.MakeInterface); ok {
		v = m.X
	}
	if _, ok := v.(*ssa.Const); ok {
		return true
	}
	switch t := v.Type().Underlying().(type) {
	case *types.Basic:
		return t.Kind() == types.Bool || t.Kind() == types.Uint8 || t.Kind() == types.Int8
	case *types.Interface:
		return library.TypeName(v.Type()) == "reflect.Type"
	}
	return false
}

// long says why i is executed again and again as long as the program lives; "" if it is not known to be.
func (p *pass) long(i ssa.Instruction) string {
	fn := i.Parent()
	for _, l := range p.loops(fn) {
		if l.blocks[i.Block()] && !l.closes && p.suspends(l) {
			return "in a loop that never ends"
		}
	}
	if flow.HandlesHTTP(fn.Signature) {
		return "for each request"
	}
	return ""
}
