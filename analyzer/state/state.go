package state

import (
	"go/constant"
	"go/token"
	"go/types"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/pointsto"
	"github.com/harkgen/harkgen/analyzer/suspend"
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
	Written bool // it, or what it leads to, may be written after initialisation, or its initialisation is part of the program
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
	res := &Result{byVar: map[*types.Var]*Decision{}}
	d := newDecider(p)
	candidates := map[*types.Var]*pointsto.Object{}
	for _, pkg := range p.Packages {
		for _, name := range pkg.Scope().Names() {
			v, ok := pkg.Scope().Lookup(name).(*types.Var)
			if !ok {
				continue
			}
			dec := &Decision{Var: v, Written: d == nil, Why: "the program is too large to tell what changes it"}
			if d != nil {
				d.decide(dec)
			}
			if dec.Rebuilt {
				candidates[v] = d.Global(d.globalOf(v))
			}
			res.Decisions = append(res.Decisions, dec)
			res.byVar[v] = dec
		}
	}
	if d != nil {
		d.identity(res, candidates)
		res.Changes = d.changes()
	}
	return res
}

type decider struct {
	*pointsto.Result
	p     *Program
	conf  *pointsto.Config
	early map[*ssa.Function]bool
	known map[*ssa.Global]*verdict
	notes map[*pointsto.Object]*notes
}

// notes says what happens to an object.
type notes struct {
	writes   []*pointsto.Access
	early    []*pointsto.Access // that run during initialisation only
	compared bool
}

// newDecider analyses p; nil: p is too large.
func newDecider(p *Program) *decider {
	d := &decider{
		p:     p,
		conf:  &pointsto.Config{Funcs: p.Funcs, Packages: p.Packages, Compiled: p.Compiled, Callees: p.Callees, Callers: p.Callers},
		known: map[*ssa.Global]*verdict{},
		notes: map[*pointsto.Object]*notes{},
	}
	var err error
	if d.Result, err = pointsto.Analyze(d.conf); err != nil {
		return nil
	}
	d.early = d.earlyFunctions()
	d.mark()
	return d
}

func (d *decider) of(o *pointsto.Object) *notes {
	n := d.notes[o]
	if n == nil {
		n = &notes{}
		d.notes[o] = n
	}
	return n
}

func (p *Program) compiledPackage(pkg *ssa.Package) bool {
	return pkg != nil && slices.Contains(p.Packages, pkg.Pkg)
}

// inOrder sorts functions by where they stand; the call graph has them in the order of a map.
func inOrder(fns []*ssa.Function) []*ssa.Function {
	fns = slices.Clone(fns)
	slices.SortFunc(fns, func(a, b *ssa.Function) int { return strings.Compare(a.String(), b.String()) })
	return fns
}

