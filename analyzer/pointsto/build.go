package pointsto

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/library"
)

// This file makes the constraints of the program, and notes what writes to memory.

// A context is a chain of static calls from the initialiser of a package. Functions are analysed once for each, so that helpers like must(x, err)
// keep the values apart that they are given for different variables. Everything else shares the nil context.
type context struct {
	calls map[ssa.CallInstruction]*context
	depth int
}

// maxDepth is how long a context may be.
const maxDepth = 3

// inner is the context of a static call at c, made in context x of a function fn.
func (b *builder) inner(fn *ssa.Function, x *context, c ssa.CallInstruction) *context {
	if x == nil {
		if fn.Synthetic != "package initializer" {
			return nil
		}
		x = b.initial
	}
	if _, ok := c.(*ssa.Call); !ok || x.depth == maxDepth {
		return nil
	}
	if x.calls[c] == nil {
		x.calls[c] = &context{calls: map[ssa.CallInstruction]*context{}, depth: x.depth + 1}
	}
	return x.calls[c]
}

// A local is a value, or the results of a function, in one context.
type local struct {
	v ssa.Value
	x *context
}

// A body is a function to be analysed in one context.
type body struct {
	fn *ssa.Function
	x  *context
}

// A builder turns functions into constraints.
type builder struct {
	solver
	c       *Config
	model   library.Model
	values  map[local]nodeID
	results map[local][]nodeID // of functions
	tuples  map[local][]nodeID // results of calls that have several
	bodies  map[body]bool
	queued  map[*ssa.Function]bool
	initial *context // of what package initialisers call
	ctx     *context // of the function being turned into constraints
	todo    []body
	globals map[*ssa.Global]*Object
	calling map[*ssa.Function]bool // see callsBack
	nodesOf map[ssa.Value][]nodeID // values in all contexts, once somebody asks

	funcs    []*ssa.Function // that were turned into constraints
	writes   []*Access
	reads    []*Access
	compared []Pointer // what is compared with something else
	world    nodeID    // what code that is not compiled is given
	kept     nodeID    // what of it may be kept
	hidden   nodeID    // that, and what may be reached by others later, as it is in a handle
	answered nodeID    // what functions that such code calls return to it, or store in its memory
	raised   nodeID    // values of panics
}

func newBuilder(c *Config) *builder {
	b := &builder{
		c:       c,
		model:   library.Model{Callees: c.Callees, Analysed: c.Analysed},
		values:  map[local]nodeID{},
		results: map[local][]nodeID{},
		tuples:  map[local][]nodeID{},
		bodies:  map[body]bool{},
		initial: &context{calls: map[ssa.CallInstruction]*context{}},
		queued:  map[*ssa.Function]bool{},
		globals: map[*ssa.Global]*Object{},
		calling: map[*ssa.Function]bool{},
	}
	for _, n := range []*nodeID{&b.raised, &b.world, &b.kept, &b.hidden, &b.answered} {
		*n = b.node()
	}
	for _, n := range []nodeID{b.world, b.kept, b.answered} {
		b.reach(n, n)
	}
	b.copy(b.answered, b.kept)
	b.copy(b.kept, b.hidden)
	for _, fn := range c.Funcs {
		b.visit(fn, nil)
	}
	for len(b.todo) > 0 {
		next := b.todo[0]
		b.todo = b.todo[1:]
		b.ctx = next.x
		b.function(next.fn)
	}
	b.ctx = nil
	return b
}

func (b *builder) visit(fn *ssa.Function, x *context) {
	if !b.queued[fn] {
		b.queued[fn] = true
		b.funcs = append(b.funcs, fn)
	}
	if next := (body{fn, x}); !b.bodies[next] {
		b.bodies[next] = true
		b.todo = append(b.todo, next)
	}
}

// value is the node of v in the present context.
func (b *builder) value(v ssa.Value) nodeID { return b.valueIn(v, b.ctx) }

func (b *builder) valueIn(v ssa.Value, x *context) nodeID {
	if _, ok := v.(*ssa.Global); ok {
		x = nil
	}
	n, ok := b.values[local{v, x}]
	if !ok {
		n = b.node()
		b.values[local{v, x}] = n
		if g, ok := v.(*ssa.Global); ok {
			b.add(n, b.global(g).whole)
		}
	}
	return n
}

func (b *builder) global(g *ssa.Global) *Object {
	o := b.globals[g]
	if o == nil {
		o = b.object(g, deref(g.Type()))
		b.globals[g] = o
		if !b.c.compiledPackage(g.Pkg) && holdsPointers(o.Type) { // what its value leads to
			o.External = true
			to := b.object(g, memoryOf(o.Type))
			to.External = true
			b.add(b.content(o), to.whole)
		}
	}
	return o
}

