package placement

import (
	"cmp"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/pointsto"
	"github.com/harkgen/harkgen/analyzer/suspend"
)

// This file proves that goroutines of a go statement share no memory with others without order.
//
// Two accesses to the same memory, one of them a write, by a goroutine of the statement (or one that it starts) and by another goroutine, must be
// excused, by one of the rules
//
//	synchronised  operations on channels, locks, atomics, and library types that are made for it
//	initial       nobody else knows the memory yet                                                 initial.go
//	own           each of the goroutines has made it itself                                        own
//	order         the go statement, or waiting for the end, is between them                        order.go, join.go
//	guard         both hold a lock                                                                 guard.go
//	index         they are to different elements                                                   index.go
//	handed over   a pointer to it goes from one to the next                                        handed.go
//
// What the rules know of memory is what package pointsto does. What is not excused keeps the goroutine where the go statement is.

// A Use is an access as it is told to the user.
type Use struct {
	Pos  token.Pos
	What string // "is assigned", "is read", "is passed to os.F, which may change it"
}

// A Race is what may be one, for all that is known.
type Race struct {
	Name        string    // of what it is about: "variable counter", "memory made here"
	Made        token.Pos // where that is declared or made
	Inside      Use       // by the goroutine
	Outside     Use       // by others
	Another     bool      // Outside is by another goroutine of the same statement
	ByGoroutine token.Pos // the go statement of the goroutine with Outside; NoPos: main's, or unknown
	Both        bool      // both are writes
}

// Finding is what was found out about a go statement.
type Finding struct {
	Race     *Race  // nil: none is possible
	TooLarge bool   // the program, to find out
	Unused   bool   // nothing executes the go statement
	Kept     string // what the goroutine does or shares that processes cannot; ""
	KeptWhy  string
	KeptAt   token.Pos
	KeptBy   token.Pos // what Why is about; NoPos: nothing in particular
}

// OK reports whether the goroutine may run in a process of its own.
func (f *Finding) OK() bool { return f.Race == nil && !f.TooLarge && f.Kept == "" && !f.Unused }

// Prove finds out about all go statements of a program for which ask is true, by their positions.
func Prove(p *Program, ask func(token.Pos) bool) map[token.Pos]*Finding {
	out := map[token.Pos]*Finding{}
	v := newProver(p)
	if v == nil {
		return out
	}
	v.findings(ask, out)
	return out
}

// findings finds out about go statements.
func (v *prover) findings(ask func(token.Pos) bool, out map[token.Pos]*Finding) {
	for _, t := range v.threads {
		if t.stmt == nil || !ask(t.stmt.Pos()) {
			continue
		}
		f := out[t.stmt.Pos()]
		if f == nil {
			f = &Finding{}
			out[t.stmt.Pos()] = f
		}
		if f.OK() {
			v.prove(t, f)
		}
	}
	for _, t := range v.dead {
		if pos := t.stmt.Pos(); ask(pos) && out[pos] == nil {
			out[pos] = &Finding{Unused: true}
		}
	}
}

// For one go statement, how many pairs of accesses are looked at, and how many races are weighed for the one to tell.
const (
	maxPairs = 300_000
	maxRaces = 1000
)

// prove finds out about the goroutines of s.
func (p *prover) prove(s *thread, f *Finding) {
	if len(s.begin) == 0 {
		f.TooLarge = true
		return
	}
	if i := p.event(s); i != nil {
		f.Kept, f.KeptWhy, f.KeptAt = eventUsed, eventWhy, suspend.Position(i)
		return
	}
	inside := append([]*thread{s}, s.list()...)
	pairs, races := 0, 0
	var worst *Race
	for _, o := range p.shared(s) {
		if why := library.Unshared(o.Type); why != "" && !o.External && f.Kept == "" && !p.eachOwn(s, o) {
			f.Kept, f.KeptWhy, f.KeptAt = name(o)+" is shared", why, position(o)
		}
		here := p.of(o, inside)
		if len(here) == 0 {
			continue
		}
		there := p.of(o, p.threads)
		pairs += len(here) * len(there)
		if pairs > maxPairs { // what was found is reason enough
			f.Race, f.TooLarge = worst, worst == nil
			return
		}
		for _, a := range here {
			for _, b := range there {
				r := p.race(s, a, b, o)
				if r == nil {
					continue
				}
				worst = better(p.Fset, worst, r)
				if races++; races == maxRaces {
					f.Race = worst
					return
				}
			}
		}
	}
	f.Race = worst
	if f.OK() {
		if at, what := p.reflected(inside); what != "" {
			f.KeptAt, f.Kept, f.KeptWhy = at, what+" is used", reflectedWhy
		}
	}
	if f.OK() {
		at, by, what, why := p.ambience(s)
		f.Kept, f.KeptWhy, f.KeptAt, f.KeptBy = what, why, at, by
	}
	if f.OK() && p.Refused != nil {
		f.KeptAt, f.Kept, f.KeptWhy = p.Refused(s.stmt)
	}
}

