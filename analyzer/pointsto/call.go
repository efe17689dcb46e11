package pointsto

import (
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
)

// This file makes the constraints of calls: of functions of the program, of builtin ones, and of code that is not compiled.

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
	callees := b.c.Callees(c)
	var inner *context
	if fn := common.StaticCallee(); fn != nil {
		callees = []*ssa.Function{fn}
		if len(fn.FreeVars) == 0 {
			inner = b.inner(c.Parent(), b.ctx, c)
		}
	}
	callees = inOrder(callees)
	for _, fn := range callees {
		if !b.c.Analysed(fn) {
			b.library(c, fn, args, parts)
			continue
		}
		b.visit(fn, inner)
		for k, x := range args {
			switch {
			case k >= len(fn.Params):
			case k == 0 && common.IsInvoke():
				b.copyFitting(b.value(x), b.valueIn(fn.Params[0], inner), fn.Params[0].Type())
			default:
				b.flow(x, b.valueIn(fn.Params[k], inner))
			}
		}
		for k, r := range b.resultsOf(fn, inner) {
			if k < len(parts) {
				b.copy(r, parts[k])
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
				b.copy(elems, b.content(o))
				b.store(elems, b.value(args[0]))
			}
		}
		b.writeTo(args[0], c, "is appended to")
		if len(args) > 1 {
			b.readFrom(args[1], c, "is read")
		}
	case "copy":
		if holdsPointers(elemOf(args[0].Type())) {
			elems := b.node()
			b.load(b.value(args[1]), elems)
			b.store(elems, b.value(args[0]))
		}
		b.writeTo(args[0], c, "is copied to")
		b.readFrom(args[1], c, "is read")
	case "delete", "clear", "close":
		b.writeTo(args[0], c, "is changed by "+name)
	case "len":
		if _, ok := args[0].Type().Underlying().(*types.Map); ok {
			b.readFrom(args[0], c, "is read")
		}
	case "recover":
		if v != nil {
			b.copy(b.raised, b.value(v))
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

// library makes the constraints of a call of fn, which is not compiled; parts are the results.
func (b *builder) library(c ssa.CallInstruction, fn *ssa.Function, args []ssa.Value, parts []nodeID) {
	if b.c.Flows && library.Synchronises(fn) {
		b.synchronise(c, fn, args)
		return
	}
	eff := b.model.Effect(fn)
	eff.Answers = eff.Answers || b.c.Flows && !eff.Keeps && b.callsBack(fn)
	given, made := b.node(), b.made(fn, eff)
	b.reach(given, given)
	for k, x := range args {
		if _, ok := x.(*ssa.Const); ok || !holdsPointers(x.Type()) {
			continue
		}
		arg := b.node()
		b.copy(b.value(x), arg)
		if !closed(fn, k, x) {
			b.reach(arg, arg)
		}
		if !eff.Apart || library.TypeName(x.Type()) == "context.Context" {
			b.copy(arg, given)
		}
		b.copy(arg, b.world) // it may be called back with it
		if eff.Keeps {
			b.copy(arg, b.kept)
		} else if library.Hides(fn) {
			b.copy(arg, b.hidden)
		}
		if eff.Writes(k) {
			addr := arg
			if eff.Shallow {
				addr = b.value(x)
			}
			w := b.write(x, addr, c, "is passed to "+library.Name(fn)+", which may change it")
			w.Callee, w.Arg, w.Kept = fn, k, eff.Keeps
			if (eff.Stores || b.c.Flows) && filled(x.Type()) && !closed(fn, k, x) {
				if !eff.Apart {
					b.store(given, addr)
				}
				b.store(made, addr)
			}
		}
		r := b.read(x, arg, c, "is passed to "+library.Name(fn))
		r.Callee, r.Arg, r.Kept = fn, k, eff.Keeps
		if _, ok := x.Type().Underlying().(*types.Interface); ok && !library.ComparesNothing(fn) {
			b.compared = append(b.compared, b.pointer(b.value(x)))
		}
	}
	if v := c.Common().Value; !c.Common().IsInvoke() && c.Common().StaticCallee() == nil && fn != nil && library.Standard(library.PathOf(fn)) {
		held := b.node() // what was given to what made the function
		b.copy(b.value(v), held)
		b.reach(held, held)
		b.read(v, held, c, "is used by "+library.Name(fn)).Callee = fn
	}
	kept := b.kept
	if c.Common().StaticCallee() == nil && !c.Common().IsInvoke() { // what made the function may have left something in it
		kept = b.world
	}
	for k, r := range parts {
		t := c.Common().Signature().Results().At(k).Type()
		if !holdsPointers(t) {
			continue
		}
		o := b.object(c.Value(), memoryOf(t))
		o.Lib = fn
		b.add(r, o.whole)
		switch {
		case (eff.Apart || eff.Errors) && library.IsError(t):
			b.copy(b.made(fn, eff), b.content(o)) // not of what the other results lead to
			if eff.Apart {
				b.copy(given, b.content(o))
			}
		case eff.Apart:
			b.apart(o, given, made)
		default:
			b.copy(given, b.content(o))
			if !eff.Fresh {
				b.copyFitting(given, r, t)
			}
		}
		if b.c.Flows && eff.Answers {
			b.copyFitting(b.answered, r, t)
			b.copy(b.answered, b.content(o))
		}
		if b.c.Flows && (eff.Keeps || eff.Recalls || iterates(fn)) {
			b.copyFitting(kept, r, t)
			b.copy(kept, b.content(o))
		}
	}
}

// callsBack reports whether fn, which is not compiled, may call a function of the program.
func (b *builder) callsBack(fn *ssa.Function) bool {
	if yes, ok := b.calling[fn]; ok {
		return yes
	}
	seen := map[*ssa.Function]bool{fn: true}
	found := false
	for work := []*ssa.Function{fn}; len(work) > 0 && !found; {
		last := work[len(work)-1]
		work = work[:len(work)-1]
		for i := range flow.Instructions(last) {
			c, ok := i.(ssa.CallInstruction)
			if !ok {
				continue
			}
			for _, callee := range b.c.Callees(c) {
				yes, known := b.calling[callee]
				found = found || yes || b.c.Analysed(callee)
				if !known && !seen[callee] {
					seen[callee] = true
					work = append(work, callee)
				}
			}
		}
	}
	if !found {
		for fn := range seen {
			b.calling[fn] = false
		}
	}
	b.calling[fn] = found
	return found
}

// iterates reports whether fn is given an iterator: what that yields counts as kept, as nobody knows what the function is that it is given to.
func iterates(fn *ssa.Function) bool {
	if fn == nil {
		return true
	}
	for v := range fn.Signature.Params().Variables() {
		if f, ok := v.Type().Underlying().(*types.Signature); ok {
			for v := range f.Params().Variables() {
				if _, ok := v.Type().Underlying().(*types.Signature); ok {
					return true
				}
			}
		}
	}
	return false
}

// apart lets o, a result of a function whose results lead to no argument, lead to what it has made; what is in field library.Metadata, also to the
// context, which is given.
func (b *builder) apart(o *Object, given, made nodeID) {
	b.copy(made, b.content(o))
	s, ok := o.Type.Underlying().(*types.Struct)
	if !ok {
		return
	}
	for n := range s.NumFields() {
		if s.Field(n).Name() == library.Metadata {
			b.copy(given, b.locs[b.fieldLoc(o.whole, int32(n))].content)
		}
	}
}

// synchronise notes a call of a method of a lock, or of what is like it: it changes the lock, and nothing else.
func (b *builder) synchronise(c ssa.CallInstruction, fn *ssa.Function, args []ssa.Value) {
	if _, ok := args[0].(*ssa.Const); !ok {
		b.write(args[0], b.value(args[0]), c, "is passed to "+library.Name(fn)).Callee = fn
	}
}

// made is memory that fn makes and leaves in an argument, as json.Unmarshal does. It may lead to more of that.
func (b *builder) made(fn *ssa.Function, eff library.Effect) nodeID {
	n := b.node()
	if !b.c.Flows && !eff.Stores {
		return n
	}
	o := b.object(nil, nil)
	o.Lib = fn
	b.add(n, o.whole)
	b.copy(n, b.content(o))
	if b.c.Flows && eff.Answers {
		b.copy(b.answered, b.content(o))
	}
	return n
}

// closed reports whether argument k of fn is the receiver, and hides what it leads to.
func closed(fn *ssa.Function, k int, x ssa.Value) bool {
	if k != 0 || fn == nil || fn.Signature.Recv() == nil || library.Opens(fn) {
		return false
	}
	h, ok := library.HandleOf(deref(x.Type()))
	if !ok {
		h, ok = library.HandleOf(deref(fn.Signature.Recv().Type()))
	}
	return ok && !h.Open || library.SelfContained(deref(fn.Signature.Recv().Type()))
}

// inOrder sorts functions by name; the call graph has them in the order of a map.
func inOrder(fns []*ssa.Function) []*ssa.Function {
	fns = slices.Clone(fns)
	slices.SortFunc(fns, func(a, b *ssa.Function) int { return strings.Compare(a.String(), b.String()) })
	return fns
}
