package placement

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/pointsto"
	"github.com/harkgen/harkgen/analyzer/suspend"
)

// This file finds data races that one package shows, whatever the rest of the program does.
//
//	n := 0
//	go func() { n++ }()
//	fmt.Println(n)
//
// What the goroutine does before it can have waited for anything, and what the function with the go statement does after that, before it can have waited for
// anything, is in no order. So it is a race if both are to the same memory, and the proof for a whole program, which excuses no race, finds it as well.
//
// Looked at are variables, fields and maps, in these two functions and in those of the package that they call by name. What a wait may also come before (`if
// parallel { wg.Wait() }`) does not count, nor does what the function may leave out after the go statement (`if !parallel { n++ }`).

// A Sight is what can be said of the go statements of a package from what it shows.
type Sight struct {
	fset  *token.FileSet
	waits func(ssa.CallInstruction) bool // see NewSight
	known map[*ssa.Function]bool         // which functions of the package may wait
	steps int                            // activations that may still be looked at for the present go statement
}

// NewSight returns one. The function waits is asked about calls of what has no body in the package: may it wait for another goroutine? When in doubt, yes.
func NewSight(fset *token.FileSet, waits func(ssa.CallInstruction) bool) *Sight {
	return &Sight{fset: fset, waits: waits, known: map[*ssa.Function]bool{}}
}

// Find returns what keeps the goroutines of go statement c in their process for certain, nil if the package does not show any such thing.
func (x *Sight) Find(c ssa.CallInstruction) *Finding {
	f, start := &Finding{}, activate(c, nil)
	if x.kept(f, c, start); f.Kept != "" {
		return f
	}
	if start == nil {
		return nil
	}
	x.steps = maxActivations
	if f.Race = x.race(c, start); f.Race != nil {
		return f
	}
	if x.ambience(f, start); f.Kept != "" {
		return f
	}
	return nil
}

// An activation is an execution of a function that a go statement, or a call, of a known place begins. Nil is the one of the function with the go statement.
type activation struct {
	fn      *ssa.Function
	args    []ssa.Value
	closure *ssa.MakeClosure // nil: it is none
	up      *activation      // whose call it is
	depth   int
}

// How deep calls are followed, and how many of them for one go statement.
const (
	maxCalls       = 4
	maxActivations = 300
)

// activate returns what c calls, or starts; nil if that is not known, or has no body here.
func activate(c ssa.CallInstruction, up *activation) *activation {
	v, args := c.Common().Value, c.Common().Args
	if isGroupGoCall(c) {
		v, args = args[1], nil
	}
	a := &activation{args: args, up: up}
	if up != nil {
		a.depth = up.depth + 1
	}
	if a.fn = functionOf(v); a.fn == nil || c.Common().IsInvoke() || len(a.fn.Blocks) == 0 || a.depth > maxCalls {
		return nil
	}
	a.closure, _ = v.(*ssa.MakeClosure)
	return a
}

// A touch is an access to a variable, a field or a map.
type touch struct {
	root  ssa.Value // of the function with the go statement, or a package variable
	path  string    // the fields from there
	write bool
	use   Use
	site  ssa.Instruction // of the function with the go statement: where it happens, or starts the goroutine that does it
}

// race looks for a race of a goroutine of c, which begins with start.
func (x *Sight) race(c ssa.CallInstruction, start *activation) *Race {
	var inside, outside []touch
	x.collect(&inside, c, start, c)
	if len(inside) == 0 {
		return nil
	}
	for _, i := range x.before(c.Block(), indexOf(c)+1, c) {
		other, spawn := i.(ssa.CallInstruction)
		if !touches(i) || i != c && !inevitable(c, i) {
			continue
		}
		if !spawn || !isSpawn(other) {
			x.touch(&outside, c, nil, i, i)
		} else if to := activate(other, nil); to != nil {
			x.collect(&outside, c, to, i)
		}
	}
	writesFirst(inside)
	writesFirst(outside)
	var worst *Race
	for _, a := range inside {
		for _, b := range outside {
			root, _ := a.root.(ssa.Instruction)
			if a.root != b.root || !a.write && !b.write || !strings.HasPrefix(a.path, b.path) && !strings.HasPrefix(b.path, a.path) ||
				!leads(c, b.site, func(i ssa.Instruction) bool { return i == root }) {
				continue
			}
			r := &Race{Name: rootName(a.root), Made: a.root.Pos(), Inside: a.use, Outside: b.use, Another: b.site == c, Both: a.write && b.write}
			if isGo, ok := b.site.(ssa.CallInstruction); ok && isSpawn(isGo) {
				r.ByGoroutine = b.site.Pos()
			}
			worst = better(x.fset, worst, r)
		}
	}
	return worst
}

