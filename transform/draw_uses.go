package transform

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/pointsto"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/graph"
)

// This file draws what a goroutine uses: channels, locks, timers, and services outside.

// uses draws what fn does, which goroutine id executes.
func (d *drawer) uses(id string, fn *ssa.Function) {
	for i := range flow.Instructions(fn) {
		switch i := i.(type) {
		case *ssa.Send:
			d.channel(id, i.Chan, i, "sends")
		case *ssa.UnOp:
			if i.Op == token.ARROW {
				d.channel(id, i.X, i, "receives")
			}
		case *ssa.Select:
			for _, s := range i.States {
				if s.Dir == types.SendOnly {
					d.channel(id, s.Chan, i, "sends")
				} else {
					d.channel(id, s.Chan, i, "receives")
				}
			}
		case ssa.CallInstruction:
			d.call(id, i)
		}
	}
}

func (d *drawer) call(id string, c ssa.CallInstruction) {
	if suspend.ChannelBuiltin(c.Common()) == "close" {
		d.channel(id, c.Common().Args[0], c, "closes")
		return
	}
	name := calleeName(c)
	if verb := lockVerbs[name]; verb != "" {
		d.lock(id, c.Common().Args[0], c, verb)
	} else if at, ok := timers[name]; ok && at < len(c.Common().Args) {
		d.timer(id, name, c.Common().Args[at], c)
	} else if service := outside(c.Common().StaticCallee()); service != "" {
		to := d.node("outside "+service, graph.Node{Kind: graph.Outside, Label: service})
		d.g.Add(id, to, c.Common().StaticCallee().Name())
	}
}

// channel draws an operation on the channels that v may be.
func (d *drawer) channel(id string, v ssa.Value, at ssa.Instruction, verb string) {
	for _, node := range d.channels(v, at) {
		if verb == "receives" {
			d.g.Add(node, id, verb)
		} else {
			d.g.Add(id, node, verb)
		}
	}
}

// channels are the nodes of the channels that v may be: one for each place that makes some. Those of timers are drawn where these are set. What other code may
// have put there (json.Unmarshal, say) counts where no such place is known.
func (d *drawer) channels(v ssa.Value, at ssa.Instruction) (ids []string) {
	if c, ok := v.(*ssa.Const); ok && c.IsNil() || ofTimer(v) {
		return nil
	}
	var objects []*pointsto.Object
	if d.points != nil {
		objects = d.points.Pointer(v).PointsTo()
	}
	timer := false
	var others []string
	for _, o := range objects {
		site, isMake := o.Site.(*ssa.MakeChan)
		switch {
		case isMake && !sameElem(site.Type(), v.Type()):
		case isMake:
			ids = append(ids, d.chanNode(site))
		case o.Lib == nil || compilable.PackageOf(o.Lib) == nil:
		case compilable.PackageOf(o.Lib).Path() == "time":
			timer = true
		case o.Type != nil && sameElem(o.Type, v.Type()):
			others = append(others, o.String())
		}
	}
	if len(ids) > 0 || timer {
		return unique(ids)
	}
	for _, name := range unique(others) {
		ids = append(ids, d.node("channel "+name, graph.Node{Kind: graph.Channel, Label: name, Detail: typeText(v.Type())}))
	}
	if len(ids) == 0 {
		ids = append(ids, d.unknown(v, at))
	}
	return ids
}

// ofTimer reports whether v is the field C of a time.Timer or time.Ticker.
func ofTimer(v ssa.Value) bool {
	load, ok := v.(*ssa.UnOp)
	if !ok {
		return false
	}
	f, ok := load.X.(*ssa.FieldAddr)
	return ok && strings.HasPrefix(typeText(f.X.Type()), "*time.")
}

// sameElem reports whether t and u are channels of the same things.
func sameElem(t, u types.Type) bool {
	a, ok := t.Underlying().(*types.Chan)
	b, ok2 := u.Underlying().(*types.Chan)
	return ok && ok2 && types.Identical(a.Elem(), b.Elem())
}