func (b *builder) resultsOf(fn *ssa.Function, x *context) []nodeID {
	r, ok := b.results[local{fn, x}]
	if !ok {
		for range fn.Signature.Results().Len() {
			r = append(r, b.node())
		}
		b.results[local{fn, x}] = r
	}
	return r
}

func (b *builder) function(fn *ssa.Function) {
	if b.ctx == nil && b.c.calledBack(fn) {
		for _, v := range fn.Params {
			b.copyFitting(b.world, b.value(v), v.Type())
			b.theirs(v)
		}
		for _, r := range b.resultsOf(fn, nil) {
			b.copy(r, b.world)
			b.copy(r, b.answered)
		}
	}
	for _, block := range fn.Blocks {
		for _, i := range block.Instrs {
			b.instr(fn, i)
		}
	}
}

// theirs lets parameter v of a function that is called back lead to memory of code that is not compiled, of a type of that code, as an option function's does.
func (b *builder) theirs(v *ssa.Parameter) {
	p, ok := v.Type().Underlying().(*types.Pointer)
	if !ok || !b.c.Flows || !holdsPointers(p.Elem()) {
		return
	}
	n, ok := types.Unalias(p.Elem()).(*types.Named)
	if !ok || n.Obj().Pkg() == nil || slices.Contains(b.c.Packages, n.Obj().Pkg()) {
		return
	}
	o := b.object(v, p.Elem())
	o.External, o.flat = true, true
	b.add(b.value(v), o.whole)
	b.copy(b.world, o.all)
	b.copy(b.content(o), b.answered)
}

// flow lets x flow into v.
func (b *builder) flow(x ssa.Value, v nodeID) {
	if _, ok := x.(*ssa.Const); !ok && holdsPointers(x.Type()) {
		b.copy(b.value(x), v)
	}
}

func (b *builder) fresh(v ssa.Value, t types.Type) *Object {
	o := b.object(v, t)
	b.add(b.value(v), o.whole)
	return o
}

func (b *builder) writeTo(addr ssa.Value, at ssa.Instruction, what string) {
	if _, ok := addr.(*ssa.Const); !ok {
		b.write(addr, b.value(addr), at, what)
	}
}

// write notes a change of what addr leads to, which is or comes from v.
func (b *builder) write(v ssa.Value, addr nodeID, at ssa.Instruction, what string) *Access {
	w := &Access{Addr: b.pointer(addr), Value: v, Instr: at, What: what, Initial: b.ctx != nil}
	b.writes = append(b.writes, w)
	return w
}

// read is write of a look. Without Config.Flows nobody asks for these.
func (b *builder) read(v ssa.Value, addr nodeID, at ssa.Instruction, what string) *Access {
	r := &Access{Addr: b.pointer(addr), Value: v, Instr: at, What: what, Initial: b.ctx != nil}
	if b.c.Flows {
		b.reads = append(b.reads, r)
	}
	return r
}

func (b *builder) readFrom(addr ssa.Value, at ssa.Instruction, what string) {
	if _, ok := addr.(*ssa.Const); !ok && holdsPointers(addr.Type()) {
		b.read(addr, b.value(addr), at, what)
	}
}

func (b *builder) storeTo(v ssa.Value, addr nodeID) {
	if _, ok := v.(*ssa.Const); !ok && holdsPointers(v.Type()) {
		b.store(b.value(v), addr)
	}
}

func (b *builder) loadFrom(addr ssa.Value, v ssa.Value) {
	if holdsPointers(v.Type()) {
		b.load(b.value(addr), b.value(v))
	}
}