// writesFirst orders accesses, which may be at the same place, as the proof looks at them.
func writesFirst(list []touch) {
	slices.SortStableFunc(list, func(a, b touch) int {
		switch {
		case a.write == b.write:
			return 0
		case a.write:
			return -1
		}
		return 1
	})
}

// collect adds what activation a does before it can have waited.
func (x *Sight) collect(out *[]touch, c ssa.CallInstruction, a *activation, site ssa.Instruction) {
	if x.steps--; x.steps < 0 {
		return
	}
	for _, i := range x.before(a.fn.Blocks[0], 0, nil) {
		x.touch(out, c, a, i, site)
	}
}

// before lists what is executed from instruction n of b on, up to end, and not after anything that may wait.
func (x *Sight) before(b *ssa.BasicBlock, n int, end ssa.Instruction) []ssa.Instruction {
	late := map[ssa.Instruction]bool{}
	var early, stops []ssa.Instruction
	walkFrom(b, n, func(i ssa.Instruction) bool {
		early = append(early, i)
		if x.mayWait(i) {
			stops = append(stops, i)
			return false
		}
		return i != end
	})
	for _, stop := range stops {
		walk(stop, func(i ssa.Instruction) bool {
			on := !late[i] && i != end
			late[i] = true
			return on
		})
	}
	return slices.DeleteFunc(early, func(i ssa.Instruction) bool { return late[i] })
}

// touches reports whether i may access memory, or start what does.
func touches(i ssa.Instruction) bool {
	switch i := i.(type) {
	case *ssa.Store, *ssa.MapUpdate, *ssa.Lookup, *ssa.Range, *ssa.Call, *ssa.Go:
		return true
	case *ssa.UnOp:
		return i.Op == token.MUL
	}
	return false
}

// inevitable reports whether to, or a loop around it, is executed whenever the function returns after from.
func inevitable(from, to ssa.Instruction) bool {
	returns := false
	walkUntil(from.Block(), indexOf(from)+1, func(b *ssa.BasicBlock) bool { return isLoopAround(b, to, from) }, func(i ssa.Instruction) bool {
		_, ok := i.(*ssa.Return)
		returns = returns || ok
		return i != to
	})
	return !returns
}

// isLoopAround reports whether b begins a loop that executes i, and not other.
func isLoopAround(b *ssa.BasicBlock, i, other ssa.Instruction) bool {
	if !flow.Header(b) || !b.Dominates(i.Block()) {
		return false
	}
	body := flow.Loop(b)
	return slices.Contains(body, i.Block()) && !slices.Contains(body, other.Block())
}

// touch adds what instruction i of activation a accesses.
func (x *Sight) touch(out *[]touch, c ssa.CallInstruction, a *activation, i, site ssa.Instruction) {
	add := func(addr ssa.Value, write bool, what string) {
		if root, path, ok := resolve(addr, a, c); ok {
			*out = append(*out, touch{root, path, write, Use{suspend.Position(i), what}, site})
		}
	}
	switch i := i.(type) {
	case *ssa.Store:
		if !isLoadOf(i.Val, i.Addr) { // of a named result that is returned
			add(i.Addr, true, "is assigned")
		}
	case *ssa.UnOp:
		if i.Op == token.MUL {
			add(i.X, false, "is read")
		}
	case *ssa.MapUpdate:
		add(i.Map, true, "is written")
	case *ssa.Lookup:
		if _, ok := i.X.Type().Underlying().(*types.Map); ok {
			add(i.X, false, "is read")
		}
	case *ssa.Range:
		if _, ok := i.X.Type().Underlying().(*types.Map); ok {
			add(i.X, false, "is ranged over")
		}
	case *ssa.Call:
		if isBuiltin(i, "delete") || isBuiltin(i, "clear") {
			if _, ok := i.Call.Args[0].Type().Underlying().(*types.Map); ok {
				add(i.Call.Args[0], true, "is changed by "+i.Call.Value.Name())
			}
		} else if to := activate(i, a); to != nil && !isSpawn(i) {
			x.collect(out, c, to, site)
		}
	}
}