// unique drops what is there before.
func unique(ids []string) (out []string) {
	for _, id := range ids {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

func typeText(t types.Type) string { return types.TypeString(t, (*types.Package).Name) }

// unknown is the node of a channel or lock that could be any.
func (d *drawer) unknown(v ssa.Value, at ssa.Instruction) string {
	t := typeText(v.Type())
	return d.node("unknown "+t, graph.Node{Kind: graph.Unknown, Label: "which " + t + " is not known", Detail: d.line(suspend.Position(at))})
}

// chanNode is the node of the channels that one call of make makes.
func (d *drawer) chanNode(site *ssa.MakeChan) string {
	t := typeText(site.Type())
	n := graph.Node{Kind: graph.Channel, Label: d.variable(site), Detail: t + ", " + d.line(site.Pos())}
	if c, ok := site.Size.(*ssa.Const); ok && c.Int64() > 0 {
		n.Detail = fmt.Sprintf("%s, %d, %s", t, c.Int64(), d.line(site.Pos()))
	}
	if n.Label == "" {
		n.Label, n.Detail = t, d.line(site.Pos())
	}
	return d.node(site.Pos(), n)
}

// variable is what the value of a call is given to in the source: "jobs", "o.verdict"; "" if that is not seen.
func (d *drawer) variable(site *ssa.MakeChan) (name string) {
	root := site.Parent()
	if root.Syntax() == nil {
		return ""
	}
	is := func(e ast.Expr) bool {
		c, ok := ast.Unparen(e).(*ast.CallExpr)
		return ok && c.Lparen == site.Pos()
	}
	ast.Inspect(root.Syntax(), func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if k := slices.IndexFunc(n.Rhs, is); k >= 0 && len(n.Lhs) == len(n.Rhs) {
				name = types.ExprString(n.Lhs[k])
			}
		case *ast.ValueSpec:
			if k := slices.IndexFunc(n.Values, is); k >= 0 && len(n.Names) == len(n.Values) {
				name = n.Names[k].Name
			}
		case *ast.KeyValueExpr:
			if is(n.Value) {
				name = types.ExprString(n.Key)
			}
		}
		return name == ""
	})
	return name
}

// lockVerbs are the operations of locks, and what they do.
var lockVerbs = map[string]string{
	"(*sync.Mutex).Lock": "locks", "(*sync.Mutex).TryLock": "locks", "(*sync.RWMutex).Lock": "locks", "(*sync.RWMutex).TryLock": "locks",
	"(*sync.RWMutex).RLock": "locks to read", "(*sync.RWMutex).TryRLock": "locks to read",
	"(*sync.WaitGroup).Wait": "waits", "(*sync.WaitGroup).Add": "adds", "(*sync.WaitGroup).Done": "is done", "(*sync.WaitGroup).Go": "adds",
	"(*sync.Cond).Wait": "waits", "(*sync.Cond).Signal": "signals", "(*sync.Cond).Broadcast": "signals", "(*sync.Once).Do": "does once",
}

// lock draws an operation on the locks that addr may point to.
func (d *drawer) lock(id string, addr ssa.Value, at ssa.Instruction, verb string) {
	var ids []string
	for _, l := range d.locks(addr) {
		ids = append(ids, d.lockNode(l, addr))
	}
	if len(ids) == 0 {
		ids = append(ids, d.unknown(addr, at))
	}
	for _, node := range unique(ids) {
		d.g.Add(id, node, verb)
		if !slices.Contains(d.users[node], id) {
			d.users[node] = append(d.users[node], id)
		}
	}
}

// locks are the locks that addr may point to. One that is a field of a struct is that field of the structs that there may be, if those are known.
func (d *drawer) locks(addr ssa.Value) (out []pointsto.Label) {
	if d.points == nil {
		return nil
	}
	if f, ok := addr.(*ssa.FieldAddr); ok {
		for _, l := range d.labels(f.X) {
			if l.Field < 0 && l.Object.Type != nil && types.Identical(l.Object.Type, f.X.Type().Underlying().(*types.Pointer).Elem()) {
				out = append(out, pointsto.Label{Object: l.Object, Field: f.Field})
			}
		}
	}
	if len(out) > 0 {
		return out
	}
	return slices.DeleteFunc(d.labels(addr), func(l pointsto.Label) bool { return !holds(l, addr.Type()) })
}

