package transform

import (
	"cmp"
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/analyzer/entry"
	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/pinned"
	"github.com/harkgen/harkgen/analyzer/placement"
	"github.com/harkgen/harkgen/analyzer/pointsto"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/transform/graph"
)

// This file draws the program: entry points, their processes, and the goroutines in these. What goroutines use is in draw_uses.go.

// drawer makes a graph.
type drawer struct {
	*explainer
	places *placement.Result
	points *pointsto.Result // nil: the program is too large to tell which channels and locks are which
	g      *graph.Graph
	count  map[graph.Kind]int
	made   map[any]string      // ids of nodes, by what they stand for
	root   map[string]string   // of processes: the entry point
	users  map[string][]string // of locks: goroutines
	many   map[string]bool     // goroutines of which there may be several
}

// draw makes the graph of a program that was explained.
func (e *explainer) draw(places *placement.Result, found *entry.Result, deployment *plan.Plan) *graph.Graph {
	d := &drawer{
		explainer: e, places: places, g: &graph.Graph{}, count: map[graph.Kind]int{}, made: map[any]string{},
		root: map[string]string{}, users: map[string][]string{}, many: map[string]bool{},
	}
	config := program(e.prog, e.facts).Points
	config.Flows = false                   // what other code may do with what it is given is nothing to draw: with it, all may be all
	d.points, _ = pointsto.Analyze(config) // its only error is that the program is too large
	for _, p := range found.Points {
		for _, planned := range deployment.Entries {
			if planned.Name == p.Name {
				d.entry(p, &planned)
			}
		}
	}
	d.dropUnshared()
	d.g.Sort()
	return d.g
}

// node adds the node for what, once, and returns its id.
func (d *drawer) node(what any, n graph.Node) string {
	if id, ok := d.made[what]; ok {
		return id
	}
	d.count[n.Kind]++
	n.ID = fmt.Sprint(n.Kind, d.count[n.Kind])
	d.made[what] = n.ID
	d.g.Nodes = append(d.g.Nodes, n)
	return n.ID
}

// line spells a place without its column.
func (d *drawer) line(pos token.Pos) string {
	at := d.prog.Pos(pos)
	return at[:strings.LastIndex(at, ":")]
}

// entry draws an entry point: what starts it, and what it does.
func (d *drawer) entry(p *entry.Point, planned *plan.Entry) {
	var by []string
	for _, t := range planned.Triggers {
		what := trigger(&t)
		id := d.node("trigger "+what, graph.Node{Kind: graph.Trigger, Label: what})
		by = append(by, id)
	}
	if len(by) == 0 {
		label := "harkgen invoke " + p.Name
		if p.Kind == plan.Server {
			label = "HTTP requests"
		}
		by = append(by, d.node("invoke "+p.Name, graph.Node{Kind: graph.Trigger, Label: label}))
	}
	process := d.node(p, graph.Node{Kind: graph.Process, Label: p.Name, Detail: "entry point: " + kinds[p.Kind]})
	d.root[process] = p.Name
	fn := d.prog.SSA.FuncValue(p.Func)
	first := d.goroutine(goKey{process, fn.Pos()}, []*ssa.Function{fn}, false, graph.Node{Label: d.title(fn), Detail: d.line(fn.Pos())})
	for _, id := range by {
		d.g.Add(id, first, "")
	}
}

// A goKey is a go statement in a process. A process of its own is that of one in an entry point.
type goKey struct {
	in  string
	pos token.Pos
}

// goroutine draws what begins with some functions, and all that it starts, and returns its id.
func (d *drawer) goroutine(key goKey, begin []*ssa.Function, many bool, n graph.Node) string {
	if id, ok := d.made[key]; ok {
		return id
	}
	n.Kind, n.In = graph.Goroutine, key.in
	id := d.node(key, n)
	d.many[id] = many
	b := d.body(begin)
	for _, s := range b.starts {
		d.start(key.in, id, s)
	}
	for _, fn := range b.fns {
		d.uses(id, fn)
	}
	return id
}

// start draws the goroutine of a go statement that goroutine from executes.
func (d *drawer) start(process, from string, s begun) {
	mine := d.written(s.site.Parent())
	many := d.many[from] || loops(s.site.Block()) || !mine
	n := graph.Node{Label: d.titles(s.fns), Detail: d.line(suspend.Position(s.site))}
	if !mine { // the glue of servers
		n.Label, n.Detail = "each request", ""
	} else if many {
		n.Detail += ", many"
	}
	label := "starts"
	if calleeName(s.site) == afterFunc {
		label = "starts after " + length(s.site.Common().Args[0])
	}
	if remote, class := d.remote(s.site); remote {
		detail := "a process of its own"
		if many {
			detail = "a process for each"
		}
		if class != "" {
			detail += ", of class " + class
		}
		entry := d.root[process]
		process = d.node(goKey{"entry " + entry, s.site.Pos()}, graph.Node{Kind: graph.Process, Label: n.Label, Detail: detail})
		d.root[process] = entry
	}
	d.g.Add(from, d.goroutine(goKey{process, s.site.Pos()}, s.fns, many, n), label)
}

