package placement

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/pointsto"
)

// This file looks for functions of the program that library functions call by reflection, of which no call graph knows: UnmarshalJSON of a field's type.
// They may only look at what they are called with, and change what they are to fill.

const reflectedWhy = "a library function finds it by reflection, and what it does there is not followed"

// fillers and lookers are methods that library functions find by reflection.
var (
	fillers = library.Words("UnmarshalJSON UnmarshalText UnmarshalXML UnmarshalXMLAttr UnmarshalBinary GobDecode Scan Set")
	lookers = library.Words(`String Error Format GoString LogValue IsZero Value MarshalJSON MarshalText MarshalXML MarshalXMLAttr MarshalBinary AppendText AppendBinary GobEncode`)
)

var (
	reflectCalls = library.Words("(reflect.Value).Call (reflect.Value).CallSlice (reflect.Value).Method (reflect.Value).MethodByName")
	// byValue are packages that look at what interfaces hold.
	byValue = library.Words("encoding/gob encoding/json encoding/xml html/template text/template")
)

// reflected returns a call, by goroutines of threads, of a library function that may call by reflection what is not simple, and what that is.
func (p *prover) reflected(threads []*thread) (at token.Pos, what string) {
	for _, fn := range p.Funcs {
		executed := false
		for _, t := range threads {
			executed = executed || t.has(fn)
		}
		if !executed {
			continue
		}
		for i := range flow.Instructions(fn) {
			c, ok := i.(ssa.CallInstruction)
			if !ok || isSpawn(c) {
				continue
			}
			_, foreign := p.calls(c)
			for _, lib := range foreign {
				if m := p.reflectedBy(c, lib, threads); m != "" {
					return c.Pos(), m
				}
			}
		}
	}
	return token.NoPos, ""
}

// reflectedBy names what lib may call by reflection of what c gives it, and is not simple; "": nothing.
func (p *prover) reflectedBy(c ssa.CallInstruction, lib *ssa.Function, threads []*thread) string {
	path := library.PathOf(lib)
	if reflectCalls[library.Declared(lib)] {
		return "what " + library.Name(lib) + " calls"
	}
	if library.Synchronises(lib) {
		return ""
	}
	templates := path == "text/template" || path == "html/template"
	seen := map[types.Type]bool{}
	found := ""
	visit := func(t *types.Named) {
		for _, t := range []types.Type{t, types.NewPointer(t)} {
			for sel := range types.NewMethodSet(t).Methods() {
				name := sel.Obj().Name()
				if !fillers[name] && !lookers[name] && !(templates && sel.Obj().Exported()) {
					continue
				}
				m := lib.Prog.MethodValue(sel)
				if found == "" && m != nil && p.Points.Analysed(m) && !p.simple(m, threads, fillers[name], map[*ssa.Function]bool{}) {
					found = m.String()
				}
			}
		}
	}
	var walk func(types.Type)
	walk = func(t types.Type) {
		if seen[t] {
			return
		}
		seen[t] = true
		if n, ok := types.Unalias(t).(*types.Named); ok {
			if !slices.Contains(p.Points.Packages, n.Obj().Pkg()) {
				for t := range n.TypeArgs().Types() {
					walk(t)
				}
				if n.Obj().Pkg() != nil { // what is in it is the library's business
					return
				}
			} else {
				visit(n)
			}
		}
		switch u := t.Underlying().(type) {
		case *types.Pointer:
			walk(u.Elem())
		case *types.Slice:
			walk(u.Elem())
		case *types.Array:
			walk(u.Elem())
		case *types.Map:
			walk(u.Key())
			walk(u.Elem())
		case *types.Struct:
			for f := range u.Fields() {
				walk(f.Type())
			}
		case *types.Interface:
			if byValue[path] {
				for _, t := range p.inInterfaces() {
					walk(t)
				}
			}
		}
	}
	for _, arg := range c.Common().Args {
		for _, t := range givenTypes(arg) {
			walk(t)
		}
	}
	return found
}

// givenTypes lists the types of the values that argument v is, or, of a list of arguments, has.
func givenTypes(v ssa.Value) []types.Type {
	switch x := v.(type) {
	case *ssa.Const:
		return nil
	case *ssa.MakeInterface:
		return []types.Type{x.X.Type()}
	case *ssa.Slice:
		a, ok := x.X.(*ssa.Alloc)
		if !ok || a.Comment != "varargs" {
			break
		}
		var out []types.Type
		for _, r := range *a.Referrers() {
			if i, ok := r.(*ssa.IndexAddr); ok {
				for _, r := range *i.Referrers() {
					if st, ok := r.(*ssa.Store); ok && st.Addr == i {
						out = append(out, givenTypes(st.Val)...)
					}
				}
			}
		}
		return out
	}
	return []types.Type{v.Type()}
}

// inInterfaces lists the types of values that the program puts into interfaces.
func (p *prover) inInterfaces() []types.Type {
	if p.boxed == nil {
		p.boxed = []types.Type{}
		for _, fn := range p.Funcs {
			for i := range flow.Instructions(fn) {
				if m, ok := i.(*ssa.MakeInterface); ok {
					p.boxed = append(p.boxed, m.X.Type())
				}
			}
		}
	}
	return p.boxed
}

// constant reports whether only initialisers write to variable g, and to what it leads to.
func (p *prover) constant(g *ssa.Global) bool {
	return !slices.ContainsFunc(p.Reachable(p.Global(g)), func(o *pointsto.Object) bool {
		return slices.ContainsFunc(p.accesses[o], func(a *access) bool { return a.write && a.fn.Synthetic != "package initializer" })
	})
}

// simple reports whether fn, and what it calls of the program, uses no package variables that change, starts nothing, and changes only memory of its own, or, if fills,
// what it is called with; or the call graph knows that one of threads executes it.
func (p *prover) simple(fn *ssa.Function, threads []*thread, fills bool, seen map[*ssa.Function]bool) bool {
	if seen[fn] || slices.ContainsFunc(threads, func(t *thread) bool { return t.has(fn) }) {
		return true
	}
	seen[fn] = true
	for i := range flow.Instructions(fn) {
		for _, op := range i.Operands(nil) {
			if g, ok := (*op).(*ssa.Global); ok && slices.Contains(p.Points.Packages, g.Pkg.Pkg) && !p.constant(g) {
				return false
			}
		}
		switch i := i.(type) {
		case *ssa.Go, *ssa.Send, *ssa.Select:
			return false
		case *ssa.Store:
			if p.localRoot(i.Addr) == nil && !fills {
				return false
			}
		case *ssa.MapUpdate:
			if !fills {
				return false
			}
		case ssa.CallInstruction:
			own, foreign := p.calls(i)
			for _, callee := range own {
				if !p.simple(callee, threads, fills, seen) {
					return false
				}
			}
			for _, lib := range foreign {
				if !fills && !callsOnly(&p.model, lib) {
					return false
				}
			}
		}
	}
	return true
}