// labels are what v may point to, in the order of the program.
func (d *drawer) labels(v ssa.Value) (out []pointsto.Label) {
	p := d.points.Pointer(v)
	all := slices.Collect(p.Labels())
	slices.SortFunc(all, func(a, b pointsto.Label) int { return cmp.Compare(a.Field, b.Field) })
	for _, o := range p.PointsTo() {
		for _, l := range all {
			if l.Object == o {
				out = append(out, l)
			}
		}
	}
	return slices.Compact(out)
}

// holds reports whether l is memory with what a pointer of type t points to.
func holds(l pointsto.Label, t types.Type) bool {
	in := l.Object.Type
	if in == nil {
		return false
	}
	if s, ok := in.Underlying().(*types.Struct); ok && l.Field >= 0 && l.Field < s.NumFields() {
		in = s.Field(l.Field).Type()
	}
	part := t.Underlying().(*types.Pointer).Elem()
	return library.Part(in, func(t types.Type) bool { return types.Identical(t, part) })
}

// A lockKey is a lock: an object, or a field of it.
type lockKey struct {
	object *pointsto.Object
	field  int
}

func (d *drawer) lockNode(l pointsto.Label, addr ssa.Value) string {
	name := l.Object.String()
	if n, ok := types.Unalias(l.Object.Type).(*types.Named); ok && (name == "complit" || name == "new") {
		name = n.Obj().Name()
	}
	if s, ok := l.Object.Type.Underlying().(*types.Struct); ok && l.Field >= 0 && !types.Identical(l.Object.Type, addr.Type().Underlying().(*types.Pointer).Elem()) {
		name += "." + s.Field(l.Field).Name()
	}
	return d.node(lockKey{l.Object, l.Field}, graph.Node{Kind: graph.Lock, Label: name, Detail: typeText(addr.Type().Underlying().(*types.Pointer).Elem())})
}

// timers are the functions that wait, or begin to, and which argument says how long.
var timers = map[string]int{
	"time.Sleep": 0, "time.After": 0, "time.NewTimer": 0, "time.NewTicker": 0, "time.Tick": 0,
	"context.WithTimeout": 1, "context.WithTimeoutCause": 1,
}

// timer draws a wait.
func (d *drawer) timer(id, name string, arg ssa.Value, at ssa.Instruction) {
	node := d.node(at.Pos(), graph.Node{Kind: graph.Timer, Label: name[strings.LastIndex(name, ".")+1:] + " " + length(arg), Detail: d.line(at.Pos())})
	d.g.Add(node, id, "")
}

// length spells a duration, if it is known.
func length(v ssa.Value) string {
	t, known := duration(v)
	if !known {
		return "?"
	}
	s := t.String() // 1h0m0s
	if m, ok := strings.CutSuffix(s, "m0s"); ok {
		s = m + "m"
	}
	if h, ok := strings.CutSuffix(s, "h0m"); ok {
		s = h + "h"
	}
	return s
}

// outside names the service that calling fn is a call of, "" if it is not known to be one.
func outside(fn *ssa.Function) string {
	if fn == nil || compilable.PackageOf(fn) == nil {
		return ""
	}
	const aws = "github.com/aws/aws-sdk-go-v2/service/"
	path, ok := strings.CutPrefix(compilable.PackageOf(fn).Path(), aws)
	recv := fn.Signature.Recv()
	switch {
	case ok && recv != nil && ast.IsExported(fn.Name()) && (strings.HasSuffix(recv.Type().String(), ".Client") || strings.HasSuffix(recv.Type().String(), "Paginator") && fn.Name() == "NextPage"):
		return "AWS " + path
	case strings.HasPrefix(fn.String(), "net/http.Get"), strings.HasPrefix(fn.String(), "net/http.Post"), strings.HasPrefix(fn.String(), "net/http.Head"),
		recv != nil && recv.Type().String() == "*net/http.Client" && fn.Name() != "CloseIdleConnections":
		return "HTTP servers"
	case recv != nil && slices.Contains([]string{"*database/sql.DB", "*database/sql.Tx", "*database/sql.Conn", "*database/sql.Stmt"}, recv.Type().String()):
		return "SQL database"
	}
	return ""
}
