package transform

import (
	"cmp"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/analyzer/directive"
	"github.com/harkgen/harkgen/analyzer/entry"
	"github.com/harkgen/harkgen/analyzer/flow"
	"github.com/harkgen/harkgen/analyzer/pinned"
	"github.com/harkgen/harkgen/analyzer/placement"
	"github.com/harkgen/harkgen/analyzer/state"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/analyzer/unmovable"
	"github.com/harkgen/harkgen/analyzer/vet"
	"github.com/harkgen/harkgen/transform/diag"
	"github.com/harkgen/harkgen/transform/load"
	"github.com/harkgen/harkgen/transform/lower"
)

// This file puts into words what the compiler decided about the packages of the main module.

// The kinds of notes. More may come.
const (
	NoteVariable = "variable" // a package variable is state, or rebuilt
	NoteFunction = "function" // a function may suspend
	NoteGo       = "go"       // a go statement, or a call of WaitGroup.Go, starts its goroutine in this process or one of its own
	NoteEntry    = "entry"    // an entry point: a main function, or one with directives
	NotePin      = "pin"      // a call of code that is not compiled may call back code that waits
	NoteWarning  = "warning"  // something will not be as it seems when the program is saved or restored
)

// A Note is one thing that the compiler decided.
type Note struct {
	diag.Diagnostic
	Kind     string
	Name     string // of the variable or function, with its package
	Decision string // "state", "rebuilt", "suspends", "local", "remote", "pins"; the kind of an entry; of a warning "", or "remote" if it is about that
	Chain    []Link // the reasons, one after the other
}

// A Link is one reason of a chain.
type Link struct {
	What string // "is assigned", "calls main.f", "chan receive"
	Pos  string // file:line:col, relative to the module
}

// Warnings lists the warnings among notes.
func Warnings(notes []Note) []diag.Diagnostic {
	var out []diag.Diagnostic
	for _, n := range notes {
		if n.Kind == NoteWarning {
			out = append(out, n.Diagnostic)
		}
	}
	return out
}

// explainer collects notes.
type explainer struct {
	prog  *load.Program
	facts *suspend.Facts
	low   *lower.Result
	own   map[*types.Package]bool // of the main module
	notes []Note

	openers *unmovable.Openers
}

// explain finds out what was decided; notes are sorted by place.
func explain(prog *load.Program, facts *suspend.Facts, places *placement.Result, low *lower.Result, found *entry.Result) *explainer {
	e := &explainer{prog: prog, facts: facts, low: low, own: map[*types.Package]bool{}, openers: unmovable.NewOpeners(nil, func(c *ssa.Call, what string) vet.Step {
		return vet.Step{Pos: c.Pos(), Where: prog.Pos(c.Pos()), What: what}
	})}
	for _, u := range prog.User {
		if own(u) && !prog.IsGlue(u.PkgPath) {
			e.own[u.Types] = true
		}
	}
	for _, d := range low.State.Decisions {
		if e.own[d.Var.Pkg()] && d.Var.Name() != "_" {
			e.variable(d)
		}
	}
	for _, c := range low.State.Changes {
		e.foreign(c)
	}
	e.places(places)
	for _, p := range found.Points {
		e.entry(p)
	}
	for _, fn := range facts.Functions(func(fn *ssa.Function) bool { return e.own[compilable.PackageOf(fn)] && !load.Generic(fn) }) {
		e.function(fn)
	}
	slices.SortStableFunc(e.notes, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Pos.Filename, b.Pos.Filename), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column),
			cmp.Compare(a.Error(), b.Error()))
	})
	e.notes = slices.CompactFunc(e.notes, func(a, b Note) bool { return a.Diagnostic == b.Diagnostic })
	return e
}

func own(u *packages.Package) bool { return u.Module == nil || u.Module.Main }

func (e *explainer) add(pos token.Pos, n Note) {
	n.Pos = e.prog.Fset.Position(pos)
	if e.prog.IsGlueFile(n.Pos.Filename) {
		return
	}
	e.notes = append(e.notes, n)
}

// at spells a place for the middle of a sentence.
func (e *explainer) at(pos token.Pos) string {
	if !pos.IsValid() {
		return ""
	}
	return " (" + e.prog.Pos(pos) + ")"
}

