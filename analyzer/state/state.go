package state

import (
	"go/constant"
	"go/token"
	"go/types"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"
)

// A Program is what is to be analysed: the compiled part of a program, with a call graph of all of it.
type Program struct {
	SSA      *ssa.Program
	Funcs    []*ssa.Function // compiled, in a fixed order
	Packages []*types.Package
	Compiled func(*ssa.Function) bool
	Callees  func(ssa.CallInstruction) []*ssa.Function
	Callers  func(*ssa.Function) []ssa.CallInstruction
	Once     func(*types.Package) bool // the package's initialisation is part of the program, so it runs once in the life of a run
}

// A Decision is about one package variable.
type Decision struct {
	Var     *types.Var
	Rebuilt bool
	Why     string
	Pos     token.Pos // of what Why is about; NoPos: the variable itself
	Handle  string    // what ties the value to one process, "" if nothing is known to
}

// A Change is an assignment to a variable of a package that is not compiled, which a new process does not see.
type Change struct {
	Pos token.Pos
	Var *types.Var
}

// Result is what was decided.
type Result struct {
	Decisions []*Decision // by package path and name
	Changes   []Change    // in source order
	byVar     map[*types.Var]*Decision
}

// Of returns the decision about v; nil for one that was not asked about.
func (r *Result) Of(v *types.Var) *Decision { return r.byVar[v] }

// Decide decides about all package variables of the program's packages.
func Decide(p *Program) *Result {
	b := newBuilder(p)
	solved := b.solve()
	d := &decider{builder: b, early: b.earlyFunctions(), known: map[*ssa.Global]*verdict{}}
	res := &Result{byVar: map[*types.Var]*Decision{}}
	if solved {
		d.mark()
	}
	candidates := map[*types.Var]*object{}
	for _, pkg := range p.Packages {
		for _, name := range pkg.Scope().Names() {
			v, ok := pkg.Scope().Lookup(name).(*types.Var)
			if !ok {
				continue
			}
			dec := &Decision{Var: v, Why: "the program is too large to tell what changes it"}
			if solved {
				d.decide(dec)
			}
			if dec.Rebuilt {
				candidates[v] = d.globals[d.globalOf(v)]
			}
			res.Decisions = append(res.Decisions, dec)
			res.byVar[v] = dec
		}
	}
	d.identity(res, candidates)
	if solved {
		res.Changes = d.changes()
	}
	return res
}

type decider struct {
	*builder
	early map[*ssa.Function]bool
	known map[*ssa.Global]*verdict
}

func (p *Program) compiledPackage(pkg *ssa.Package) bool {
	return pkg != nil && slices.Contains(p.Packages, pkg.Pkg)
}

func (b *builder) calledBack(fn *ssa.Function) bool {
	for _, c := range b.p.Callers(fn) {
		if !b.analysed(c.Parent()) {
			return true
		}
	}
	return false
}

// inOrder sorts functions by where they stand; the call graph has them in the order of a map.
func inOrder(fns []*ssa.Function) []*ssa.Function {
	fns = slices.Clone(fns)
	slices.SortFunc(fns, func(a, b *ssa.Function) int { return strings.Compare(a.String(), b.String()) })
	return fns
}

// earlyFunctions are those that run during the initialisation of packages only: the largest set all of whose callers are in it.
func (b *builder) earlyFunctions() map[*ssa.Function]bool {
	early := map[*ssa.Function]bool{}
	for fn := range b.queued {
		early[fn] = true
	}
	for changed := true; changed; {
		changed = false
		for fn := range early {
			if isInit(fn) && !(fn.Pkg != nil && b.p.Once(fn.Pkg.Pkg)) {
				continue
			}
			if isInit(fn) || !b.calledEarly(fn, early) {
				delete(early, fn)
				changed = true
			}
		}
	}
	return early
}

func isInit(fn *ssa.Function) bool {
	return fn.Synthetic == "package initializer" || fn.Parent() == nil && fn.Signature.Recv() == nil && strings.HasPrefix(fn.Name(), "init#")
}

func (b *builder) calledEarly(fn *ssa.Function, early map[*ssa.Function]bool) bool {
	callers := b.p.Callers(fn)
	for _, c := range callers {
		_, concurrent := c.(*ssa.Go)
		if concurrent || !early[c.Parent()] {
			return false
		}
	}
	return len(callers) > 0
}