// A done is an access by a thread.
type done struct {
	*access
	by *thread
}

// of lists the accesses to o by threads.
func (p *prover) of(o *pointsto.Object, threads []*thread) []done {
	var out []done
	for _, a := range p.accesses[o] {
		for _, t := range threads {
			if t.has(a.fn) {
				out = append(out, done{a, t})
			}
		}
	}
	return out
}

// shared lists the memory that goroutines of s and others may reach.
func (p *prover) shared(s *thread) []*pointsto.Object {
	list := slices.DeleteFunc(p.Reachable(p.roots(s, nil)...), func(o *pointsto.Object) bool {
		i, ok := o.Site.(ssa.Instruction)
		return ok && !slices.ContainsFunc(p.threads, func(t *thread) bool { return t.has(i.Parent()) }) // nothing makes it
	})
	slices.SortFunc(list, func(a, b *pointsto.Object) int { return p.compareObjects(a, b) })
	return list
}

// roots lists where goroutines of s begin to reach memory that others may, without the variables that skip, if given, is true of.
func (p *prover) roots(s *thread, skip func(*ssa.Global) bool) []*pointsto.Object {
	var roots []*pointsto.Object
	add := func(v ssa.Value) {
		switch v.(type) {
		case *ssa.Const, *ssa.Function, *ssa.Builtin, nil:
		default:
			roots = append(roots, p.Pointer(v).PointsTo()...)
		}
	}
	add(s.stmt.Common().Value)
	for _, arg := range s.stmt.Common().Args {
		add(arg)
	}
	keeps := false
	for _, t := range append([]*thread{s}, s.list()...) {
		keeps = keeps || t.keeps
		for fn := range t.fns {
			if len(fn.FreeVars) > 0 && p.calledBack(fn) { // a library may have it from elsewhere
				for _, v := range fn.FreeVars {
					add(v)
				}
			}
			for i := range flow.Instructions(fn) {
				for _, op := range i.Operands(nil) {
					if g, ok := (*op).(*ssa.Global); ok && (skip == nil || !skip(g)) {
						roots = append(roots, p.Global(g))
					}
				}
			}
		}
	}
	if keeps {
		roots = append(roots, p.Hidden()...)
	}
	return roots
}

// calledBack reports whether library functions call fn that may have been given it before.
func (p *prover) calledBack(fn *ssa.Function) bool {
	_, known := p.callers(fn)
	return !known && !p.onlyGiven(fn)
}

func (p *prover) compareObjects(a, b *pointsto.Object) int {
	x, y := p.Fset.Position(position(a)), p.Fset.Position(position(b))
	return cmp.Or(strings.Compare(x.Filename, y.Filename), x.Offset-y.Offset, strings.Compare(a.String(), b.String()))
}

func position(o *pointsto.Object) token.Pos {
	if o.Site != nil {
		return o.Site.Pos()
	}
	return token.NoPos
}

// race tells what a, by a goroutine of s or one that it starts, and b may be, unless that is excused.
func (p *prover) race(s *thread, a, b done, o *pointsto.Object) *Race {
	if !a.write && !b.write {
		return nil
	}
	if !p.outside(s, b.by) {
		return nil
	}
	if !p.overlap(o, a.access, b.access) {
		return nil
	}
	for _, r := range p.rules {
		if r.excuses(p, s, a, b, o) {
			return nil
		}
	}
	return p.describe(s, a, b, o)
}

// A rule tells when two accesses to o, a by a goroutine of s or one that it starts, b by another one, are not at the same time, or not to the same memory.
type rule struct {
	name    string
	excuses func(p *prover, s *thread, a, b done, o *pointsto.Object) bool
}

// rules are tried in turn.
var rules = []rule{
	{"initial", func(p *prover, _ *thread, a, b done, o *pointsto.Object) bool {
		return p.initial(a.access, o) || p.initial(b.access, o)
	}},
	{"own", func(p *prover, _ *thread, a, b done, o *pointsto.Object) bool {
		return p.own(a, b) || madeInCall(a, b, o)
	}},
	{"guard", func(p *prover, _ *thread, a, b done, o *pointsto.Object) bool {
		return p.guarded(a.access, b.access, o)
	}},
	{"order", func(p *prover, s *thread, a, b done, _ *pointsto.Object) bool {
		return p.ordered(s, a.access, b.by, b.access)
	}},
	{"index", func(p *prover, s *thread, a, b done, _ *pointsto.Object) bool {
		return (b.by == s || s.starts[b.by]) && p.differentElements(s, a.access, b.access)
	}},
	{"cut", func(p *prover, _ *thread, a, b done, _ *pointsto.Object) bool {
		return a.Value != nil && b.Value != nil && p.cutApart(a.access, b.access)
	}},
	{"handed over", func(p *prover, _ *thread, _, _ done, o *pointsto.Object) bool { return p.handedOver(o) }},
}