func (e *explainer) variable(d *state.Decision) {
	n := Note{Kind: NoteVariable, Name: d.Var.Pkg().Name() + "." + d.Var.Name(), Decision: "state"}
	if d.Rebuilt {
		n.Decision = "rebuilt"
	}
	n.What, n.Why = n.Name+" is "+n.Decision, d.Why+e.at(d.Pos)
	if d.Pos.IsValid() {
		n.Chain = []Link{{d.Why, e.prog.Pos(d.Pos)}}
	}
	e.add(d.Var.Pos(), n)
	if !d.Rebuilt && d.Handle != "" {
		e.add(d.Var.Pos(), Note{Kind: NoteWarning, Name: n.Name, Diagnostic: diag.Diagnostic{
			What: n.Name + " cannot be saved, as " + d.Handle,
			Why:  "each process would make its own, but " + n.Why,
			Do:   "let its declaration make it as it is to be, and do not change it afterwards",
		}})
	}
}

// places notes where the goroutines of the main module run, and those of dependencies about which something was proved.
func (e *explainer) places(places *placement.Result) {
	mine := map[string]bool{}
	for _, u := range e.prog.User {
		for _, f := range u.Syntax {
			mine[e.prog.Fset.PositionFor(f.Package, false).Filename] = own(u)
		}
	}
	for _, s := range places.Statements {
		if s.Found == nil && !mine[e.prog.Fset.PositionFor(s.Pos, false).Filename] {
			continue
		}
		n := Note{Kind: NoteGo, Name: s.Name(), Decision: placement.Local}
		if s.Remote {
			n.Decision = placement.Remote
		}
		n.What = s.Text()
		if c := places.Class(s.Pos); s.Remote && c != "" {
			n.What += ", on Lambda in the function of class " + c
		}
		switch {
		case s.Said != nil:
			why := "a comment says so"
			n.Why, n.Chain = why+e.at(s.Said.Pos), []Link{{why, e.prog.Pos(s.Said.Pos)}}
			if s.Found != nil {
				e.wrongRemote(s, n.Name)
			}
		case s.Found == nil:
			n.Why = "so do all of this program without a comment " + directive.GoName
		case s.Remote:
			n.Why = "it shares no memory with others without order"
		default:
			n.Why, n.Do, n.Chain = e.keeps(s.Found)
		}
		e.add(s.Pos, n)
	}
}

// wrongRemote warns of a comment that places a goroutine of which others may tell the difference. What it would share with glue is a weakness of the proof.
func (e *explainer) wrongRemote(s *placement.Statement, name string) {
	what := s.Seen()
	if what == "" {
		return
	}
	why, do, uses := s.Found.Text(e.prog.Pos)
	if slices.ContainsFunc(uses, func(u placement.Use) bool { return e.prog.IsGlueFile(e.prog.Fset.Position(u.Pos).Filename) }) {
		return
	}
	chain := e.links(uses)
	e.add(s.Pos, Note{Kind: NoteWarning, Name: name, Decision: placement.Remote, Chain: chain, Diagnostic: diag.Diagnostic{What: what, Why: why, Do: do}})
}

// keeps says what keeps a goroutine in the process of its go statement, and what would free it.
func (e *explainer) keeps(f *placement.Finding) (why, do string, chain []Link) {
	why, do, uses := f.Text(e.prog.Pos)
	return why, do, e.links(uses)
}

func (e *explainer) links(uses []placement.Use) (chain []Link) {
	for _, u := range uses {
		chain = append(chain, Link{u.What, e.prog.Pos(u.Pos)})
	}
	return chain
}

func (e *explainer) foreign(c state.Change) {
	name := c.Var.Pkg().Name() + "." + c.Var.Name()
	e.add(c.Pos, Note{Kind: NoteWarning, Name: name, Diagnostic: diag.Diagnostic{
		What: name + " is changed here",
		Why:  "variables of packages that are not compiled are not saved, so another process has the original",
		Do:   "change it in an init function, which runs in each process",
	}})
}