// mark notes on each object what writes to it, and whether it is compared.
func (d *decider) mark() {
	for _, w := range d.writes {
		early := w.init || d.early[w.at.Parent()]
		for _, l := range d.nodes[w.addr].set.list {
			o := d.locs[l].obj
			if o.external || !changes(w, o) {
				continue
			}
			if _, ok := handleOf(o); early && (ok || !w.kept) {
				o.early = append(o.early, w)
			} else {
				o.writes = append(o.writes, w)
			}
		}
	}
	for _, n := range d.compared {
		for _, l := range d.nodes[n].set.list {
			d.locs[l].obj.compared = true
		}
	}
	for _, o := range d.objects {
		slices.SortStableFunc(o.writes, func(a, b *write) int { return d.comparePos(a.at, b.at) })
	}
}

func (d *decider) comparePos(a, b ssa.Instruction) int {
	p, q := d.p.SSA.Fset.Position(posOf(a)), d.p.SSA.Fset.Position(posOf(b))
	if c := strings.Compare(p.Filename, q.Filename); c != 0 {
		return c
	}
	return p.Offset - q.Offset
}

// changes reports whether w, which may reach o, counts as a change of it.
func changes(w *write, o *object) bool {
	h, ok := handleOf(o)
	if !ok || w.call == nil {
		return true
	}
	if w.call.Signature.Recv() == nil {
		return false // log.SetOutput(x) does not change x
	}
	if t := deref(w.call.Signature.Recv().Type()); !types.IsInterface(t) && !types.IsInterface(o.typ) && named(t) != named(o.typ) {
		return false // a method of something else, which o may only seem to be
	}
	name := w.call.Name()
	if named(o.typ) == "os.File" && appends(o) {
		return set("Read ReadFrom ReadDir Seek Truncate Close")[name]
	}
	return h.sets(name)
}

// appends reports whether file o was opened for appending: opened once more it goes on where it was.
func appends(o *object) bool {
	if o.lib == nil || declared(o.lib) != "os.OpenFile" {
		return false
	}
	n, ok := openFlags(o)
	return ok && n&int64(os.O_APPEND) != 0 && n&int64(os.O_TRUNC|os.O_EXCL) == 0
}

func (d *decider) globalOf(v *types.Var) *ssa.Global {
	g, _ := d.p.SSA.Package(v.Pkg()).Members[v.Name()].(*ssa.Global)
	return g
}

// decide decides all but what identity needs.
func (d *decider) decide(dec *Decision) {
	v := dec.Var
	if d.p.Once(v.Pkg()) {
		dec.Why = "its package is initialised as part of the program, once"
		return
	}
	g := d.globalOf(v)
	if g == nil {
		dec.Why = "it is not in the program"
		return
	}
	o := d.global(g)
	objects := d.inside(o)
	dec.Handle, dec.Pos = d.handleIn(objects)
	for _, x := range objects {
		if len(x.writes) > 0 {
			w := x.writes[0]
			dec.Pos, dec.Why = d.position(w.at), "it "+w.what
			if x != o {
				dec.Why = "what it leads to " + w.what
			}
			return
		}
	}
	for _, x := range objects {
		if emptied(x) {
			dec.Pos, dec.Why = x.site.Pos(), "it holds a file that is emptied when it is opened again"
			return
		}
	}
	switch bad := d.reproduced(g, objects); {
	case dec.Handle != "":
		dec.Rebuilt, dec.Why = true, "it cannot be saved, as "+dec.Handle
	case bad != nil:
		dec.Why, dec.Pos = bad.why, bad.pos
	default:
		dec.Rebuilt, dec.Why, dec.Pos = true, "nothing changes it after initialisation", token.NoPos
	}
}

// inside lists what can be reached from o, without variables of code that is not compiled.
func (d *decider) inside(o *object) []*object {
	return slices.DeleteFunc(d.reached(o), func(x *object) bool { return x.external })
}

// openFlags returns the flags of the os.OpenFile that made o.
func openFlags(o *object) (int64, bool) {
	c, ok := o.site.(*ssa.Call)
	if !ok {
		return 0, false
	}
	flags, ok := c.Call.Args[1].(*ssa.Const)
	if !ok {
		return 0, false
	}
	return constant.Int64Val(flags.Value)
}

// emptied reports whether o is a file that is emptied when it is opened once more.
func emptied(o *object) bool {
	if o.lib == nil || named(o.typ) != "os.File" {
		return false
	}
	switch declared(o.lib) {
	case "os.Create", "os.CreateTemp":
		return true
	case "os.OpenFile":
		n, ok := openFlags(o)
		return !ok || n&int64(os.O_TRUNC|os.O_EXCL) != 0
	}
	return false
}

