package colour

import (
	"fmt"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ssa"
)

// This file finds how funcs and interfaces flow in a function. The places for values are those of golang.org/x/tools/go/callgraph/vta, so that
// checks and compiler see the same: variables of the function each by itself, and for all of a type together the fields of structs and the elements of slices,
// maps and channels. A pointer to a func or an interface is the same place as what it points to.

// interesting reports whether a value of type t is a func or an interface, or a pointer to one.
func interesting(t types.Type) bool {
	for {
		p, ok := types.Unalias(t).(*types.Pointer)
		if !ok {
			break
		}
		t = p.Elem()
	}
	switch t.Underlying().(type) {
	case *types.Signature, *types.Interface: // of type parameters, too
		return true
	}
	return false
}

func (b *builder) fresh(t types.Type) int32 {
	if !interesting(t) {
		return none
	}
	_, pointer := types.Unalias(t).(*types.Pointer)
	return b.newNode(Node{Kind: local, Pointer: pointer})
}

func (b *builder) newNode(n Node) int32 {
	b.f.Nodes = append(b.f.Nodes, n)
	return int32(len(b.f.Nodes) - 1)
}

// shared is the node of that name.
func (b *builder) shared(name string) int32 {
	n, ok := b.names[name]
	if !ok {
		n = b.newNode(Node{Kind: shared, Text: name})
		b.names[name] = n
	}
	return n
}

// of is the node for what all values of type t hold, in a role.
func (b *builder) of(role string, t types.Type) int32 {
	if role[0] != '.' && !interesting(t) {
		return none
	}
	return b.shared(role + " " + b.key(t))
}

func (b *builder) typed(t types.Type) int32 { return b.newNode(Node{Kind: typed, Text: b.key(t)}) }

// node is the place of a value, none if it does not matter.
func (b *builder) node(v ssa.Value) int32 {
	if n, ok := b.nodes[v]; ok {
		return n
	}
	n := int32(none)
	switch v := v.(type) {
	case *ssa.Const, *ssa.Builtin:
	case *ssa.Global:
		if interesting(v.Type()) {
			n = b.shared("var " + v.String())
		}
	case *ssa.Function:
		n = b.newNode(Node{Kind: holds, Func: b.ref(v)})
	default:
		n = b.fresh(v.Type())
	}
	b.nodes[v] = n
	return n
}

func (b *builder) part(v ssa.Value, i int, t types.Type) int32 {
	p := part{v, i}
	n, ok := b.parts[p]
	if !ok {
		n = b.fresh(t)
		b.parts[p] = n
	}
	return n
}

// edge says that what is in one place comes to another.
func (b *builder) edge(from, to int32) {
	if from != none && to != none && from != to {
		b.f.Edges = append(b.f.Edges, [2]int32{from, to})
	}
}

// same is edge, and the other way round if the values are pointers.
func (b *builder) same(from, to int32, t types.Type) {
	b.edge(from, to)
	if _, ok := types.Unalias(t).(*types.Pointer); ok {
		b.edge(to, from)
	}
}

func (b *builder) flow(i ssa.Instruction) {
	switch i := i.(type) {
	case *ssa.Store:
		b.same(b.node(i.Val), b.node(i.Addr), i.Val.Type())
	case *ssa.UnOp:
		switch i.Op {
		case token.MUL:
			b.same(b.node(i.X), b.node(i), i.Type())
		case token.ARROW:
			if !i.CommaOk { // vta has no edge then, so the compiler does not suspend in calls of these
				t := core(i.X.Type()).(*types.Chan).Elem()
				b.same(b.of("message", t), b.node(i), t)
			}
		}
	case *ssa.MakeInterface:
		b.become(i.X.Type())
		b.edge(b.typed(i.X.Type()), b.node(i))
		b.edge(b.node(i.X), b.node(i))
	case *ssa.ChangeInterface:
		b.edge(b.node(i.X), b.node(i))
	case *ssa.ChangeType:
		b.same(b.node(i.X), b.node(i), i.Type())
	case *ssa.Phi:
		for _, x := range i.Edges {
			b.same(b.node(x), b.node(i), i.Type())
		}
	case *ssa.TypeAssert:
		to := b.results(i)
		b.edge(b.node(i.X), to[0])
	case *ssa.Extract:
		b.same(b.part(i.Tuple, i.Index, i.Type()), b.node(i), i.Type())
	case *ssa.MakeClosure:
		b.closure(i)
	case *ssa.Return:
		for k, r := range i.Results {
			b.edge(b.node(r), b.f.Results[k])
		}
	case *ssa.Panic:
		b.edge(b.node(i.X), b.shared("panic"))
	default:
		b.element(i)
	}
}