// earlyFunctions are those that run during the initialisation of packages only: the largest set all of whose callers are in it.
func (d *decider) earlyFunctions() map[*ssa.Function]bool {
	early := map[*ssa.Function]bool{}
	for _, fn := range d.Funcs {
		early[fn] = true
	}
	for changed := true; changed; {
		changed = false
		for fn := range early {
			if isInit(fn) && !(fn.Pkg != nil && d.p.Once(fn.Pkg.Pkg)) {
				continue
			}
			if isInit(fn) || !d.calledEarly(fn, early) {
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

func (d *decider) calledEarly(fn *ssa.Function, early map[*ssa.Function]bool) bool {
	callers := d.p.Callers(fn)
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
	for _, w := range d.Writes {
		early := w.Initial || d.early[w.Instr.Parent()]
		for l := range w.Addr.Labels() {
			o := l.Object
			if o.External || !changes(w, o) {
				continue
			}
			n := d.of(o)
			if _, ok := handleOf(o); early && (ok || !w.Kept) {
				n.early = append(n.early, w)
			} else {
				n.writes = append(n.writes, w)
			}
		}
	}
	for _, p := range d.Compared {
		for l := range p.Labels() {
			d.of(l.Object).compared = true
		}
	}
}

func (d *decider) comparePos(a, b ssa.Instruction) int {
	p, q := d.p.SSA.Fset.Position(suspend.Position(a)), d.p.SSA.Fset.Position(suspend.Position(b))
	if c := strings.Compare(p.Filename, q.Filename); c != 0 {
		return c
	}
	return p.Offset - q.Offset
}

// changes reports whether w, which may reach o, counts as a change of it.
func changes(w *pointsto.Access, o *pointsto.Object) bool {
	if library.Unchanging(o.Lib) {
		return false
	}
	h, ok := handleOf(o)
	if !ok || w.Callee == nil {
		return true
	}
	if w.Callee.Signature.Recv() == nil {
		return false // log.SetOutput(x) does not change x
	}
	if t := deref(w.Callee.Signature.Recv().Type()); !types.IsInterface(t) && !types.IsInterface(o.Type) && library.TypeName(t) != library.TypeName(o.Type) {
		return false // a method of something else, which o may only seem to be
	}
	name := w.Callee.Name()
	if library.TypeName(o.Type) == "os.File" && appends(o) {
		return library.Words("Read ReadFrom ReadDir Seek Truncate Close")[name]
	}
	return h.Sets(name)
}

// appends reports whether file o was opened for appending: opened once more it goes on where it was.
func appends(o *pointsto.Object) bool {
	if o.Lib == nil || library.Declared(o.Lib) != "os.OpenFile" {
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
		dec.Written, dec.Why = true, "its package is initialised as part of the program, once"
		return
	}
	g := d.globalOf(v)
	if g == nil {
		dec.Why = "it is not in the program"
		return
	}
	o := d.Global(g)
	objects := d.inside(o)
	dec.Handle, dec.Pos = d.handleIn(objects)
	for _, x := range objects {
		if writes := d.of(x).writes; len(writes) > 0 {
			w := slices.MinFunc(writes, func(a, b *pointsto.Access) int { return d.comparePos(a.Instr, b.Instr) })
			dec.Written, dec.Pos, dec.Why = true, d.position(w.Instr), "it "+w.What
			if x != o {
				dec.Why = "what it leads to " + w.What
			}
			return
		}
	}
	for _, x := range objects {
		if emptied(x) {
			dec.Pos, dec.Why = x.Site.Pos(), "it holds a file that is emptied when it is opened again"
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

// inside lists what can be reached from o, without variables of code that is not compiled, and what that code has made and a handle hides.
func (d *decider) inside(o *pointsto.Object) []*pointsto.Object {
	list := []*pointsto.Object{o}
	seen := map[*pointsto.Object]bool{o: true}
	for i := 0; i < len(list); i++ {
		h, ok := handleOf(list[i])
		hides := ok && h.Cannot != "" && !h.Open
		for _, x := range d.Contents(list[i]) {
			if !seen[x] && !x.External && !(hides && x.Lib != nil) {
				seen[x] = true
				list = append(list, x)
			}
		}
	}
	return list
}

// handleOf returns what is known of o's type.
func handleOf(o *pointsto.Object) (library.Handle, bool) {
	if o.Type == nil {
		return library.Handle{}, false
	}
	if _, ok := o.Type.Underlying().(*types.Interface); ok && o.Lib == nil {
		return library.Handle{}, false // a variable that may lead to a handle
	}
	return library.HandleOf(o.Type)
}

// openFlags returns the flags of the os.OpenFile that made o.
func openFlags(o *pointsto.Object) (int64, bool) {
	c, ok := o.Site.(*ssa.Call)
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
func emptied(o *pointsto.Object) bool {
	if o.Lib == nil || library.TypeName(o.Type) != "os.File" {
		return false
	}
	switch library.Declared(o.Lib) {
	case "os.Create", "os.CreateTemp":
		return true
	case "os.OpenFile":
		n, ok := openFlags(o)
		return !ok || n&int64(os.O_TRUNC|os.O_EXCL) != 0
	}
	return false
}

// handleIn looks for something that cannot be saved.
func (d *decider) handleIn(objects []*pointsto.Object) (why string, pos token.Pos) {
	for _, o := range objects {
		if h, ok := handleOf(o); ok && h.Cannot != "" {
			if o.Site != nil {
				pos = o.Site.Pos()
			}
			return h.Cannot, pos
		}
	}
	return "", token.NoPos
}

// identity makes state of the candidates that lead to an object that is compared, unless a reference to it is restored as one to the new
// process's: it is what a rebuilt variable's value leads to directly.
func (d *decider) identity(res *Result, candidates map[*types.Var]*pointsto.Object) {
	for changed := true; changed; {
		changed = false
		kept := map[*pointsto.Object]bool{}
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
				if d.of(x).compared && !kept[x] {
					dec.Rebuilt, dec.Why, dec.Pos = false, "a pointer in it is compared, so it must stay the same", token.NoPos
					if x.Site != nil {
						dec.Pos = x.Site.Pos()
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
func (d *decider) targets(o *pointsto.Object) []*pointsto.Object {
	switch o.Type.Underlying().(type) {
	case *types.Pointer, *types.Interface, *types.Map, *types.Chan:
		return d.Contents(o)
	}
	return nil
}

// deep lists what the value of variable o leads to, without what it leads to directly. What is in a handle does not count.
func (d *decider) deep(o *pointsto.Object) []*pointsto.Object {
	seen := map[*pointsto.Object]bool{}
	work := d.targets(o)
	if work == nil {
		work = []*pointsto.Object{o}
	}
	var out []*pointsto.Object
	for i := 0; i < len(work); i++ {
		if h, ok := handleOf(work[i]); ok && !h.Open {
			continue
		}
		for _, x := range d.Contents(work[i]) {
			if !seen[x] && !x.External {
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
func madeOnce(o, v *pointsto.Object) bool {
	i, ok := o.Site.(ssa.Instruction)
	if !ok || i.Parent().Synthetic != "package initializer" {
		return false
	}
	if _, ok := v.Type.Underlying().(*types.Interface); !ok || o.Lib != nil {
		return true
	}
	for _, ref := range *o.Site.Referrers() {
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
	for _, w := range d.Writes {
		if w.Callee != nil || w.Initial || d.early[w.Instr.Parent()] {
			continue
		}
		for l := range w.Addr.Labels() {
			g, ok := l.Object.Site.(*ssa.Global)
			if !ok || !l.Object.External || g.Object() == nil || g.Pkg.Pkg.Path() == "flag" || library.Communicates(w.Instr) {
				continue // a channel operation changes no variable, whatever else the channel may be as far as the analysis knows
			}
			if w.Value != nil && !mayChange(w.Value.Type(), l.Object.Type) {
				continue // so say the types, which the analysis does not mind
			}
			c := Change{suspend.Position(w.Instr), g.Object().(*types.Var)}
			if !seen[c] {
				seen[c] = true
				out = append(out, c)
			}
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return int(a.Pos) - int(b.Pos) })
	return out
}

// mayChange reports whether memory of type t may be changed through a value of type v: a pointer, a slice, a map. Of a nil t nothing is known.
func mayChange(v, t types.Type) bool {
	if t == nil {
		return true
	}
	switch u := v.Underlying().(type) {
	case *types.Pointer:
		return within(t, func(x types.Type) bool { return types.Identical(x.Underlying(), u.Elem().Underlying()) })
	case *types.Slice:
		return within(t, func(x types.Type) bool {
			e, ok := x.Underlying().(interface{ Elem() types.Type })
			return ok && types.Identical(e.Elem(), u.Elem())
		})
	}
	return types.Identical(v.Underlying(), t.Underlying())
}

// within reports whether is holds for t or what is in it.
func within(t types.Type, is func(types.Type) bool) bool {
	if is(t) {
		return true
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for f := range u.Fields() {
			if within(f.Type(), is) {
				return true
			}
		}
	case *types.Array:
		return within(u.Elem(), is)
	case *types.Slice: // the memory of its elements
		return within(u.Elem(), is)
	}
	return false
}

// position is where i stands, or a call if i is in a function that go/ssa has made.
func (d *decider) position(i ssa.Instruction) token.Pos {
	for fn := i.Parent(); fn.Synthetic != "" && fn.Pkg == nil && fn.Origin() == nil; fn = i.Parent() {
		callers := d.p.Callers(fn)
		if len(callers) == 0 || !d.conf.Analysed(callers[0].Parent()) || callers[0].Parent() == fn {
			break
		}
		i = callers[0]
	}
	return suspend.Position(i)
}

func deref(t types.Type) types.Type {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}