// handleIn looks for something that cannot be saved.
func (d *decider) handleIn(objects []*object) (why string, pos token.Pos) {
	for _, o := range objects {
		if h, ok := handleOf(o); ok && h.cannot != "" {
			if o.site != nil {
				pos = o.site.Pos()
			}
			return h.cannot, pos
		}
	}
	return "", token.NoPos
}

// identity makes state of the candidates that lead to an object that is compared, unless a reference to it is restored as one to the new
// process's: it is what a rebuilt variable's value leads to directly.
func (d *decider) identity(res *Result, candidates map[*types.Var]*object) {
	for changed := true; changed; {
		changed = false
		kept := map[*object]bool{}
		for _, o := range candidates {
			if t := d.targets(o); len(t) == 1 && madeOnce(t[0], o) {
				kept[t[0]] = true
			}
		}
		for _, dec := range res.Decisions {
			o := candidates[dec.Var]
			if o == nil || dec.Handle != "" {
				continue
			}
			for _, x := range d.deep(o) {
				if x.compared && !kept[x] {
					dec.Rebuilt, dec.Why, dec.Pos = false, "a pointer in it is compared, so it must stay the same", token.NoPos
					if x.site != nil {
						dec.Pos = x.site.Pos()
					}
					delete(candidates, dec.Var)
					changed = true
					break
				}
			}
		}
	}
}

// targets lists what the value of variable o may lead to directly, if it leads to one thing.
func (d *decider) targets(o *object) []*object {
	switch o.typ.Underlying().(type) {
	case *types.Pointer, *types.Interface, *types.Map, *types.Chan:
		return d.contents(o)
	}
	return nil
}

// deep lists what the value of variable o leads to, without what it leads to directly. What is in a handle does not count.
func (d *decider) deep(o *object) []*object {
	seen := map[*object]bool{}
	work := d.targets(o)
	if work == nil {
		work = []*object{o}
	}
	var out []*object
	for i := 0; i < len(work); i++ {
		if h, ok := handleOf(work[i]); ok && !h.open {
			continue
		}
		for _, x := range d.contents(work[i]) {
			if !seen[x] && !x.external {
				seen[x] = true
				out = append(out, x)
				work = append(work, x)
			}
		}
	}
	return out
}

// madeOnce reports whether o is made by the initialiser of a package variable, so that there is one of it, and is what the value of variable v is
// a pointer to.
func madeOnce(o, v *object) bool {
	i, ok := o.site.(ssa.Instruction)
	if !ok || i.Parent().Synthetic != "package initializer" {
		return false
	}
	if _, ok := v.typ.Underlying().(*types.Interface); !ok || o.lib != nil {
		return true
	}
	for _, ref := range *o.site.Referrers() {
		if _, ok := ref.(*ssa.MakeInterface); ok {
			return true
		}
	}
	return false
}

// changes lists the assignments to variables of packages that are not compiled, but for those of package flag, which is saved.
func (d *decider) changes() []Change {
	seen := map[Change]bool{}
	var out []Change
	for _, w := range d.writes {
		if w.call != nil || w.init || d.early[w.at.Parent()] {
			continue
		}
		for _, l := range d.nodes[w.addr].set.list {
			g, ok := d.locs[l].obj.site.(*ssa.Global)
			if !ok || !d.locs[l].obj.external || g.Object() == nil || g.Pkg.Pkg.Path() == "flag" {
				continue
			}
			c := Change{posOf(w.at), g.Object().(*types.Var)}
			if !seen[c] {
				seen[c] = true
				out = append(out, c)
			}
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return int(a.Pos) - int(b.Pos) })
	return out
}

// position is posOf, or that of a call if i is in a function that go/ssa has made.
func (d *decider) position(i ssa.Instruction) token.Pos {
	for fn := i.Parent(); fn.Synthetic != "" && fn.Pkg == nil && fn.Origin() == nil; fn = i.Parent() {
		callers := d.p.Callers(fn)
		if len(callers) == 0 || !d.analysed(callers[0].Parent()) || callers[0].Parent() == fn {
			break
		}
		i = callers[0]
	}
	return posOf(i)
}

// posOf returns the first valid position of i or of what follows it in its block, or its function's.
func posOf(i ssa.Instruction) token.Pos {
	after := false
	for _, x := range i.Block().Instrs {
		after = after || x == i
		if after && x.Pos().IsValid() {
			return x.Pos()
		}
	}
	return i.Parent().Pos()
}