func (b *builder) instr(fn *ssa.Function, i ssa.Instruction) {
	switch i := i.(type) {
	case *ssa.Alloc:
		b.fresh(i, deref(i.Type()))
	case *ssa.MakeMap:
		b.fresh(i, i.Type())
	case *ssa.MakeSlice:
		b.fresh(i, i.Type())
	case *ssa.MakeChan:
		b.fresh(i, i.Type())
	case *ssa.MakeClosure:
		b.closure(i)
	case *ssa.UnOp:
		switch i.Op {
		case token.MUL:
			b.loadFrom(i.X, i)
			b.readFrom(i.X, i, "is read")
		case token.ARROW:
			b.loadFrom(i.X, i)
			b.writeTo(i.X, i, "is received from")
		}
	case *ssa.BinOp:
		b.compare(i)
	case *ssa.Store:
		b.storeTo(i.Val, b.value(i.Addr))
		b.writeTo(i.Addr, i, "is assigned")
	case *ssa.MapUpdate:
		b.storeTo(i.Key, b.value(i.Map))
		b.storeTo(i.Value, b.value(i.Map))
		b.key(i.Key)
		b.writeTo(i.Map, i, "is written")
	case *ssa.Lookup:
		b.loadFrom(i.X, i)
		b.readFrom(i.X, i, "is read")
		b.key(i.Index)
	case *ssa.Send:
		b.storeTo(i.X, b.value(i.Chan))
		b.writeTo(i.Chan, i, "is sent to")
	case *ssa.Select:
		for _, st := range i.States {
			if st.Dir == types.SendOnly {
				b.storeTo(st.Send, b.value(st.Chan))
				b.writeTo(st.Chan, i, "is sent to")
			} else {
				b.load(b.value(st.Chan), b.value(i))
				b.writeTo(st.Chan, i, "is received from")
			}
		}
	case *ssa.FieldAddr:
		b.fieldOf(b.value(i.X), i.Field, b.value(i))
	case *ssa.ChangeType:
		if p, ok := i.Type().Underlying().(*types.Pointer); ok {
			b.converted.Set(p.Elem(), true)
		}
		b.flow(i.X, b.value(i))
	case *ssa.TypeAssert:
		b.copyFitting(b.value(i.X), b.value(i), i.AssertedType)
	case *ssa.Range:
		b.flow(i.X, b.value(i))
	case *ssa.Next:
		if !i.IsString {
			b.load(b.value(i.Iter), b.value(i))
			b.readFrom(i.Iter, i, "is ranged over")
		}
	case *ssa.Convert:
		b.convert(i)
	case *ssa.Return:
		for k, v := range i.Results {
			b.flow(v, b.resultsOf(fn, b.ctx)[k])
		}
	case *ssa.Panic:
		b.flow(i.X, b.raised)
	case *ssa.Extract:
		if parts := b.tuples[local{i.Tuple, b.ctx}]; parts != nil {
			b.copy(parts[i.Index], b.value(i))
		} else if holdsPointers(i.Type()) {
			b.copy(b.value(i.Tuple), b.value(i))
		}
	case ssa.CallInstruction:
		b.call(i)
	case *ssa.IndexAddr, *ssa.Index, *ssa.Field, *ssa.Slice, *ssa.Phi, *ssa.ChangeInterface, *ssa.MakeInterface,
		*ssa.SliceToArrayPointer, *ssa.MultiConvert:
		v := i.(ssa.Value)
		for _, x := range copied(i) {
			b.flow(x, b.value(v))
		}
	}
}

// copied lists the operands whose pointers i passes on.
func copied(i ssa.Instruction) []ssa.Value {
	switch i := i.(type) {
	case *ssa.IndexAddr:
		return []ssa.Value{i.X}
	case *ssa.Index:
		return []ssa.Value{i.X}
	case *ssa.Slice:
		return []ssa.Value{i.X}
	case *ssa.Phi:
		return i.Edges
	}
	return []ssa.Value{*i.Operands(nil)[0]}
}

func (b *builder) closure(i *ssa.MakeClosure) {
	o := b.fresh(i, i.Type())
	fn := i.Fn.(*ssa.Function)
	for k, x := range i.Bindings {
		b.flow(x, b.valueIn(fn.FreeVars[k], nil))
		b.flow(x, b.content(o))
	}
	if b.c.Analysed(fn) {
		b.visit(fn, nil)
	}
}

// convert is a conversion that may make memory, or hide a pointer.
func (b *builder) convert(i *ssa.Convert) {
	from, to := i.X.Type().Underlying(), i.Type().Underlying()
	switch {
	case library.IsUnsafePointer(from) || library.IsUnsafePointer(to):
		b.flow(i.X, b.value(i))
		if library.IsUnsafePointer(to) {
			b.write(i.X, b.value(i.X), i, "becomes an unsafe.Pointer").Kept = true
			b.copy(b.value(i.X), b.kept)
		}
	case isString(from):
		if _, ok := to.(*types.Slice); ok {
			b.fresh(i, i.Type())
		}
	default:
		b.flow(i.X, b.value(i))
		if isString(to) {
			b.readFrom(i.X, i, "is read")
		}
	}
}

func (b *builder) compare(i *ssa.BinOp) {
	if i.Op != token.EQL && i.Op != token.NEQ || isNil(i.X) || isNil(i.Y) {
		return
	}
	b.key(i.X)
	b.key(i.Y)
}

// key notes that v is compared.
func (b *builder) key(v ssa.Value) {
	if _, ok := v.(*ssa.Const); !ok && holdsPointers(v.Type()) {
		b.compared = append(b.compared, b.pointer(b.value(v)))
	}
}
