package ir

import (
	"maps"
	"slices"
)

// This file declares variables where they are used, if that is in one place.
//
//	var name string               becomes    loop: {
//	loop:                                        var name string
//	    name = "x" + f(i)                        name = "x" + f(i)
//	    g(name)                                  g(name)
//	    ...                                      ...
//	    goto loop                                goto loop
//	                                         }
//
// It is more than looks. The Go compiler takes a value that is stored in a variable declared outside a loop to outlive the round, and
// allocates it on the heap. What follows on a label that is jumped back to is in a loop for it.
//
// A run is a block with a label and those after it that are reached only from the one before: nothing jumps to them. The variables of
// a run in or after a loop get its block's braces. A variable may belong to several runs, of which one is a copy of another, if each assigns it first.

// Targets are the blocks that need a label: something other than the block before leads to them.
func (f *Func) Targets() map[*Block]bool {
	targets := map[*Block]bool{}
	for i, b := range f.Blocks {
		for _, s := range b.Succs() {
			if i+1 == len(f.Blocks) || s != f.Blocks[i+1] {
				targets[s] = true
			}
		}
	}
	for _, p := range f.Points {
		if p.Resume != nil {
			targets[p.Resume] = true
		}
	}
	return targets
}

// Locals lists the variables of f but for parameters and results, wherever they are declared.
func (f *Func) Locals() []*Var {
	vs := slices.Clone(f.Vars)
	listed := map[*Var]bool{}
	for _, b := range f.Blocks {
		for _, v := range b.Vars {
			if !listed[v] {
				listed[v] = true
				vs = append(vs, v)
			}
		}
	}
	return vs
}

// A use is what a run does with a variable.
type use struct{ assigned, read bool }

// scope moves variables into blocks.
func (f *Func) scope() {
	outer := map[*Var]bool{} // that stay
	for _, p := range append(slices.Clone(f.Points), f.RetPoint) {
		if p != nil {
			for _, v := range p.Live {
				outer[v] = true
			}
		}
	}
	for _, e := range f.Boxes {
		mention(e, func(v *Var) { outer[v] = true })
	}
	targets := f.Targets()
	looping := map[*Block]bool{}
	for _, loop := range components(f.Blocks) {
		maps.Copy(looping, loop)
	}
	uses := map[*Block]map[*Var]*use{} // by the first block of a run, nil for what comes before all loops
	var run *Block
	for _, b := range f.Blocks {
		if targets[b] && (looping[b] || run != nil) {
			run = b
		}
		if uses[run] == nil {
			uses[run] = map[*Var]*use{}
		}
		for _, s := range b.Stmts {
			f.useIn(s, uses[run], outer)
		}
	}
	for v := range uses[nil] {
		outer[v] = true
	}
	for _, vs := range uses {
		for v, u := range vs {
			outer[v] = outer[v] || !u.read || v.RT != "" || v.Iter != nil
		}
	}
	kept := f.Vars[:0]
	for _, v := range f.Vars {
		if outer[v] {
			kept = append(kept, v)
			continue
		}
		for _, b := range f.Blocks {
			if uses[b][v] != nil {
				b.Vars = append(b.Vars, v)
			}
		}
	}
	f.Vars = kept
}

// useIn notes what s does. A variable that may be read before it is assigned in the run stays outside.
func (f *Func) useIn(s *Stmt, vs map[*Var]*use, outer map[*Var]bool) {
	get := func(v *Var) *use {
		if vs[v] == nil {
			vs[v] = &use{}
		}
		return vs[v]
	}
	read := func(v *Var) {
		u := get(v)
		u.read = true
		if !u.assigned {
			outer[v] = true
		}
	}
	for _, e := range s.exprs() {
		if e == nil || e.Op != OpVar || !slices.Contains(s.L, e) {
			mention(e, read)
		}
	}
	for _, l := range s.L {
		if l != nil && l.Op == OpVar {
			get(l.Var).assigned = true
		}
	}
	if s.Index != nil {
		get(s.Index).assigned = true
	}
}

func mention(e *Expr, f func(*Var)) {
	Walk(e, func(e *Expr) {
		if e.Op == OpVar {
			f(e.Var)
		}
	})
}
