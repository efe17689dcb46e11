package transform

import (
	"cmp"
	"go/token"
	"strings"

	"github.com/harkgen/harkgen/analyzer/directive"
	"github.com/harkgen/harkgen/analyzer/entry"
	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/transform/diag"
)

// This file puts into words what the entry points are.

// kinds say what each kind of entry point is.
var kinds = map[plan.Kind]string{
	plan.Main:   "a run executes it once",
	plan.Lambda: "a run handles one event, with what lambda.Start is given",
	plan.Server: "one run is the HTTP server, for all requests",
	plan.Func:   "a run handles one event",
}

func (e *explainer) entry(p *entry.Point) {
	n := Note{Kind: NoteEntry, Name: p.Name, Decision: string(p.Kind)}
	n.What = p.Pkg.Name() + "." + p.Func.Name() + " is the entry point " + p.Name + ": " + kinds[p.Kind]
	var by []string
	for _, t := range p.Triggers(e.prog.Fset) {
		by = append(by, trigger(&t))
	}
	by = append(by, "harkgen invoke")
	n.What += "; it is started by " + strings.Join(by, ", ")
	for _, d := range p.Said {
		n.Chain = append(n.Chain, Link{directive.EntryName + " " + d.Trigger.Type, e.prog.Pos(d.Pos)})
	}
	for _, l := range p.Chain {
		n.Chain = append(n.Chain, Link{"calls " + l.Callee, e.prog.Pos(l.Pos)})
	}
	if len(p.Chain) > 0 {
		n.Why = "it calls " + p.Chain[len(p.Chain)-1].Callee + e.at(p.Pos)
	}
	e.add(p.Func.Pos(), n)
	for _, s := range p.Starts {
		if s.Options {
			e.warnEntry(p, s.Pos, "options of lambda."+s.Name+" have no effect", "harkgen decodes events and encodes answers itself, as lambda.Start does", "leave them out")
		}
	}
	if p.Foreign.IsValid() {
		e.warnEntry(p, p.Foreign, p.Name+" serves HTTP from a library that is not compiled", "no requests get there on Lambda", "call http.ListenAndServe, with its handler, in the program")
	}
}

func (e *explainer) warnEntry(p *entry.Point, at token.Pos, what, why, do string) {
	e.add(at, Note{Kind: NoteWarning, Name: p.Name, Diagnostic: diag.Diagnostic{What: what, Why: why, Do: do}})
}

// trigger says what starts an entry point.
func trigger(t *plan.Trigger) string {
	switch t.Type {
	case "http":
		return t.Method + " " + t.Path
	case "schedule":
		return t.Schedule
	case "eventbridge":
		return "events like " + t.Pattern
	}
	what := t.Type + " " + cmp.Or(t.Queue, t.Topic, t.Table, t.Bucket)
	if t.Type == "s3" {
		what += " " + t.Event
		if t.Suffix != "" {
			what += " of " + t.Suffix
		}
	}
	if t.Batch {
		what += ", by the batch"
	}
	return what
}
