package placement

import (
	"cmp"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/pointsto"
)

// A Program is what is to be proved about.
type Program struct {
	Fset   *token.FileSet
	Points *pointsto.Config // the compiled part of the program, with a call graph of all of it; Flows is set
	// Refused says what a goroutine of that go statement does that it cannot in a process of its own, where, and why; "": nothing. May be nil.
	Refused func(ssa.CallInstruction) (at token.Pos, what, why string)
	// Rebuilt reports whether each process makes a package variable anew. May be nil: none.
	Rebuilt func(*types.Var) bool
}

// An access is an instruction that reads or writes memory: an element, a field, all that a library function is given.
type access struct {
	*pointsto.Access
	fn    *ssa.Function
	write bool
}

// A prover answers questions about one program. What it has found out it remembers.
type prover struct {
	*Program
	*pointsto.Result
	model library.Model

	accesses map[*pointsto.Object][]*access // those that count: not operations on channels and locks
	fields   map[*access]map[*pointsto.Object][]int

	threads       []*thread
	startedAt     map[ssa.CallInstruction][]*thread // by what they are about
	executed      map[ssa.CallInstruction]*called
	main, foreign *thread
	dead          []*thread // of go statements that nothing executes
	afterInit     []*thread
	ambient       *ambient
	spawned       map[ssa.CallInstruction][]*thread // by go statement

	paths     map[ssa.Value]*path
	variables map[*ssa.Alloc]*variable
	oftenRun  map[*ssa.Function]bool
	callbacks map[*ssa.Function]*called
	passages  map[*ssa.Function][]passage
	exposures map[string]*exposure
	ends      map[*thread][]*end
	locks     map[*ssa.Function]*held
	frozenIn  map[label]bool
	early     map[accessTo]bool
	escaping  map[ssa.Value][]ssa.Instruction
	linearIn  map[*pointsto.Object]bool
	giving    map[paramOf]bool
	letting   map[*ssa.Parameter]bool
	onceHeld  map[*pointsto.Object]bool
	holding   map[*pointsto.Object][]*pointsto.Object
	others    map[*thread]map[*pointsto.Object]bool // see eachOwn
	loose     map[*ssa.Function]bool                // see onlyGiven; nil: not found yet
	boxed     []types.Type                          // see inInterfaces
	handing   int
	rules     []rule
}

// A label is an object or a field of it, as in package pointsto.
type label struct {
	obj   *pointsto.Object
	field int
}

const whole = -1

// newProver analyses a program; nil: it is too large.
func newProver(p *Program) *prover {
	r, err := pointsto.Analyze(p.Points)
	if err != nil {
		return nil
	}
	v := &prover{
		Program: p, Result: r,
		model:     library.Model{Callees: p.Points.Callees, Analysed: p.Points.Analysed},
		accesses:  map[*pointsto.Object][]*access{},
		fields:    map[*access]map[*pointsto.Object][]int{},
		spawned:   map[ssa.CallInstruction][]*thread{},
		startedAt: map[ssa.CallInstruction][]*thread{},
		executed:  map[ssa.CallInstruction]*called{},
		paths:     map[ssa.Value]*path{},
		variables: map[*ssa.Alloc]*variable{},
		oftenRun:  map[*ssa.Function]bool{},
		callbacks: map[*ssa.Function]*called{},
		passages:  map[*ssa.Function][]passage{},
		exposures: map[string]*exposure{},
		ends:      map[*thread][]*end{},
		locks:     map[*ssa.Function]*held{},
		frozenIn:  map[label]bool{},
		early:     map[accessTo]bool{},
		escaping:  map[ssa.Value][]ssa.Instruction{},
		linearIn:  map[*pointsto.Object]bool{},
		giving:    map[paramOf]bool{},
		letting:   map[*ssa.Parameter]bool{},
		onceHeld:  map[*pointsto.Object]bool{},
		others:    map[*thread]map[*pointsto.Object]bool{},
		rules:     rules,
	}
	for _, w := range r.Writes {
		v.note(&access{w, w.Instr.Parent(), true})
	}
	for _, x := range r.Reads {
		v.note(&access{x, x.Instr.Parent(), false})
	}
	v.findThreads()
	return v
}

