package pointsto

import (
	"errors"
	"go/types"
	"iter"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/library"
)

// A Config says what is to be analysed: the compiled part of a program, with a call graph of all of it.
type Config struct {
	Funcs    []*ssa.Function // where the analysis begins, in a fixed order; it goes on to what they call
	Packages []*types.Package
	Compiled func(*ssa.Function) bool
	Callees  func(ssa.CallInstruction) []*ssa.Function
	Callers  func(*ssa.Function) []ssa.CallInstruction

	// Flows: code that is not compiled may store what it is given in other things that it is given, and return from one call what it was
	// given by another. Without Flows a Result has of this only that such code may write: enough to tell what never changes.
	Flows bool
}

// ErrTooLarge is returned for a program whose analysis takes too long.
var ErrTooLarge = errors.New("pointsto: the program is too large")

// A Result says what the values of the program may lead to.
type Result struct {
	Funcs    []*ssa.Function // that were analysed
	Writes   []*Access
	Reads    []*Access // with Config.Flows
	Compared []Pointer // values that are compared with something else
	b        *builder
}

// An Object is memory: of a package variable, of an allocation, or whatever a call of code that is not compiled returns.
type Object struct {
	Site     ssa.Value     // *ssa.Global, or the instruction that makes it; nil: Lib made it, and left it in its arguments
	Type     types.Type    // of the memory: T of a variable or of new(T), a map type, ...; nil: unknown
	Lib      *ssa.Function // the function, which is not compiled, that returned it, or made it
	External bool          // a variable of code that is not compiled, or what its value leads to; or memory of it with which a function is called back

	flat   bool // its fields are not told apart
	id     int  // in the order in which they were made
	whole  locID
	fields []locID // those that were asked for
	all    nodeID  // union of the contents
}

// String says what the object is: "main.v" of a variable of a package, "v" of one in memory of its own, "new", "complit", "makeslice", the name
// of a closure's function, "strings.Split()" of a result.
func (o *Object) String() string {
	switch v := o.Site.(type) {
	case *ssa.Global:
		return v.String()
	case *ssa.Alloc:
		return v.Comment
	case *ssa.MakeMap:
		return "makemap"
	case *ssa.MakeSlice:
		return "makeslice"
	case *ssa.MakeChan:
		return "makechan"
	case *ssa.MakeClosure:
		return v.Fn.String()
	case *ssa.Convert:
		return "convert"
	}
	if b, ok := o.Site.(ssa.CallInstruction); ok && o.Lib == nil {
		if b, ok := b.Common().Value.(*ssa.Builtin); ok {
			return b.Name()
		}
	}
	return library.Name(o.Lib) + "()"
}

// A Label is what a pointer may point to: an object or a field of it.
type Label struct {
	Object *Object
	Field  int // the number of the field; -1: all of the object
}

// A Pointer is a value that may lead to memory.
type Pointer struct {
	s     *solver
	nodes []nodeID // whose union it is
}

// An Access is an instruction that may change, or look at, the memory that an address leads to.
type Access struct {
	Addr    Pointer
	Value   ssa.Value // the address, or what leads to it; nil if there is no such value
	Instr   ssa.Instruction
	What    string        // "is assigned", "is read", "is passed to os.F, which may change it"
	Callee  *ssa.Function // code that is not compiled, which the instruction calls and which does it
	Arg     int           // the number of the argument that Callee is given
	Kept    bool          // Callee may keep the address, and do it later
	Initial bool          // in a call that the initialiser of a package makes, and no other
}

// Analyze analyses a program. The only error is ErrTooLarge.
func Analyze(c *Config) (*Result, error) {
	b := newBuilder(c)
	if !b.solve() {
		return nil, ErrTooLarge
	}
	return &Result{Funcs: b.funcs, Writes: b.writes, Reads: b.reads, Compared: b.compared, b: b}, nil
}

