package colour

import (
	"cmp"
	"slices"
	"strings"

	"github.com/harkgen/harkgen/analyzer/suspend"
)

// This file colours a program, by the rules of package suspend: first with all that could be compiled along, which tells which packages of
// other modules are; then with those.

// A why says why a function is coloured: its operation, or a call of another coloured function.
type why struct {
	op  *Op
	via *call
	to  *inst
}

// A colouring is what is coloured of a program.
type colouring struct {
	*program
	compiled func(*Summary) bool
	along    func(*Summary) bool
	why      map[*inst]*why
}

// colours colours the program for a module: packages for which own is true are compiled in any case.
func (p *program) colours(own func(*Summary) bool) *colouring {
	slices.SortStableFunc(p.order, byPlace)
	for _, f := range p.order {
		slices.SortStableFunc(f.in, func(a, b *call) int { return cmp.Or(byPlace(a.from, b.from), cmp.Compare(a.At, b.At)) })
	}
	any := func(*Summary) bool { return true }
	first := p.colour(own, any)
	chosen := first.dependencies()
	if len(chosen) == 0 {
		return first
	}
	return p.colour(func(s *Summary) bool { return own(s) || chosen[s] }, func(s *Summary) bool { return s.Std })
}

// byPlace orders functions by where they stand.
func byPlace(a, b *inst) int {
	if a.Function == nil || b.Function == nil {
		return cmp.Compare(a.name, b.name)
	}
	return cmp.Or(cmp.Compare(a.pkg.Path, b.pkg.Path), cmp.Compare(a.name, b.name), slices.Compare(a.args, b.args))
}

func (p *program) colour(compiled, along func(*Summary) bool) *colouring {
	c := &colouring{program: p, compiled: compiled, along: along, why: map[*inst]*why{}}
	var work []*inst
	for _, f := range p.order {
		if w := c.own(f); w != nil {
			c.why[f] = w
			work = append(work, f)
		}
	}
	for ; len(work) > 0; work = work[1:] {
		for _, in := range work[0].in {
			if from := in.from; !in.Go && c.why[from] == nil && c.carries(from) {
				c.why[from] = &why{via: in, to: work[0]}
				work = append(work, from)
			}
		}
	}
	return c
}

// carries reports whether colour flows through f.
func (c *colouring) carries(f *inst) bool {
	return f.Function != nil && (f.Wrapper || c.compiled(f.pkg) || c.along(f.pkg))
}

// own is the operation that colours f, or nil. A library locks for moments only, and wrappers count as one.
func (c *colouring) own(f *inst) *why {
	if !c.carries(f) || conduit(f.name) {
		return nil
	}
	var first *why
	for i := range f.Ops {
		op := &f.Ops[i]
		if first == nil {
			first = &why{op: op}
		}
		if c.compiled(f.pkg) && !f.Wrapper || !suspend.Lock(op.What) {
			return first
		}
	}
	return nil
}

func conduit(name string) bool { return strings.HasPrefix(name, "(*sync.Once).") }

// site reports whether call s may suspend, or start a goroutine that may.
func (c *colouring) site(s *call) *inst {
	if !s.Go && !c.carries(s.from) {
		return nil
	}
	for _, f := range s.to {
		if c.why[f] != nil {
			return f
		}
	}
	return nil
}

// dependencies are the packages of other modules that are compiled along, as those of own need them.
func (c *colouring) dependencies() map[*Summary]bool {
	chosen := map[*Summary]bool{}
	seen := map[*inst]bool{}
	var work []*inst
	for _, f := range c.order {
		if f.Function != nil && c.compiled(f.pkg) {
			work = append(work, f)
		}
	}
	for ; len(work) > 0; work = work[1:] {
		for _, s := range work[0].calls {
			for _, f := range s.to {
				if seen[f] || f.Function == nil || f.pkg.Std || c.compiled(f.pkg) {
					continue
				}
				seen[f] = true
				work = append(work, f)
				if c.relevant(f) {
					chosen[f.pkg] = true
				}
			}
		}
	}
	return chosen
}

// relevant reports whether a program needs f of another module compiled.
func (c *colouring) relevant(f *inst) bool {
	return c.why[f] != nil || f.Always || slices.ContainsFunc(f.calls, func(s *call) bool { return s.Go && c.site(s) != nil })
}