// outside reports whether a goroutine of t may run that a goroutine of s, the only one that is thought of, is not and has not started.
func (p *prover) outside(s, t *thread) bool {
	if t != s && !s.starts[t] || p.several(s) {
		return true
	}
	return t != s && slices.ContainsFunc(p.threads, func(x *thread) bool { return x != s && !s.starts[x] && x.starts[t] })
}

// several reports whether there may be more than one goroutine of t.
func (p *prover) several(t *thread) bool {
	switch t {
	case p.main:
		return false
	case p.foreign:
		return true
	}
	return t.stmt != t.at && again(t.stmt) || again(t.at) || p.often(t.at.Parent())
}

// own reports whether a and b are each to memory that their goroutine has made itself, in the same place.
func (p *prover) own(a, b done) bool {
	if a.Value == nil || b.Value == nil || a.Callee != nil && !p.shallow(a.access) || b.Callee != nil && !p.shallow(b.access) {
		return false
	}
	pa, pb := p.origin(a.Value), p.origin(b.Value)
	if !pa.isFresh() || !pb.isFresh() || pa.loads() || pb.loads() {
		return false
	}
	return p.madeBySelf(a.by, pa) && p.madeBySelf(b.by, pb)
}

// madeInCall reports whether library functions have made o, left it in what they were given, and use it: they use that, too, by which they get there.
func madeInCall(a, b done, o *pointsto.Object) bool {
	return o.Site == nil && a.Callee != nil && b.Callee != nil
}

// madeBySelf reports whether the root of x, in a goroutine of t, is of an activation of that goroutine.
func (p *prover) madeBySelf(t *thread, x *path) bool {
	if t == p.foreign || !t.has(x.frame()) {
		return false
	}
	for _, fn := range x.via {
		for _, y := range p.threads {
			if slices.Contains(y.begin, fn) || p.givenTo(y) == fn {
				return false
			}
		}
	}
	return true
}

// describe puts a race into words.
func (p *prover) describe(s *thread, a, b done, o *pointsto.Object) *Race {
	r := &Race{
		Name: name(o), Made: position(o),
		Inside:  Use{suspend.Position(a.Instr), a.What},
		Outside: Use{suspend.Position(b.Instr), b.What},
		Another: b.by == s, Both: a.write && b.write,
	}
	if b.by.stmt != nil {
		r.ByGoroutine = b.by.stmt.Pos()
	}
	return r
}

// better returns the one that tells more: one about a variable, and the first.
func better(fset *token.FileSet, old, r *Race) *Race {
	if old == nil {
		return r
	}
	weight := func(r *Race) int {
		n := 0
		if !strings.HasPrefix(r.Name, "variable ") {
			n++
		}
		if !r.Made.IsValid() {
			n += 2
		}
		return n
	}
	less := func(x, y token.Pos) int {
		a, b := fset.Position(x), fset.Position(y)
		return cmp.Or(strings.Compare(a.Filename, b.Filename), a.Offset-b.Offset)
	}
	if cmp.Or(weight(r)-weight(old), less(r.Made, old.Made), less(r.Inside.Pos, old.Inside.Pos), less(r.Outside.Pos, old.Outside.Pos)) < 0 {
		return r
	}
	return old
}

// name says what o is.
func name(o *pointsto.Object) string {
	switch v := o.Site.(type) {
	case *ssa.Global:
		return "variable " + v.Name()
	case *ssa.Alloc:
		switch v.Comment {
		case "new", "complit":
			return "a value of type " + types.TypeString(o.Type, func(p *types.Package) string {
				if p == v.Parent().Pkg.Pkg {
					return ""
				}
				return p.Name()
			})
		case "makeslice", "slicelit", "varargs":
			return "a slice"
		case "":
			return "memory"
		}
		return "variable " + v.Comment
	case *ssa.MakeMap:
		return "a map"
	case *ssa.MakeSlice:
		return "a slice"
	case *ssa.Call:
		switch {
		case isBuiltin(v, "append"):
			return "a slice"
		case o.Lib != nil:
			return "what " + library.Name(o.Lib) + " returns"
		}
	}
	return "memory"
}