func (e *explainer) function(fn *ssa.Function) {
	if e.facts.Coloured(fn) && (fn.Synthetic == "" || load.Instance(fn)) {
		n := Note{Kind: NoteFunction, Name: e.low.Title(fn), Decision: "suspends", Chain: e.chain(fn)}
		n.What, n.Why = n.Name+" may suspend", "it "+sentence(n.Chain)
		e.add(fn.Pos(), n)
	}
	if !e.facts.All {
		for _, f := range unmovable.Find(fn, e.openers, e.waits) {
			e.add(f.Pos, Note{Kind: NoteWarning, Name: f.Name, Diagnostic: diag.Diagnostic{
				What: f.What(e.relative), Why: f.Why(), Do: f.Do(),
			}})
		}
	}
	for i := range flow.Instructions(fn) {
		if c, ok := i.(ssa.CallInstruction); ok {
			e.pins(c)
		}
	}
}

func (e *explainer) relative(pos token.Pos) token.Position {
	p := e.prog.Fset.Position(pos)
	p.Filename = e.prog.Rel(p.Filename)
	return p
}

// suspends reports whether the goroutine may be suspended in i, so that a frame of the function is saved.
func (e *explainer) suspends(i ssa.Instruction) bool {
	c, ok := i.(*ssa.Call)
	return e.facts.Operation(i) != "" || ok && e.facts.Site(c)
}

// waits reports whether the goroutine may be suspended in i for longer than a lock is held.
func (e *explainer) waits(i ssa.Instruction) bool {
	if op := e.facts.Operation(i); op != "" {
		return !suspend.Lock(op)
	}
	c, ok := i.(*ssa.Call)
	return ok && slices.ContainsFunc(e.facts.Callees(c), func(fn *ssa.Function) bool {
		chain := e.chain(fn)
		return len(chain) > 0 && e.facts.Site(c) && !suspend.Lock(chain[len(chain)-1].What)
	})
}

// chain lists why fn may suspend, down to the operation.
func (e *explainer) chain(fn *ssa.Function) []Link {
	var out []Link
	seen := map[*ssa.Function]bool{}
	for fn != nil && !seen[fn] {
		seen[fn] = true
		r := e.facts.Reason(fn)
		if r == nil {
			break
		}
		what := r.What
		if r.Via != nil {
			what = "calls " + e.title(r.Via)
		}
		out = append(out, Link{what, e.prog.Pos(r.Pos)})
		fn = r.Via
	}
	return out
}

// title names fn as a stack trace does; what is not of a package is a function that go/ssa has made.
func (e *explainer) title(fn *ssa.Function) string {
	if compilable.PackageOf(fn) == nil || !e.prog.IsUser(fn) {
		return fn.String()
	}
	return e.low.Title(fn)
}

func sentence(chain []Link) string {
	var parts []string
	for _, l := range chain {
		text := l.What + " (" + l.Pos + ")"
		if !strings.HasPrefix(l.What, "calls ") {
			text = "waits: " + text
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", which ")
}

// pins notes a call that hands a function that may suspend to code that is not compiled: while it is called back the process cannot be saved.
func (e *explainer) pins(c ssa.CallInstruction) {
	callee := c.Common().StaticCallee()
	if callee == nil || e.compiled(callee) {
		return
	}
	for _, arg := range c.Common().Args {
		for _, fn := range pinned.Functions(arg) {
			if !e.facts.Coloured(fn) || !e.calledBack(fn) {
				continue
			}
			name := pinned.Name(callee)
			chain := append([]Link{{"calls back " + e.title(fn), e.prog.Pos(fn.Pos())}}, e.chain(fn)...)
			e.add(c.Pos(), Note{Kind: NotePin, Name: name, Decision: "pins", Chain: chain, Diagnostic: diag.Diagnostic{
				What: pinned.What(name), Why: pinned.Why(e.title(fn), e.at(fn.Pos())),
			}})
			return
		}
	}
}

// compiled reports whether calls of callee go to a compiled form.
func (e *explainer) compiled(callee *ssa.Function) bool {
	return e.prog.IsUser(callee) || e.low.Plan.Lowered(callee) || e.low.Plan.Compiled(callee) || lower.InRuntime(callee) || compilable.PackageOf(callee) == nil
}

// calledBack reports whether code that is not compiled calls fn.
func (e *explainer) calledBack(fn *ssa.Function) bool {
	for _, c := range e.facts.Callers(fn) {
		if p := c.Parent(); compilable.PackageOf(p) != nil && !e.prog.IsUser(p) {
			return true
		}
	}
	return false
}