func (b *builder) closure(i *ssa.MakeClosure) {
	fn := i.Fn.(*ssa.Function)
	c := Closure{Func: b.ref(fn)}
	b.edge(b.newNode(Node{Kind: holds, Func: c.Func}), b.node(i))
	for _, x := range i.Bindings {
		c.Bindings = append(c.Bindings, b.node(x))
	}
	b.f.Closures = append(b.f.Closures, c)
}

// element is about what goes into and out of structs, slices, maps and channels.
func (b *builder) element(i ssa.Instruction) {
	switch i := i.(type) {
	case *ssa.Field:
		b.edge(b.field(i.X.Type(), i.Field, i.Type()), b.node(i))
	case *ssa.FieldAddr:
		b.both(b.field(core(i.X.Type()).(*types.Pointer).Elem(), i.Field, i.Type()), b.node(i))
	case *ssa.Index:
		b.same(b.of("element", i.Type()), b.node(i), i.Type())
	case *ssa.IndexAddr:
		b.both(b.of("element", core(i.Type()).(*types.Pointer).Elem()), b.node(i))
	case *ssa.Lookup:
		if m, ok := core(i.X.Type()).(*types.Map); ok {
			b.same(b.of("value", m.Elem()), b.results(i)[0], m.Elem())
		}
	case *ssa.MapUpdate:
		m := core(i.Map.Type()).(*types.Map)
		b.same(b.node(i.Key), b.of("key", m.Key()), m.Key())
		b.same(b.node(i.Value), b.of("value", m.Elem()), m.Elem())
	case *ssa.Next:
		if r, ok := i.Iter.(*ssa.Range); ok && !i.IsString {
			m := core(r.X.Type()).(*types.Map)
			b.same(b.of("key", m.Key()), b.part(i, 1, m.Key()), m.Key())
			b.same(b.of("value", m.Elem()), b.part(i, 2, m.Elem()), m.Elem())
		}
	case *ssa.Send:
		b.sent(i.X, i.Chan.Type())
	case *ssa.Select:
		b.selects(i)
	}
}

func (b *builder) both(x, y int32) {
	b.edge(x, y)
	b.edge(y, x)
}

func (b *builder) field(structure types.Type, i int, t types.Type) int32 {
	if !interesting(t) {
		return none
	}
	return b.of(fmt.Sprintf(".%d", i), structure)
}

func (b *builder) sent(v ssa.Value, ch types.Type) {
	t := core(ch).(*types.Chan).Elem()
	b.same(b.node(v), b.of("message", t), t)
}

func (b *builder) selects(i *ssa.Select) {
	n := 2
	for _, s := range i.States {
		if s.Dir == types.SendOnly {
			b.sent(s.Send, s.Chan.Type())
			continue
		}
		t := core(s.Chan.Type()).(*types.Chan).Elem()
		b.same(b.of("message", t), b.part(i, n, t), t)
		n++
	}
}

// core is the underlying type of t; of a type parameter that of the types that it may be.
func core(t types.Type) types.Type {
	if _, ok := types.Unalias(t).(*types.TypeParam); !ok {
		return t.Underlying()
	}
	for e := range t.Underlying().(*types.Interface).EmbeddedTypes() {
		switch e := e.Underlying().(type) {
		case *types.Union:
			return e.Term(0).Type().Underlying()
		case *types.Interface:
			for u := range e.EmbeddedTypes() {
				if u, ok := u.(*types.Union); ok {
					return u.Term(0).Type().Underlying()
				}
			}
		default:
			return e
		}
	}
	return t.Underlying()
}
