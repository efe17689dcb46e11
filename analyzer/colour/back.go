package colour

import (
	"cmp"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// This file finds which functions of code that is not compiled call back what they are given, while they run.

// A Back is a parameter of a function that it calls.
type Back struct {
	Param  int    // the receiver counts
	Method string // that it calls, of an interface; "": the parameter is a func
}

// A Caller is a function with the parameters that it calls.
type Caller struct {
	Func  string
	Backs []Back
}

// callers finds what the functions of fns call back, by themselves, or by way of one another and of known.
func callers(fns []Function, known map[string][]Back) []Caller {
	found := map[string][]Back{}
	for more := true; more; {
		more = false
		for i := range fns {
			f := &fns[i]
			for p, n := range f.Params {
				if n == none {
					continue
				}
				for _, b := range called(f, n, known, found) {
					b.Param = p
					if !slices.Contains(found[f.Name], b) {
						found[f.Name], more = append(found[f.Name], b), true
					}
				}
			}
		}
	}
	var out []Caller
	for name, backs := range found {
		slices.SortFunc(backs, func(a, b Back) int { return cmp.Or(cmp.Compare(a.Param, b.Param), cmp.Compare(a.Method, b.Method)) })
		out = append(out, Caller{name, backs})
	}
	slices.SortFunc(out, func(a, b Caller) int { return cmp.Compare(a.Func, b.Func) })
	return out
}

// called lists how f calls what is in node n.
func called(f *Function, n int32, known, found map[string][]Back) (out []Back) {
	in := map[int32]bool{n: true}
	for more := true; more; {
		more = false
		for _, e := range f.Edges {
			if in[e[0]] && !in[e[1]] && f.Nodes[e[1]].Kind == local {
				in[e[1]], more = true, true
			}
		}
	}
	for i := range f.Calls {
		c := &f.Calls[i]
		switch {
		case c.Go:
		case c.Static == nil && c.Value != none && in[c.Value]:
			out = append(out, Back{Method: c.Method})
		case c.Static != nil:
			for _, b := range slices.Concat(known[c.Static.Name], found[c.Static.Name]) {
				if b.Param < len(c.Args) && c.Args[b.Param] != none && in[c.Args[b.Param]] {
					out = append(out, Back{Method: b.Method})
				}
			}
		}
	}
	return out
}

// backs are the callers of some packages, by name.
func backs(pkgs []*Summary) map[string][]Back {
	out := map[string][]Back{}
	for _, s := range pkgs {
		for _, c := range s.unpack().Callers {
			out[c.Func] = c.Backs
		}
	}
	return out
}

// CallsBack lists the parameters that fn, which is not compiled, calls while it runs. Nil if it is compiled.
func (f *Facts) CallsBack(fn *ssa.Function) []Back {
	if o := fn.Origin(); o != nil {
		fn = o
	}
	s := f.solved()
	if d, ok := s.decls[fn.String()]; ok && (s.compiled(d.pkg) || s.along(d.pkg)) {
		return nil
	}
	return s.backs[fn.String()]
}
