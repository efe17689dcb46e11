package state

import (
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"
)

// This file makes the constraints of the compiled program, and notes what writes to memory.

// A write is an instruction that changes what its address may lead to.
type write struct {
	addr nodeID
	at   ssa.Instruction
	what string // "is assigned", "is changed", "is passed to os.F, which may change it"
	call *ssa.Function
	kept bool // counts during initialisation, too: the callee may keep the address
	init bool // in a call of an initialiser
}

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
	p       *Program
	values  map[local]nodeID
	results map[local][]nodeID // of functions
	tuples  map[local][]nodeID // results of calls that have several
	bodies  map[body]bool
	queued  map[*ssa.Function]bool
	initial *context               // of what package initialisers call
	ctx     *context               // of the function being turned into constraints
	pure    map[*ssa.Function]bool // see harmless
	todo    []body
	globals map[*ssa.Global]*object

	writes   []*write
	compared []nodeID // what is compared with something else
	world    nodeID   // what code that is not compiled may hold
	raised   nodeID   // values of panics
}

func newBuilder(p *Program) *builder {
	b := &builder{
		solver: solver{edges: map[edge]bool{}}, p: p,
		values:  map[local]nodeID{},
		results: map[local][]nodeID{},
		tuples:  map[local][]nodeID{},
		bodies:  map[body]bool{},
		initial: &context{calls: map[ssa.CallInstruction]*context{}},
		queued:  map[*ssa.Function]bool{},
		pure:    map[*ssa.Function]bool{},
		globals: map[*ssa.Global]*object{},
	}
	b.world, b.raised = b.node(), b.node()
	b.reach(b.world, b.world)
	for _, fn := range p.Funcs {
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

// analysed reports whether the body of fn is part of the program: it is compiled, or go/ssa has made it to call another function.
func (b *builder) analysed(fn *ssa.Function) bool {
	if len(fn.Blocks) == 0 || b.p.Compiled(fn) {
		return len(fn.Blocks) > 0
	}
	if fn.Synthetic == "" || fn.Pkg != nil || fn.Origin() != nil {
		return false
	}
	recv := fn.Signature.Recv()
	if recv == nil { // of a method value or expression
		return true
	}
	n, ok := types.Unalias(deref(recv.Type())).(*types.Named)
	return !ok || n.Obj().Pkg() == nil || slices.Contains(b.p.Packages, n.Obj().Pkg())
}

func (b *builder) visit(fn *ssa.Function, x *context) {
	b.queued[fn] = true
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
			b.add(n, b.loc(b.global(g), whole))
		}
	}
	return n
}