// Analysed reports whether the body of fn is part of the program: it is compiled, or go/ssa has made it to call another function.
func (c *Config) Analysed(fn *ssa.Function) bool {
	if len(fn.Blocks) == 0 || c.Compiled(fn) {
		return len(fn.Blocks) > 0
	}
	if fn.Synthetic == "" || fn.Pkg != nil || fn.Origin() != nil {
		return false
	}
	recv := fn.Signature.Recv()
	if recv == nil { // of a method value or expression
		return true
	}
	// Of a struct without a name that has nothing of the program's in it, it is as if the library had it: it is most often the library's.
	if s, ok := types.Unalias(deref(recv.Type())).(*types.Struct); ok {
		for f := range s.Fields() {
			if f.Embedded() && c.ours(f.Type()) {
				return true
			}
		}
		return false
	}
	return c.ours(recv.Type())
}

// ours reports whether t, or what it points to, is no type with a name of code that is not compiled.
func (c *Config) ours(t types.Type) bool {
	n, ok := types.Unalias(deref(t)).(*types.Named)
	return !ok || n.Obj().Pkg() == nil || slices.Contains(c.Packages, n.Obj().Pkg())
}

func (c *Config) compiledPackage(pkg *ssa.Package) bool {
	return pkg != nil && slices.Contains(c.Packages, pkg.Pkg)
}

// calledBack reports whether code that is not analysed may call fn.
func (c *Config) calledBack(fn *ssa.Function) bool {
	for _, site := range c.Callers(fn) {
		if !c.Analysed(site.Parent()) {
			return true
		}
	}
	return false
}

// Pointer returns what is known of v, in whatever context its function is called. A value of a function that is not analysed leads nowhere.
func (r *Result) Pointer(v ssa.Value) Pointer {
	if r.b.nodesOf == nil {
		r.b.nodesOf = map[ssa.Value][]nodeID{}
		for l, n := range r.b.values {
			r.b.nodesOf[l.v] = append(r.b.nodesOf[l.v], n)
		}
	}
	return Pointer{&r.b.solver, r.b.nodesOf[v]}
}

// Global returns the object of a package variable.
func (r *Result) Global(g *ssa.Global) *Object { return r.b.global(g) }

// Contents lists the objects that pointers in o may lead to.
func (r *Result) Contents(o *Object) []*Object { return r.b.pointer(o.all).PointsTo() }

// Objects lists all objects.
func (r *Result) Objects() []*Object { return r.b.objects }

// Hidden lists what others may reach later by code that is not compiled: what that keeps, and what handles hide.
func (r *Result) Hidden() []*Object { return r.b.pointer(r.b.hidden).PointsTo() }

// Reachable lists the objects that can be reached from some, those first.
func (r *Result) Reachable(from ...*Object) []*Object {
	seen := map[*Object]bool{}
	var list []*Object
	add := func(objects []*Object) {
		for _, o := range objects {
			if !seen[o] {
				seen[o] = true
				list = append(list, o)
			}
		}
	}
	add(from)
	for i := 0; i < len(list); i++ {
		add(r.Contents(list[i]))
	}
	return list
}

func (s *solver) pointer(n nodeID) Pointer { return Pointer{s, []nodeID{n}} }

// Labels are what p may point to, in no order; some may come more than once.
func (p Pointer) Labels() iter.Seq[Label] {
	return func(yield func(Label) bool) {
		for _, n := range p.nodes {
			for _, l := range p.s.locations(n) {
				if x := p.s.locs[l]; !yield(Label{x.obj, int(x.field)}) {
					return
				}
			}
		}
	}
}

// PointsTo lists the objects that p may point to, or into, in the order of the program.
func (p Pointer) PointsTo() []*Object {
	var out []*Object
	for l := range p.Labels() {
		out = append(out, l.Object)
	}
	slices.SortFunc(out, func(a, b *Object) int { return a.id - b.id })
	return slices.Compact(out)
}

// MayAlias reports whether p and q may point to memory that overlaps.
func (p Pointer) MayAlias(q Pointer) bool {
	fields := map[*Object]map[int]bool{}
	for l := range p.Labels() {
		if fields[l.Object] == nil {
			fields[l.Object] = map[int]bool{}
		}
		fields[l.Object][l.Field] = true
	}
	for l := range q.Labels() {
		if f := fields[l.Object]; f[l.Field] || f[whole] || f != nil && l.Field == whole {
			return true
		}
	}
	return false
}
