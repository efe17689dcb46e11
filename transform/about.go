package transform

import (
	"cmp"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"time"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/analyzer/entry"
	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/deploygen/cost"
	"github.com/harkgen/harkgen/transform/ir"
)

// This file puts together what is known of one function.

// An About is what the compiler knows of a function.
type About struct {
	Name     string // as a stack trace shows it
	Pos      token.Position
	Suspends bool
	Chain    []Link  // why it may suspend, down to the operation
	Routes   []Route // the entry points that reach it
	Points   []Point // where it may suspend, in source order, in deferred calls last
	Starts   []Start // its go statements
	Notes    []Note  // the pins and warnings in it
}

// A Route is how an entry point reaches a function: by these calls, and starts of goroutines.
type Route struct {
	Entry string
	Chain []Link
}

// A Point is a place where a function may suspend.
type Point struct {
	Op    string // "chan receive", "calls main.f", "running": a loop that stops before an invocation ends, "deferred calls"
	Pos   string
	Chain []Link // of a call: why the callee may suspend
	Frame []Held
	Size  int64 // of the frame in bytes, without what pointers lead to
	Costs []Estimate
}

// A Held is a variable that is live at a Point.
type Held struct {
	Name     string // "" if the compiler has made it up
	Type     string
	Size     int64 // in the frame, in bytes; 0 if another frame has it, or the heap
	Captured bool  // it is a captured variable of the closure
	Cannot   string
}

// A Start is a go statement.
type Start struct {
	Note
	Costs []Estimate
}

// An Estimate is what something costs on AWS, each time.
type Estimate struct {
	When string // it does; "" is always
	*cost.Construct
}

// about says what is known of fn.
func (e *explainer) about(fn *ssa.Function, found *entry.Result) *About {
	a := &About{Name: e.low.Title(fn), Pos: e.prog.Fset.Position(fn.Pos()), Suspends: e.facts.Coloured(fn), Chain: e.chain(fn)}
	for _, r := range found.Routes(entry.Calls{SSA: e.prog.SSA, Callees: e.facts.Callees}, fn) {
		a.Routes = append(a.Routes, Route{r.Point.Name, e.route(r.Steps)})
	}
	for _, n := range e.notes {
		if !e.within(fn, n.Pos) {
			continue
		}
		switch n.Kind {
		case NoteGo:
			a.Starts = append(a.Starts, Start{n, startCosts(n.Decision)})
		case NotePin, NoteWarning:
			a.Notes = append(a.Notes, n)
		}
	}
	body, env := e.low.Body(fn)
	if body == nil {
		return a
	}
	points := slices.DeleteFunc(slices.Clone(body.Points), func(p *ir.Point) bool { return p == body.RetPoint })
	slices.SortStableFunc(points, func(p, q *ir.Point) int { return cmp.Compare(p.Pos, q.Pos) })
	if body.RetPoint != nil {
		points = append(points, body.RetPoint)
	}
	for _, p := range points {
		a.Points = append(a.Points, e.point(fn, p, env))
	}
	return a
}

// route spells out how an entry point comes to a function. Of code that is not the user's, only what they call is named.
func (e *explainer) route(steps []entry.Step) (out []Link) {
	var at token.Pos
	through := ""
	for _, s := range steps {
		mine := e.written(s.Site.Parent())
		if mine {
			at, through = suspend.Position(s.Site), ""
		}
		switch {
		case e.written(s.Callee):
			verb := "calls "
			if _, ok := s.Site.(*ssa.Go); ok {
				verb = "starts "
			}
			out = append(out, Link{through + verb + e.title(s.Callee), e.prog.Pos(at)})
		case mine && compilable.PackageOf(s.Callee) != nil:
			through = "calls " + s.Callee.String() + ", which "
		}
	}
	return out
}

// written reports whether fn is code of the program's own modules, and not of harkgen's.
func (e *explainer) written(fn *ssa.Function) bool {
	p := compilable.PackageOf(fn)
	return p != nil && e.prog.IsUser(fn) && !e.prog.IsGlue(p.Path())
}

// within reports whether fn is the innermost function around a place.
func (e *explainer) within(fn *ssa.Function, at token.Position) bool {
	if !e.around(fn, at) {
		return false
	}
	return !slices.ContainsFunc(fn.AnonFuncs, func(inner *ssa.Function) bool { return e.around(inner, at) })
}

// around reports whether a place is in the text of fn.
func (e *explainer) around(fn *ssa.Function, at token.Position) bool {
	from, to, ok := e.extent(fn)
	return ok && from.Filename == at.Filename && !before(at, from) && !before(to, at)
}

// extent is where the text of fn begins and ends.
func (e *explainer) extent(fn *ssa.Function) (from, to token.Position, ok bool) {
	syntax := fn.Syntax()
	if _, isRange := syntax.(*ast.RangeStmt); syntax == nil || isRange {
		return from, to, false
	}
	return e.prog.Fset.Position(syntax.Pos()), e.prog.Fset.Position(syntax.End()), true
}

func before(p, q token.Position) bool {
	return cmp.Or(cmp.Compare(p.Line, q.Line), cmp.Compare(p.Column, q.Column)) < 0
}

