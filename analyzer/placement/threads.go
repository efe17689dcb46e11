package placement

import (
	"go/types"
	"slices"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
)

// This file finds what may run at the same time.
//
// A thread stands for the goroutines of one go statement; another for main and the initialisation, which is one goroutine; another for all that libraries
// start. A function that starts what it is given, as (*errgroup.Group).Go does, makes a thread for each of its calls, so that these are kept apart.

type thread struct {
	stmt   ssa.CallInstruction // the go statement, or call of (*sync.WaitGroup).Go; nil: main, or libraries'
	at     ssa.CallInstruction // stmt, or the call of the function with it that this is about
	begin  []*ssa.Function     // what its goroutines begin with
	fns    map[*ssa.Function]bool
	starts map[*thread]bool // threads that it starts, and those that these start
	keeps  bool             // it calls library functions that keep what they are given, or return what was kept
}

func (t *thread) has(fn *ssa.Function) bool { return t.fns[fn] }

// called is what a call, or a library function, executes of the program.
type called struct {
	here, elsewhere []*ssa.Function // in the goroutine that calls it, and in goroutines that libraries start
	keeps           bool            // a library function keeps what it is given, or returns what was kept
}

// findThreads finds all threads, and what they execute.
func (p *prover) findThreads() {
	p.main, p.foreign = &thread{}, &thread{}
	p.threads = []*thread{p.main, p.foreign}
	for _, fn := range p.Funcs {
		for i := range flow.Instructions(fn) {
			if c, ok := i.(ssa.CallInstruction); ok && isSpawn(c) {
				p.spawned[c] = p.threadsOf(c)
				p.threads = append(p.threads, p.spawned[c]...)
				for _, t := range p.spawned[c] {
					p.startedAt[t.at] = append(p.startedAt[t.at], t)
				}
			}
		}
	}
	for _, fn := range p.Funcs {
		if isRoot(fn) {
			p.main.begin = append(p.main.begin, fn)
		}
	}
	elsewhere := map[*ssa.Function]bool{}
	for n := 0; n < len(p.threads); n++ {
		if t := p.threads[n]; t != p.foreign {
			p.execute(t, elsewhere)
		}
	}
	for n := -1; n != len(p.foreign.begin); { // what libraries start may make them start more
		n = len(p.foreign.begin)
		p.execute(p.foreign, elsewhere)
	}
	for changed := true; changed; {
		changed = false
		for _, t := range p.threads {
			for x := range t.starts {
				for y := range x.starts {
					if !t.starts[y] {
						t.starts[y] = true
						changed = true
					}
				}
			}
		}
	}
	p.dead = slices.Clone(p.threads)
	p.threads = slices.DeleteFunc(p.threads, func(t *thread) bool { return !p.lives(t) })
	p.dead = slices.DeleteFunc(p.dead, p.lives)
}

// lives reports whether something executes t.
func (p *prover) lives(t *thread) bool {
	return t == p.main || t == p.foreign || p.main.starts[t] || p.foreign.starts[t]
}

// isSpawn reports whether c starts a goroutine.
func isSpawn(c ssa.CallInstruction) bool {
	if _, ok := c.(*ssa.Go); ok {
		return true
	}
	return isGroupGoCall(c)
}

func isGroupGoCall(c ssa.CallInstruction) bool {
	fn := c.Common().StaticCallee()
	return fn != nil && fn.String() == "(*sync.WaitGroup).Go"
}

// threadsOf makes the threads of a go statement.
func (p *prover) threadsOf(c ssa.CallInstruction) []*thread {
	if sites := p.givers(c); len(sites) > 0 {
		var out []*thread
		for _, at := range sites {
			out = append(out, &thread{stmt: c, at: at, begin: p.started(c)})
		}
		return out
	}
	return []*thread{{stmt: c, at: c, begin: p.started(c)}}
}

// started lists the functions with which goroutines of c begin.
func (p *prover) started(c ssa.CallInstruction) []*ssa.Function {
	if !isGroupGoCall(c) {
		own, _ := p.calls(c)
		return own
	}
	if fn := functionOf(p.origin(c.Common().Args[1]).root); fn != nil {
		return []*ssa.Function{fn}
	}
	var out []*ssa.Function // whatever is given to some WaitGroup
	for _, nested := range c.Common().StaticCallee().AnonFuncs {
		for i := range flow.Instructions(nested) {
			if c, ok := i.(ssa.CallInstruction); ok {
				own, _ := p.calls(c)
				out = append(out, own...)
			}
		}
	}
	return out
}