// titles names functions of which one is called.
func (d *drawer) titles(fns []*ssa.Function) string {
	var names []string
	for _, fn := range fns {
		names = append(names, d.title(fn))
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " or ")
}

// remote says of a go statement, or a call of WaitGroup.Go, whether its goroutine has a process of its own, and of which class.
func (d *drawer) remote(c ssa.CallInstruction) (remote bool, class string) {
	for _, pos := range []token.Pos{c.Pos(), c.Common().Pos()} {
		if d.places.Remote(pos) {
			return true, d.places.Class(pos)
		}
	}
	return false, ""
}

// A begun is a start of goroutines, with the functions that they may begin with.
type begun struct {
	site ssa.CallInstruction
	fns  []*ssa.Function
}

// A body is what a goroutine executes: functions of the program, and what these start.
type body struct {
	fns    []*ssa.Function // in source order
	starts []begun         // likewise
}

// body follows calls through the program's own code and glue, and through other code where that is handed functions.
func (d *drawer) body(begin []*ssa.Function) body {
	var b body
	seen := map[*ssa.Function]bool{}
	for work := slices.Clone(begin); len(work) > 0; work = work[1:] {
		fn := work[0]
		if seen[fn] {
			continue
		}
		seen[fn] = true
		for i := range flow.Instructions(fn) {
			c, ok := i.(ssa.CallInstruction)
			if !ok {
				continue
			}
			if fns, starts := d.starts(c); starts {
				b.starts = append(b.starts, begun{c, fns})
			} else {
				work = append(work, d.calls(c)...)
			}
		}
	}
	b.fns = d.facts.Functions(func(fn *ssa.Function) bool { return seen[fn] && d.written(fn) })
	slices.SortStableFunc(b.starts, func(x, y begun) int {
		return suspend.ComparePos(d.prog.Fset, suspend.Position(x.site), suspend.Position(y.site))
	})
	return b
}

const afterFunc = "time.AfterFunc"

// starts reports whether c starts a goroutine, and with which functions it may begin.
func (d *drawer) starts(c ssa.CallInstruction) ([]*ssa.Function, bool) {
	if _, ok := c.(*ssa.Go); ok {
		return d.callees(c), true
	}
	switch calleeName(c) {
	case "(*sync.WaitGroup).Go":
		return pinned.Functions(c.Common().Args[1]), true
	case afterFunc:
		return pinned.Functions(c.Common().Args[1]), true
	}
	return nil, false
}

// calls lists what c executes of the program: what it calls, or what other code that it calls is handed. What package net/http is handed is called for requests, by glue.
func (d *drawer) calls(c ssa.CallInstruction) (out []*ssa.Function) {
	for _, fn := range d.callees(c) {
		if d.prog.IsUser(fn) || compilable.PackageOf(fn) == nil {
			out = append(out, fn)
			continue
		}
		if compilable.PackageOf(fn).Path() == "net/http" {
			continue
		}
		for _, arg := range c.Common().Args {
			for _, handed := range pinned.Functions(arg) {
				if d.calledBack(handed) {
					out = append(out, handed)
				}
			}
		}
	}
	return out
}

// callees are what c may call, in a fixed order.
func (d *drawer) callees(c ssa.CallInstruction) []*ssa.Function {
	fns := slices.Clone(d.facts.Callees(c))
	slices.SortFunc(fns, func(a, b *ssa.Function) int {
		return cmp.Or(suspend.Compare(a, b), strings.Compare(a.String(), b.String()))
	})
	return fns
}

// calleeName is the full name of the function that c calls, "" if it is not known.
func calleeName(c ssa.CallInstruction) string {
	fn := c.Common().StaticCallee()
	if fn == nil {
		return ""
	}
	if o, ok := fn.Object().(*types.Func); ok {
		return o.FullName()
	}
	return fn.String()
}

// loops reports whether b may be executed again after it was.
func loops(b *ssa.BasicBlock) bool {
	seen := map[*ssa.BasicBlock]bool{}
	for work := slices.Clone(b.Succs); len(work) > 0; work = work[1:] {
		if work[0] == b {
			return true
		}
		if !seen[work[0]] {
			seen[work[0]] = true
			work = append(work, work[0].Succs...)
		}
	}
	return false
}

// dropUnshared leaves out the locks that only one goroutine uses.
func (d *drawer) dropUnshared() {
	dropped := map[string]bool{}
	d.g.Nodes = slices.DeleteFunc(d.g.Nodes, func(n graph.Node) bool {
		users := d.users[n.ID]
		dropped[n.ID] = n.Kind == graph.Lock && len(users) == 1 && !d.many[users[0]]
		return dropped[n.ID]
	})
	d.g.Edges = slices.DeleteFunc(d.g.Edges, func(e graph.Edge) bool { return dropped[e.From] || dropped[e.To] })
}
