package placement

import (
	"cmp"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/pointsto"
	"github.com/harkgen/harkgen/analyzer/suspend"
)

// This file finds what else one package shows that keeps a goroutine in its process: an open file that it is given, standard input.

// kept says which thing that processes cannot share go statement c gives its goroutines.
func (x *Sight) kept(f *Finding, c ssa.CallInstruction, start *activation) {
	given := slices.Clone(c.Common().Args)
	if start != nil && start.closure != nil {
		given = append(given, start.closure.Bindings...)
	}
	for _, v := range given {
		o := made(v, c)
		if o == nil {
			continue
		}
		if h, ok := library.HandleOf(o.Type); ok && h.Cannot != "" {
			f.Kept, f.KeptWhy, f.KeptAt = name(o)+" is shared", h.Cannot, position(o)
			return
		}
	}
}

// made is what v, or the variable that it is, leads to, if that is made in the function with c: by itself, or by a function of the standard library.
func made(v ssa.Value, c ssa.CallInstruction) *pointsto.Object {
	if i, ok := v.(*ssa.MakeInterface); ok {
		v = i.X
	}
	if a, ok := v.(*ssa.Alloc); ok { // a captured variable
		u := &variable{}
		if u.add(a); !u.other && len(u.stores) == 1 && u.stores[0].Parent() == c.Parent() && dominates(u.stores[0], c) {
			v = u.stores[0].Val
		}
	}
	if l, ok := v.(*ssa.UnOp); ok {
		if root, path, ok := resolveLoad(l, nil, c); ok && path == "" {
			v = root
		}
	}
	o := &pointsto.Object{Site: v, Type: elem(v.Type())}
	if e, ok := v.(*ssa.Extract); ok {
		o.Site = e.Tuple
	}
	switch site := o.Site.(type) {
	case *ssa.Alloc:
		return o
	case *ssa.Call:
		if fn := site.Call.StaticCallee(); fn != nil && len(fn.Blocks) == 0 && library.Standard(library.PathOf(fn)) {
			o.Lib = fn
			return o
		}
	}
	return nil
}

// ambience looks for what the goroutine does with what each process has one of.
func (x *Sight) ambience(f *Finding, start *activation) {
	uses := &ambient{sets: map[*library.Ambience][]ssa.Instruction{}, gets: map[*library.Ambience][]ssa.Instruction{}}
	for _, i := range x.all(start) {
		for _, op := range i.Operands(nil) {
			uses.add(i, *op, func(fn *ssa.Function) bool { return len(fn.Blocks) > 0 })
		}
	}
	first := func(list []ssa.Instruction, what, why string) {
		if len(list) > 0 && f.Kept == "" {
			f.Kept, f.KeptWhy, f.KeptAt = what, why, suspend.Position(list[0])
		}
	}
	first(uses.events, eventUsed, eventWhy)
	first(uses.input, library.InputName+" is used", inputWhy)
	for _, a := range ambiences(uses.sets) {
		first(uses.sets[a], a.Name+" is used", ownWhy)
	}
}

// all lists the instructions of what start executes in the package, by calls by name.
func (x *Sight) all(start *activation) []ssa.Instruction {
	var out []ssa.Instruction
	seen := map[*ssa.Function]bool{start.fn: true}
	for work := []*ssa.Function{start.fn}; len(work) > 0; work = work[1:] {
		for i := range flow.Instructions(work[0]) {
			out = append(out, i)
			c, ok := i.(ssa.CallInstruction)
			if !ok {
				continue
			}
			if fn := functionOf(c.Common().Value); fn != nil && !seen[fn] {
				seen[fn] = true
				work = append(work, fn)
			}
		}
	}
	return out
}

// ambiences are those of m, by name.
func ambiences(m map[*library.Ambience][]ssa.Instruction) []*library.Ambience {
	var list []*library.Ambience
	for a := range m {
		list = append(list, a)
	}
	slices.SortFunc(list, func(a, b *library.Ambience) int { return cmp.Compare(a.Name, b.Name) })
	return list
}
