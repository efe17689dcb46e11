// This file prints what inspect has found, in the manner of Go's tracebacks.

package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
)

type inspectPrinter struct {
	w   io.Writer
	now time.Time
}

func (p *inspectPrinter) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// goTypes turns the types that package reflect names in another way than gofmt.
var goTypes = strings.NewReplacer("struct {}", "struct{}", "interface {}", "any", "[]uint8", "[]byte")

// head prints which run it is.
func (p *inspectPrinter) head(run *store.Run, step int64) {
	p.printf("run %s of %s, %s, step %d", run.ID, run.Program.Package, run.State, step)
	if step == run.Step {
		p.printf(" at %s", run.Updated.Local().Format(time.DateTime))
	}
	p.printf("\n")
	if run.Error != "" {
		p.printf("%s\n", run.Error)
	}
}

func (p *inspectPrinter) print(i *local.Inspection) {
	for _, g := range i.Goroutines {
		p.goroutine(&g)
	}
	if i.Omitted > 0 {
		p.printf("\nand %d more goroutines\n", i.Omitted)
	}
	for _, c := range i.Channels {
		p.channel(&c)
	}
	for n, l := range i.Locks {
		if n == 0 {
			p.printf("\n")
		}
		p.lock(&l)
	}
	for n, t := range i.Timers {
		if n == 0 {
			p.printf("\n")
		}
		p.timer(&t)
	}
	for n, v := range i.Variables {
		if n == 0 {
			p.printf("\npackage variables:\n")
		}
		p.variable(1, &v)
	}
}

func (p *inspectPrinter) goroutine(g *local.InspectedG) {
	what := g.Op
	if g.State == "runnable" {
		what = g.State
	}
	if ops := p.waits(g.Waits); ops != "" {
		if len(g.Waits) > 1 {
			what += ": " + ops
		} else {
			what = ops
		}
	}
	if !g.Deadline.IsZero() {
		what += " until " + p.when(g.Deadline)
	}
	p.printf("\ngoroutine %d [%s]:\n", g.ID, what)
	for _, h := range g.Holds {
		p.printf("\tholds %s #%d", h.Type, h.ID)
		if h.Op == "sync.RWMutex.RLock" {
			p.printf(" for reading")
		}
		p.printf("\n")
	}
	for _, f := range g.Frames {
		p.printf("%s\n\t%s\n", f.Function, f.Position)
		for _, v := range f.Variables {
			p.variable(2, &v)
		}
	}
	if len(g.Frames) == 0 {
		p.printf("not begun, called with\n")
		for _, v := range g.Start {
			p.variable(2, &v)
		}
	}
}

func (p *inspectPrinter) waits(ws []local.InspectedWait) string {
	var out []string
	for _, w := range ws {
		if w.Shared != "" {
			out = append(out, fmt.Sprintf("%s %s", w.Op, w.Shared))
		} else if w.ID != 0 {
			out = append(out, fmt.Sprintf("%s #%d", w.Op, w.ID))
		} else {
			out = append(out, w.Op)
		}
	}
	return strings.Join(out, ", ")
}

// when is a time to come, or one that has passed.
func (p *inspectPrinter) when(t time.Time) string {
	s := t.Local().Format(time.DateTime)
	if d := t.Sub(p.now).Round(time.Second); d > 0 {
		return s + " (in " + d.String() + ")"
	}
	return s + " (due)"
}

func (p *inspectPrinter) variable(indent int, v *local.Variable) {
	name := v.Name
	if v.ID != 0 {
		name += fmt.Sprintf(" #%d", v.ID)
	}
	if v.Copy {
		name += " (copy)"
	}
	if v.Captured {
		name += " (captured)"
	}
	p.printf("%s%s = %s\n", strings.Repeat("\t", indent), name, valueText(v.Value, "", indent))
}

func (p *inspectPrinter) channel(c *local.InspectedChan) {
	p.printf("\n%s #%d%s: ", goTypes.Replace(c.Type), c.ID, sharedAs(c.Shared))
	switch {
	case !c.Due.IsZero():
		p.printf("of a timer, due %s", p.when(c.Due))
	case c.Cap == 0:
		p.printf("unbuffered")
	default:
		p.printf("%d of %d", c.Len, c.Cap)
	}
	if c.Closed {
		p.printf(", closed")
	}
	p.printf("\n")
	for _, v := range c.Elems {
		p.printf("\t%s\n", valueText(v, "", 1))
	}
	if c.Omitted > 0 {
		p.printf("\t... %d more\n", c.Omitted)
	}
	p.who("receivers", c.Receivers)
	p.who("senders", c.Senders)
}

func (p *inspectPrinter) who(what string, gs []int64) {
	if len(gs) > 0 {
		p.printf("\t%s: %s\n", what, goroutines(gs))
	}
}

// goroutines is "goroutine 1" or "goroutines 1, 2".
func goroutines(gs []int64) string {
	s := strings.Trim(strings.ReplaceAll(fmt.Sprint(gs), " ", ", "), "[]")
	if len(gs) == 1 {
		return "goroutine " + s
	}
	return "goroutines " + s
}

func (p *inspectPrinter) lock(l *local.InspectedLock) {
	p.printf("%s #%d%s: %s", l.Type, l.ID, sharedAs(l.Shared), l.State)
	if len(l.Owners) > 0 {
		p.printf(" by %s", goroutines(l.Owners))
	}
	if l.Unknown {
		if len(l.Owners) > 0 {
			p.printf(", other owners unknown")
		} else {
			p.printf(", owner unknown")
		}
	}
	var ids []int64
	for _, w := range l.Waiters {
		ids = append(ids, w.Goroutine)
	}
	if len(ids) > 0 {
		p.printf("; waiting: %s", goroutines(ids))
	}
	p.printf("\n")
}

func (p *inspectPrinter) timer(t *local.InspectedTimer) {
	p.printf("%s", t.Type)
	if t.ID != 0 {
		p.printf(" #%d", t.ID)
	}
	if t.Due.IsZero() {
		p.printf(": not set")
	} else {
		p.printf(": due %s", p.when(t.Due))
	}
	if t.Period != "" {
		p.printf(", every %s", t.Period)
	}
	if t.Channel != 0 {
		p.printf(", channel #%d", t.Channel)
	}
	if t.Func != nil {
		p.printf(", calls %s", valueText(t.Func, "", 1))
	}
	p.printf("\n")
}