func (e *explainer) point(fn *ssa.Function, p *ir.Point, env *ir.Env) Point {
	out := Point{Op: p.Op, Pos: e.prog.Pos(p.Pos)}
	for _, v := range p.Live {
		out.Frame = append(out.Frame, e.held(fn, v, env)...)
		out.Size += e.size(v.Type)
	}
	i := e.instruction(fn, p)
	if c, ok := i.(ssa.CallInstruction); ok && e.facts.Operation(i) == "" {
		if callee := e.suspending(c); callee != nil {
			out.Op, out.Chain = "calls "+e.title(callee), e.chain(callee)
		}
	} else if i != nil {
		out.Costs = operationCosts(p.Op, i, e.low.Distributed())
	}
	return out
}

// instruction is what suspends at p: an operation, or a call.
func (e *explainer) instruction(fn *ssa.Function, p *ir.Point) ssa.Instruction {
	for i := range flow.Instructions(fn) {
		if e.suspends(i) && suspend.Position(i) == p.Pos && (e.facts.Operation(i) == "" || e.facts.Operation(i) == p.Op) {
			return i
		}
	}
	return nil
}

// suspending is the first of the functions that c may call that may suspend.
func (e *explainer) suspending(c ssa.CallInstruction) *ssa.Function {
	for _, callee := range e.facts.Callees(c) {
		if e.facts.Coloured(callee) {
			return callee
		}
	}
	return nil
}

// held is what the frame of fn has of v: itself, or the captured variables that it leads to.
func (e *explainer) held(fn *ssa.Function, v *ir.Var, env *ir.Env) (out []Held) {
	if v.Env != "" && env != nil {
		for _, f := range env.Fields {
			h := Held{Name: f.User, Type: "rt." + cmp.Or(f.Env, "Defers"), Captured: true}
			if f.Type != nil {
				t := f.Type
				if p, ok := t.Underlying().(*types.Pointer); ok && f.User != "" {
					t = p.Elem()
				}
				h.Type, h.Cannot = e.typeName(fn, t), cannot(t)
			}
			out = append(out, h)
		}
		return out
	}
	h := Held{Name: v.User, Type: typeOf(v), Size: e.size(v.Type)}
	if v.Type != nil {
		t := v.Type
		if p, ok := t.Underlying().(*types.Pointer); ok && v.Boxed {
			t = p.Elem()
		}
		h.Type, h.Cannot = e.typeName(fn, t), cannot(t)
	}
	return []Held{h}
}

// typeOf spells the type of a variable that is none of Go's types.
func typeOf(v *ir.Var) string {
	switch {
	case v.Iter != nil && v.Iter.Key == nil:
		return "state of a range over a string"
	case v.Iter != nil:
		return "state of a range over a map"
	case v.RT != "":
		return "deferred calls"
	}
	return v.Env
}

func (e *explainer) typeName(fn *ssa.Function, t types.Type) string {
	home := e.low.Home(fn)
	return types.TypeString(t, func(p *types.Package) string {
		if p == home {
			return ""
		}
		return p.Name()
	})
}

// size is what a variable takes in a frame; one that is none of Go's types is a pointer, or little more.
func (e *explainer) size(t types.Type) int64 {
	if t == nil {
		t = types.Typ[types.UnsafePointer]
	}
	return e.prog.User[0].TypesSizes.Sizeof(t)
}

// cannot says why no value of type t that is not nil can be saved; "" if that depends on the value.
func cannot(t types.Type) string {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	h, _ := library.HandleOf(t)
	return h.Cannot
}

// startCosts is what a go statement costs that is decided so.
func startCosts(decision string) []Estimate {
	if decision == PlacementLocal {
		return []Estimate{{"", &cost.Local}}
	}
	return []Estimate{{"started with others, result in a slice", &cost.StartMany}, {"the same, result on a channel", &cost.Collect}, {"one after the other, result on a channel", &cost.StartOne}}
}

// operationCosts is what operation op costs, which is i, in a program of one or several processes.
func operationCosts(op string, i ssa.Instruction, distributed bool) []Estimate {
	switch {
	case op == "sleep":
		return sleepCosts(i, distributed)
	case op == "event":
		return nil
	case !distributed:
		return []Estimate{{"", &cost.Local}}
	}
	c := &cost.Lock
	switch op {
	case "chan send", "chan receive", "sync.WaitGroup.Wait", "sync.Cond.Wait":
		c = &cost.Message
	case "select":
		c = &cost.Select
	}
	return []Estimate{{"if another process knows it", c}, {"else", &cost.Local}}
}

// How long a sleep stays in the invocation, and is a message of SQS, on AWS. Docs/costs.md has it.
const (
	shortSleep   = 2 * time.Second
	messageSleep = 15 * time.Minute
)

func sleepCosts(i ssa.Instruction, distributed bool) []Estimate {
	sleep := &cost.Sleep
	if distributed {
		sleep = &cost.SleepSpread
	}
	d, known := duration(i.(ssa.CallInstruction).Common().Args[0])
	switch {
	case !known:
		return []Estimate{{"up to 2 s", &cost.SleepShort}, {"up to 15 min", sleep}, {"longer", &cost.SleepLong}}
	case d <= shortSleep:
		return []Estimate{{"", &cost.SleepShort}}
	case d <= messageSleep:
		return []Estimate{{"", sleep}}
	}
	return []Estimate{{"", &cost.SleepLong}}
}

// duration is the constant that v is.
func duration(v ssa.Value) (time.Duration, bool) {
	c, ok := v.(*ssa.Const)
	if !ok || c.Value == nil {
		return 0, false
	}
	n, exact := constant.Int64Val(constant.ToInt(c.Value))
	return time.Duration(n), exact
}