// note files an access under the objects that it may meet.
func (p *prover) note(a *access) {
	if usesChannel(a.Instr) || a.Callee != nil && a.Arg == 0 && library.Concurrent(a.Callee) {
		return
	}
	fields := map[*pointsto.Object][]int{}
	for l := range a.Addr.Labels() {
		o := l.Object
		if o.External && (a.Callee != nil || isParameter(o.Site)) || o.Type != nil && library.SynchronisedType(o.Type) {
			continue // what a library does with its variables, and with locks, is its business
		}
		if fields[o] == nil {
			p.accesses[o] = append(p.accesses[o], a)
		}
		fields[o] = append(fields[o], l.Field)
	}
	p.fields[a] = fields
}

// isParameter reports whether v is a parameter: memory that code which is not compiled makes, and calls a function with.
func isParameter(v ssa.Value) bool {
	_, ok := v.(*ssa.Parameter)
	return ok
}

// usesChannel reports whether i is an operation on a channel.
func usesChannel(i ssa.Instruction) bool {
	c, ok := i.(ssa.CallInstruction)
	return library.Communicates(i) || ok && isBuiltin(c, "close")
}

func isBuiltin(c ssa.CallInstruction, name string) bool {
	b, ok := c.Common().Value.(*ssa.Builtin)
	return ok && b.Name() == name
}

// overlap reports whether both accesses may meet the same field of o.
func (p *prover) overlap(o *pointsto.Object, a, b *access) bool {
	for _, f := range p.fields[a][o] {
		for _, g := range p.fields[b][o] {
			if f == g || f == whole || g == whole {
				return true
			}
		}
	}
	return false
}

// calls lists the functions of the program that a call goes to, and those of libraries.
func (p *prover) calls(c ssa.CallInstruction) (own, foreign []*ssa.Function) {
	callees := p.Points.Callees(c)
	if fn := p.function(c.Common()); fn != nil {
		callees = []*ssa.Function{fn}
	}
	for _, fn := range callees {
		if p.Points.Analysed(fn) {
			own = append(own, fn)
		} else {
			foreign = append(foreign, fn)
		}
	}
	slices.SortFunc(own, func(a, b *ssa.Function) int { return cmp.Compare(a.String(), b.String()) })
	return own, foreign
}

// function returns the only function that c calls, if the program tells.
func (p *prover) function(c *ssa.CallCommon) *ssa.Function {
	if fn := c.StaticCallee(); fn != nil || c.IsInvoke() {
		return fn
	}
	return functionOf(p.origin(c.Value).root)
}

// functionOf returns the function that a func value is.
func functionOf(v ssa.Value) *ssa.Function {
	switch v := v.(type) {
	case *ssa.Function:
		return v
	case *ssa.MakeClosure:
		return v.Fn.(*ssa.Function)
	}
	return nil
}

// callers lists the calls of fn. known is false if there are others: libraries call it, or nobody knows who.
func (p *prover) callers(fn *ssa.Function) (sites []ssa.CallInstruction, known bool) {
	known = true
	for _, c := range p.Points.Callers(fn) {
		if !p.Points.Analysed(c.Parent()) {
			known = false
			continue
		}
		if only := p.quickFunction(c.Common()); only != nil && only != fn {
			continue
		}
		sites = append(sites, c)
	}
	return sites, known
}

// quickFunction is function without a look at what variables hold, which asks for callers.
func (p *prover) quickFunction(c *ssa.CallCommon) *ssa.Function {
	if fn := c.StaticCallee(); fn != nil || c.IsInvoke() {
		return fn
	}
	return functionOf(c.Value)
}