// givers lists the calls of the function with go statement c, if its goroutines call a parameter of that function and each call tells what it gives.
func (p *prover) givers(c ssa.CallInstruction) []ssa.CallInstruction {
	fn := c.Parent()
	sites, known := p.callers(fn)
	if !known || len(sites) == 0 || p.given(c) < 0 {
		return nil
	}
	for _, at := range sites {
		if _, ok := at.(*ssa.Call); !ok || at.Common().StaticCallee() != fn || functionOf(p.origin(at.Common().Args[p.given(c)]).root) == nil {
			return nil
		}
	}
	return sites
}

// given is the number of the parameter, of the function with c, that goroutines of c call; -1 if there is none.
func (p *prover) given(c ssa.CallInstruction) int {
	number := func(v ssa.Value) int { return p.parameter(v, c.Parent()) }
	if isGroupGoCall(c) {
		return number(c.Common().Args[1])
	}
	if n := number(c.Common().Value); n >= 0 {
		return n
	}
	for _, fn := range p.started(c) {
		for i := range flow.Instructions(fn) {
			call, ok := i.(ssa.CallInstruction)
			if !ok || call.Common().IsInvoke() {
				continue
			}
			if n := number(call.Common().Value); n >= 0 {
				return n
			}
		}
	}
	return -1
}

// execute finds the functions of a thread, from those that it begins with, and adds those that libraries execute elsewhere because of it.
func (p *prover) execute(t *thread, elsewhere map[*ssa.Function]bool) {
	t.fns, t.starts = map[*ssa.Function]bool{}, map[*thread]bool{}
	work := slices.Clone(t.begin)
	if given := p.givenTo(t); given != nil {
		work = append(work, given)
	}
	for len(work) > 0 {
		fn := work[len(work)-1]
		work = work[:len(work)-1]
		if t.fns[fn] || !p.Points.Analysed(fn) {
			continue
		}
		t.fns[fn] = true
		for i := range flow.Instructions(fn) {
			c, ok := i.(ssa.CallInstruction)
			if !ok {
				continue
			}
			for _, x := range p.startedAt[c] {
				t.starts[x] = true
			}
			if !isSpawn(c) && p.givenCall(t, c) == nil {
				x := p.executes(c)
				work = append(work, x.here...)
				t.keeps = t.keeps || x.keeps
				for _, fn := range x.elsewhere {
					if !elsewhere[fn] {
						elsewhere[fn] = true
						p.foreign.begin = append(p.foreign.begin, fn)
					}
				}
			}
		}
	}
}

// givenTo is the function that the call which t is about gives.
func (p *prover) givenTo(t *thread) *ssa.Function {
	if t.at == t.stmt {
		return nil
	}
	return functionOf(p.origin(t.at.Common().Args[p.given(t.stmt)]).root)
}

// givenCall is givenTo if c, of what the goroutine begins with, calls that.
func (p *prover) givenCall(t *thread, c ssa.CallInstruction) *ssa.Function {
	if t.at == t.stmt || !slices.Contains(t.begin, c.Parent()) || c.Common().IsInvoke() {
		return nil
	}
	if p.parameter(c.Common().Value, t.stmt.Parent()) < 0 {
		return nil
	}
	return p.givenTo(t)
}

// parameter is the number of the parameter of fn that v is, in fn or in a closure of it; -1 if it is none.
func (p *prover) parameter(v ssa.Value, fn *ssa.Function) int {
	for range 10 {
		switch x := v.(type) {
		case *ssa.Parameter:
			return slices.Index(fn.Params, x)
		case *ssa.ChangeType:
			v = x.X
		case *ssa.UnOp:
			addr := x.X
			for free, ok := addr.(*ssa.FreeVar); ok; free, ok = addr.(*ssa.FreeVar) {
				if addr = p.captures(free); addr == nil {
					return -1
				}
			}
			a, ok := addr.(*ssa.Alloc)
			if !ok {
				return -1
			}
			st := p.assigned(a, x)
			if st == nil {
				return -1
			}
			v = st.Val
		default:
			return -1
		}
	}
	return -1
}

// executes tells what call c, which is no go statement, executes of the program.
func (p *prover) executes(c ssa.CallInstruction) *called {
	x := p.executed[c]
	if x == nil {
		own, foreign := p.calls(c)
		x = &called{here: own}
		p.executed[c] = x
		for _, lib := range foreign {
			p.callsBack(x, c, lib)
		}
	}
	return x
}