// resolve says where in memory that the function with c knows, or of a package variable, v of activation a leads.
func resolve(v ssa.Value, a *activation, c ssa.CallInstruction) (root ssa.Value, path string, ok bool) {
	switch v := v.(type) {
	case *ssa.Global:
		return v, "", true
	case *ssa.FieldAddr:
		root, path, ok = resolve(v.X, a, c)
		return root, path + fmt.Sprintf(".%d.", v.Field), ok
	case *ssa.ChangeType:
		return resolve(v.X, a, c)
	case *ssa.IndexAddr, *ssa.Slice, *ssa.Phi, *ssa.Const, *ssa.Convert, *ssa.TypeAssert, *ssa.Lookup, *ssa.MakeInterface:
		return nil, "", false
	case *ssa.UnOp:
		return resolveLoad(v, a, c)
	case *ssa.Parameter:
		if a != nil {
			if n := slices.Index(a.fn.Params, v); n >= 0 && n < len(a.args) {
				return resolve(a.args[n], a.up, c)
			}
			return nil, "", false
		}
	case *ssa.FreeVar:
		if a != nil {
			up := c.Parent()
			if a.up != nil {
				up = a.up.fn
			}
			if a.closure == nil || a.closure.Parent() != up {
				return nil, "", false
			}
			return resolve(a.closure.Bindings[slices.Index(a.fn.FreeVars, v)], a.up, c)
		}
	}
	return v, "", a == nil
}

// resolveLoad resolves what is in a variable that is assigned once.
func resolveLoad(load *ssa.UnOp, a *activation, c ssa.CallInstruction) (root ssa.Value, path string, ok bool) {
	if load.Op != token.MUL {
		return nil, "", false
	}
	at, in := load.X, a
	for free, ok := at.(*ssa.FreeVar); ok && in != nil && in.closure != nil; free, ok = at.(*ssa.FreeVar) {
		at, in = in.closure.Bindings[slices.Index(in.fn.FreeVars, free)], in.up
	}
	v, isVariable := at.(*ssa.Alloc)
	fn := c.Parent()
	if in != nil {
		fn = in.fn
	}
	if !isVariable || v.Parent() != fn {
		return nil, "", false
	}
	x := &variable{}
	x.add(v)
	if !x.plain() || len(x.stores) != 1 || x.stores[0].Parent() != fn {
		return nil, "", false
	}
	st := x.stores[0]
	if load.Parent() == fn && !dominates(st, load) || load.Parent() != fn && in == nil && !dominates(st, c) || load.Parent() != fn && in != nil {
		return nil, "", false
	}
	return resolve(st.Val, in, c)
}

// rootName says what memory it is.
func rootName(v ssa.Value) string {
	switch v := v.(type) {
	case *ssa.FreeVar:
		return "variable " + v.Name()
	case *ssa.Parameter:
		return "what " + v.Name() + " leads to"
	}
	return name(&pointsto.Object{Site: v, Type: elem(v.Type())})
}

// mayWait reports whether i may return only after another goroutine has done something.
func (x *Sight) mayWait(i ssa.Instruction) bool {
	c, ok := i.(ssa.CallInstruction)
	switch {
	case suspend.Operation(i) != "":
		return !sleeps(c)
	case !ok, isSpawn(c):
		return false
	}
	if _, later := i.(*ssa.Defer); later || isAnyBuiltin(c) {
		return false
	}
	fn := functionOf(c.Common().Value)
	if fn == nil || len(fn.Blocks) == 0 {
		return x.waits(c)
	}
	return x.Waits(fn)
}

// Waits reports whether fn, which has a body, may wait for another goroutine.
func (x *Sight) Waits(fn *ssa.Function) bool {
	yes, ok := x.known[fn]
	if !ok {
		x.known[fn] = true // if it calls itself
		yes = false
		for i := range flow.Instructions(fn) {
			yes = yes || x.mayWait(i)
		}
		x.known[fn] = yes
	}
	return yes
}

// sleeps reports whether c waits for nothing but time.
func sleeps(c ssa.CallInstruction) bool {
	return c != nil && c.Common().StaticCallee() != nil && c.Common().StaticCallee().String() == "time.Sleep"
}
