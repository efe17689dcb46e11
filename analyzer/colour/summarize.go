package colour

import (
	"go/token"
	"go/types"
	"maps"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/suspend"
)

// This file makes the summaries of functions from their SSA form. How values flow is as in flow.go.

// A summarizer makes the summaries of the functions of one package.
type summarizer struct {
	speller
	prog  *ssa.Program
	out   []Function
	types map[string]*Type
	fns   map[string]*ssa.Function // what is in out, or will be
	work  []mention
}

// A mention of a function that go/ssa has made, in a function.
type mention struct {
	fn   *ssa.Function
	name string
	in   int // arity of the function that mentions it
}

// add summarizes fns and the wrappers that they mention.
func (s *summarizer) add(fns []*ssa.Function) {
	for _, fn := range fns {
		s.fns[fn.String()] = fn
	}
	for _, fn := range fns {
		s.out = append(s.out, s.function(fn, fn.String(), arity(fn)))
	}
	for ; len(s.work) > 0; s.work = s.work[1:] {
		w := s.work[0]
		f := s.function(w.fn, w.name, w.in)
		f.Wrapper = true
		s.out = append(s.out, f)
	}
}

// arity is the number of the type parameters of fn or the function that it is nested in.
func arity(fn *ssa.Function) int {
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	return fn.TypeParams().Len()
}

// position spells the place of i for a message.
func (s *speller) position(pos token.Pos) string {
	if !pos.IsValid() {
		return ""
	}
	return flow.Where(s.fset, pos)
}

// A builder makes the summary of one function.
type builder struct {
	*summarizer
	fn    *ssa.Function
	f     *Function
	nodes map[ssa.Value]int32
	parts map[part]int32
	names map[string]int32 // shared nodes
}

// A part is one value of a tuple.
type part struct {
	v ssa.Value
	i int
}

func (s *summarizer) function(fn *ssa.Function, name string, arity int) Function {
	b := &builder{
		summarizer: s, fn: fn, f: &Function{Name: name, Pos: s.position(fn.Pos()), Sig: s.signature(fn.Signature), Arity: arity},
		nodes: map[ssa.Value]int32{}, parts: map[part]int32{}, names: map[string]int32{},
	}
	b.f.Always = compilable.MentionsAlways(fn)
	for _, p := range fn.Params {
		b.f.Params = append(b.f.Params, b.node(p))
	}
	for _, v := range fn.FreeVars {
		b.f.FreeVars = append(b.f.FreeVars, b.node(v))
	}
	for r := range fn.Signature.Results().Variables() {
		b.f.Results = append(b.f.Results, b.fresh(r.Type()))
	}
	n := int32(0)
	for i := range flow.Instructions(fn) {
		b.instr(i, n)
		n++
	}
	return *b.f
}

func (b *builder) instr(i ssa.Instruction, n int32) {
	if op := operation(i); op != "" && !inRuntime(b.fn) {
		b.f.Ops = append(b.f.Ops, Op{b.position(suspend.Position(i)), op, n})
	}
	if c, ok := i.(ssa.CallInstruction); ok {
		b.call(c, n)
	} else {
		b.flow(i)
	}
}

// inRuntime reports whether fn is of the run-time system, which suspends goroutines and is not suspended.
func inRuntime(fn *ssa.Function) bool {
	p := compilable.PackageOf(fn)
	return p != nil && p.Path() == "runtime"
}

// coroswitch hands over between an iterator and who pulls at it. It is a part of the run-time system, and sends and receives where it is compiled along.
const coroswitch = "iter.coroswitch"

// pulls are the functions that are compiled along with another coroswitch.
var pulls = map[string]bool{"iter.Pull": true, "iter.Pull2": true}

// operation is suspend.Operation, with coroswitch.
func operation(i ssa.Instruction) string {
	if c, ok := i.(ssa.CallInstruction); ok {
		if callee := c.Common().StaticCallee(); callee != nil && callee.String() == coroswitch {
			return "chan send"
		}
	}
	return suspend.Operation(i)
}

// signature spells a signature without its receiver.
func (s *summarizer) signature(t *types.Signature) string {
	return s.key(types.NewSignatureType(nil, nil, nil, t.Params(), t.Results(), t.Variadic()))
}