// callsOnly reports whether library function fn calls the functions that it is given, and does not keep them.
func callsOnly(m *library.Model, fn *ssa.Function) bool {
	return library.Synchronises(fn) || !m.Effect(fn).Keeps
}

// callsBack adds what library function lib calls back of what c gives it.
func (p *prover) callsBack(x *called, c ssa.CallInstruction, lib *ssa.Function) {
	only, told := callsOnly(&p.model, lib), true
	x.keeps = x.keeps || (!only || p.model.Effect(lib).Recalls) && holdsPointers(c.Common().Signature().Results())
	for _, arg := range c.Common().Args {
		x.keeps = x.keeps || !only && holdsPointers(arg.Type())
		if _, ok := arg.Type().Underlying().(*types.Signature); !ok {
			continue
		}
		if fn := functionOf(p.origin(arg).root); fn != nil {
			x.here = append(x.here, fn)
			if !only { // who knows when
				x.elsewhere = append(x.elsewhere, fn)
			}
		} else if !isNilConst(arg) {
			told = false
		}
	}
	back := p.backFrom(lib)
	for _, fn := range back.elsewhere {
		if !told || !p.onlyGiven(fn) {
			x.elsewhere = append(x.elsewhere, fn)
		}
	}
	for _, fn := range back.here {
		if !told || !p.onlyGiven(fn) {
			x.here = append(x.here, fn)
		}
	}
}

// onlyGiven reports whether fn, of the program, is called by name, and by functions of libraries that are given it directly and do not keep it: no
// other library function calls it.
func (p *prover) onlyGiven(fn *ssa.Function) bool {
	if fn.Signature.Recv() != nil || fn.Synthetic != "" {
		return false
	}
	if p.loose == nil {
		p.findLoose()
	}
	return !p.loose[fn]
}

// findLoose finds the functions that are used as values in other ways.
func (p *prover) findLoose() {
	p.loose = map[*ssa.Function]bool{}
	for _, user := range p.Funcs {
		for i := range flow.Instructions(user) {
			if m, ok := i.(*ssa.MakeClosure); ok {
				if !p.confined(m, 0) {
					p.loose[m.Fn.(*ssa.Function)] = true
				}
				continue
			}
			c, isCall := i.(ssa.CallInstruction)
			for _, op := range i.Operands(nil) {
				fn, ok := (*op).(*ssa.Function)
				if !ok || isCall && op == &c.Common().Value || isCall && p.confinedCall(c, fn, 0) {
					continue
				}
				p.loose[fn] = true
			}
		}
	}
}

func isNilConst(v ssa.Value) bool {
	c, ok := v.(*ssa.Const)
	return ok && c.IsNil()
}

// A passage is a function that another may call, or start as a goroutine.
type passage struct {
	fn        *ssa.Function
	elsewhere bool
}

// backFrom lists the functions of the program that lib may call, by way of other library functions.
func (p *prover) backFrom(lib *ssa.Function) *called {
	if x := p.callbacks[lib]; x != nil {
		return x
	}
	x := &called{}
	p.callbacks[lib] = x
	seen := map[passage]bool{}
	work := []passage{{lib, false}}
	for len(work) > 0 {
		v := work[len(work)-1]
		work = work[:len(work)-1]
		if seen[v] {
			continue
		}
		seen[v] = true
		if p.Points.Analysed(v.fn) {
			if v.elsewhere {
				x.elsewhere = append(x.elsewhere, v.fn)
			} else {
				x.here = append(x.here, v.fn)
			}
			continue
		}
		for _, next := range p.passagesFrom(v.fn) {
			next.elsewhere = next.elsewhere || v.elsewhere
			work = append(work, next)
		}
	}
	return x
}

// passagesFrom lists what library function fn calls and starts, each once.
func (p *prover) passagesFrom(fn *ssa.Function) []passage {
	list, ok := p.passages[fn]
	if ok || fn.String() == "(*sync.WaitGroup).Go" {
		return list
	}
	seen := map[passage]bool{}
	for i := range flow.Instructions(fn) {
		c, ok := i.(ssa.CallInstruction)
		if !ok {
			continue
		}
		_, starts := c.(*ssa.Go)
		for _, callee := range p.Points.Callees(c) {
			if v := (passage{callee, starts}); !seen[v] {
				seen[v] = true
				list = append(list, v)
			}
		}
	}
	p.passages[fn] = list
	return list
}