func (b *builder) global(g *ssa.Global) *object {
	o := b.globals[g]
	if o == nil {
		o = b.object(g, deref(g.Type()))
		b.globals[g] = o
		if !b.p.compiledPackage(g.Pkg) && holdsPointers(o.typ) { // what its value leads to
			o.external = true
			to := b.object(g, memoryOf(o.typ))
			to.external = true
			b.add(b.locs[b.loc(o, whole)].content, b.loc(to, whole))
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
	if b.ctx == nil && b.calledBack(fn) {
		for _, v := range fn.Params {
			b.copy(b.world, b.value(v), fits(v.Type()))
		}
		for _, r := range b.resultsOf(fn, nil) {
			b.copy(r, b.world, nil)
		}
	}
	for _, block := range fn.Blocks {
		for _, i := range block.Instrs {
			b.instr(fn, i)
		}
	}
}

// flow lets x flow into v.
func (b *builder) flow(x ssa.Value, v nodeID) {
	if _, ok := x.(*ssa.Const); !ok && holdsPointers(x.Type()) {
		b.copy(b.value(x), v, nil)
	}
}

func (b *builder) fresh(v ssa.Value, t types.Type) *object {
	o := b.object(v, t)
	b.add(b.value(v), b.loc(o, whole))
	return o
}

func (b *builder) writeTo(addr ssa.Value, at ssa.Instruction, what string) {
	if _, ok := addr.(*ssa.Const); !ok {
		b.writes = append(b.writes, &write{addr: b.value(addr), at: at, what: what, init: b.ctx != nil})
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
	case *ssa.Range:
		b.flow(i.X, b.value(i))
	case *ssa.Next:
		if !i.IsString {
			b.load(b.value(i.Iter), b.value(i))
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
			b.copy(parts[i.Index], b.value(i), nil)
		} else if holdsPointers(i.Type()) {
			b.copy(b.value(i.Tuple), b.value(i), nil)
		}
	case ssa.CallInstruction:
		b.call(i)
	case *ssa.IndexAddr, *ssa.Index, *ssa.Field, *ssa.Slice, *ssa.Phi, *ssa.ChangeType, *ssa.ChangeInterface, *ssa.MakeInterface, *ssa.TypeAssert,
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
		b.flow(x, b.locs[b.loc(o, whole)].content)
	}
	if b.analysed(fn) {
		b.visit(fn, nil)
	}
}

// convert is a conversion that may make memory, or hide a pointer.
func (b *builder) convert(i *ssa.Convert) {
	from, to := i.X.Type().Underlying(), i.Type().Underlying()
	switch {
	case isUnsafe(from) || isUnsafe(to):
		b.flow(i.X, b.value(i))
		if isUnsafe(to) {
			b.writes = append(b.writes, &write{addr: b.value(i.X), at: i, what: "becomes an unsafe.Pointer", kept: true, init: b.ctx != nil})
		}
	case isString(from):
		if _, ok := to.(*types.Slice); ok {
			b.fresh(i, i.Type())
		}
	default:
		b.flow(i.X, b.value(i))
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
		b.compared = append(b.compared, b.value(v))
	}
}

// call makes the constraints of a call.
func (b *builder) call(c ssa.CallInstruction) {
	common := c.Common()
	if bi, ok := common.Value.(*ssa.Builtin); ok {
		b.builtin(c, bi.Name(), common.Args)
		return
	}
	args := common.Args
	if common.IsInvoke() {
		args = append([]ssa.Value{common.Value}, args...)
	}
	var parts []nodeID
	v, isValue := c.(*ssa.Call)
	if isValue {
		switch n := common.Signature().Results().Len(); n {
		case 0:
		case 1:
			parts = []nodeID{b.value(v)}
		default:
			for range n {
				parts = append(parts, b.node())
			}
			b.tuples[local{v, b.ctx}] = parts
		}
	}
	callees := b.p.Callees(c)
	var inner *context
	if fn := common.StaticCallee(); fn != nil {
		callees = []*ssa.Function{fn}
		if len(fn.FreeVars) == 0 {
			inner = b.inner(c.Parent(), b.ctx, c)
		}
	}
	callees = inOrder(callees)
	for _, fn := range callees {
		if !b.analysed(fn) {
			b.library(c, fn, args, parts)
			continue
		}
		b.visit(fn, inner)
		for k, x := range args {
			switch {
			case k >= len(fn.Params):
			case k == 0 && common.IsInvoke():
				b.copy(b.value(x), b.valueIn(fn.Params[0], inner), fits(fn.Params[0].Type()))
			default:
				b.flow(x, b.valueIn(fn.Params[k], inner))
			}
		}
		for k, r := range b.resultsOf(fn, inner) {
			if k < len(parts) {
				b.copy(r, parts[k], nil)
			}
		}
	}
	if len(callees) == 0 {
		b.library(c, nil, args, parts)
	}
}

func (b *builder) builtin(c ssa.CallInstruction, name string, args []ssa.Value) {
	v, _ := c.(*ssa.Call)
	switch name {
	case "append":
		if v != nil {
			o := b.fresh(v, v.Type())
			b.flow(args[0], b.value(v))
			if holdsPointers(elemOf(v.Type())) && len(args) > 1 {
				elems := b.node()
				b.load(b.value(args[1]), elems)
				b.copy(elems, b.locs[b.loc(o, whole)].content, nil)
				b.store(elems, b.value(args[0]))
			}
		}
		b.writeTo(args[0], c, "is appended to")
	case "copy":
		if holdsPointers(elemOf(args[0].Type())) {
			elems := b.node()
			b.load(b.value(args[1]), elems)
			b.store(elems, b.value(args[0]))
		}
		b.writeTo(args[0], c, "is copied to")
	case "delete", "clear", "close":
		b.writeTo(args[0], c, "is changed by "+name)
	case "recover":
		if v != nil {
			b.copy(b.raised, b.value(v), nil)
		}
	case "panic":
		b.flow(args[0], b.raised)
	case "Add", "Slice", "SliceData", "String", "StringData", "ssa:wrapnilchk":
		if v != nil {
			b.flow(args[0], b.value(v))
		}
		if name != "ssa:wrapnilchk" {
			b.writeTo(args[0], c, "is given to unsafe."+name)
		}
	}
}