// call notes a call of more than a builtin.
func (b *builder) call(c ssa.CallInstruction, n int32) {
	cc := c.Common()
	v, _ := c.(ssa.Value)
	if f, ok := cc.Value.(*ssa.Builtin); ok {
		if f.Name() == "recover" && v != nil {
			b.edge(b.shared("panic"), b.node(v))
		}
		return
	}
	out := Call{Pos: b.position(c.Pos()), At: n, Value: none}
	_, out.Go = c.(*ssa.Go)
	switch callee := cc.StaticCallee(); {
	case callee != nil && suspend.Primitive(callee) != "":
		return
	case callee != nil:
		ref := b.ref(callee)
		out.Static = &ref
	case cc.IsInvoke():
		out.Method, out.Value = methodID(cc.Method), b.node(cc.Value)
		if _, ok := types.Unalias(cc.Value.Type()).(*types.TypeParam); ok {
			b.edge(b.typed(cc.Value.Type()), out.Value)
		}
	default:
		out.Value, out.Sig = b.node(cc.Value), b.signature(cc.Signature())
	}
	for _, a := range cc.Args {
		out.Args = append(out.Args, b.node(a))
	}
	if v != nil {
		out.Results = b.results(v)
	}
	b.f.Calls = append(b.f.Calls, out)
}

func (b *builder) results(v ssa.Value) []int32 {
	t, ok := v.Type().(*types.Tuple)
	if !ok {
		return []int32{b.node(v)}
	}
	var out []int32
	for i := range t.Len() {
		out = append(out, b.part(v, i, t.At(i).Type()))
	}
	return out
}

// ref names fn.
func (b *builder) ref(fn *ssa.Function) Ref {
	if o := fn.Origin(); o != nil {
		r := Ref{Name: o.String()}
		for _, t := range fn.TypeArgs() {
			r.Args = append(r.Args, b.key(t))
			b.become(t)
		}
		return r
	}
	if fn.Parent() != nil {
		return Ref{fn.String(), identity(arity(fn))}
	}
	if fn.Synthetic == "" || fn.Pkg != nil || len(fn.Blocks) == 0 {
		return Ref{Name: fn.String()}
	}
	r := Ref{fn.String(), identity(b.f.Arity)}
	if b.f.Arity > 0 { // its name has the names of the type parameters only
		r.Name += " in " + b.f.Name
	}
	if b.fns[r.Name] == nil {
		b.fns[r.Name] = fn
		b.work = append(b.work, mention{fn, r.Name, b.f.Arity})
	}
	return r
}

// become notes the methods of a type of which an interface may hold values.
func (b *builder) become(t types.Type) {
	k := b.key(t)
	if _, ok := b.types[k]; ok || types.IsInterface(t) {
		return
	}
	b.types[k] = nil
	set := b.prog.MethodSets.MethodSet(t)
	if set.Len() == 0 {
		return
	}
	out := &Type{Key: k}
	for sel := range set.Methods() {
		m := sel.Obj().(*types.Func)
		if fn := b.prog.MethodValue(sel); fn != nil {
			out.Methods = append(out.Methods, Method{methodID(m), b.ref(fn)})
		} else if len(sel.Index()) == 1 {
			out.Methods = append(out.Methods, Method{methodID(m), b.generic(m)})
		}
	}
	b.types[k] = out
}

// sorted lists the types that have methods.
func (s *summarizer) sorted() (out []Type) {
	for _, k := range slices.Sorted(maps.Keys(s.types)) {
		if t := s.types[k]; t != nil {
			out = append(out, *t)
		}
	}
	return out
}

// generic names a method of a generic type whose arguments are not all known.
func (b *builder) generic(m *types.Func) Ref {
	r := Ref{Name: m.Origin().FullName()}
	if fn := b.prog.FuncValue(m.Origin()); fn != nil {
		r.Name = fn.String()
	}
	recv := types.Unalias(m.Signature().Recv().Type())
	if p, ok := recv.(*types.Pointer); ok {
		recv = types.Unalias(p.Elem())
	}
	if t, ok := recv.(*types.Named); ok {
		for a := range t.TypeArgs().Types() {
			r.Args = append(r.Args, b.key(a))
		}
	}
	return r
}
