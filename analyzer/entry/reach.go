package entry

import (
	"cmp"
	"fmt"
	"go/token"
	"go/types"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/directive"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/deploygen/plan"
)

// This file is about what entry points reach: main lambda.Start and HTTP servers, all of them a function.

// Calls is what is known of the calls of a program.
type Calls struct {
	SSA     *ssa.Program
	Callees func(ssa.CallInstruction) []*ssa.Function
}

// A Link is one call of a chain.
type Link struct {
	Pos    token.Pos
	Callee string
}

// servers are the functions that serve HTTP, by suspend.Name, and what they are to the user: those of net/http, and what is called in their place (transform/glue).
var servers = func() map[string]string {
	out := map[string]string{}
	for _, name := range []string{"ListenAndServe", "ListenAndServeTLS", "Serve", "ServeTLS"} {
		for _, fn := range []string{"net/http." + name, "hark_http." + name} {
			out[fn] = "net/http." + name
		}
		for _, fn := range []string{"(*net/http.Server)." + name, "hark_http.Server" + name} {
			out[fn] = "(*net/http.Server)." + name
		}
	}
	return out
}()

// Reach finds out what the main functions among the points are, by what they can call.
func (r *Result) Reach(calls Calls) []directive.Problem {
	f := &finder{Program: r.program, Result: r, calls: calls}
	for _, p := range r.Points {
		if p.IsMain() {
			f.kindOf(p)
			f.onMain(p)
		}
	}
	return f.sorted()
}

// kindOf finds the kind of p, the entry point of package main.
func (f *finder) kindOf(p *Point) {
	r := f.reach(p, false)
	if len(r.starts) > 0 {
		p.Kind, p.Pos, p.Chain = plan.Lambda, r.starts[0].Pos(), r.chain(r.starts[0])
		for _, c := range r.starts {
			p.Starts = append(p.Starts, f.site(c))
		}
	}
	if len(r.servers) == 0 {
		if len(r.foreign) > 0 {
			p.Foreign = r.foreign[0].Pos()
		}
		return
	}
	if p.Kind == plan.Lambda {
		f.problem(p.Pos, "main starts a Lambda handler and an HTTP server", "the server is started at "+f.at(r.servers[0].Pos())+"; a program is one of them", "make two programs of it")
		return
	}
	p.Kind, p.Pos, p.Chain = plan.Server, r.servers[0].Pos(), r.chain(r.servers[0])
}

// onMain checks the directives on a func main.
func (f *finder) onMain(p *Point) {
	for _, d := range p.Said {
		t := d.Trigger.Type
		if t != directive.Main && !(p.Kind == plan.Main && t == "schedule") && !(p.Kind == plan.Lambda && t != "http") {
			f.problem(d.Pos, directive.EntryName+" "+t+" on func main", fmt.Sprintf("main %s", isNot[p.Kind]), "put it on a function that takes the event")
		}
	}
}

var isNot = map[plan.Kind]string{
	plan.Main:   "takes no event",
	plan.Lambda: "calls lambda.Start, which takes no requests",
	plan.Server: "is an HTTP server, which gets all requests",
}

// A Route is how an entry point comes to call a function.
type Route struct {
	Point *Point
	Steps []Step // none if it is the entry point's own function
}

// A Step is one call of a route, or one start of a goroutine.
type Step struct {
	Site   ssa.CallInstruction
	Callee *ssa.Function
}

// Routes lists the entry points that can call fn, or start a goroutine that does.
func (r *Result) Routes(calls Calls, fn *ssa.Function) []Route {
	f := &finder{Program: r.program, Result: r, calls: calls}
	var out []Route
	for _, p := range r.Points {
		reached := f.reach(p, true)
		if _, ok := reached.from[fn]; ok {
			out = append(out, Route{p, reached.steps(fn)})
		}
	}
	return out
}

// steps is how the entry point comes to fn.
func (r *reached) steps(fn *ssa.Function) (out []Step) {
	for c := r.from[fn]; c != nil; c = r.from[fn] {
		out = append(out, Step{c, fn})
		fn = c.Parent()
	}
	slices.Reverse(out)
	return out
}

// A reached is what an entry point can call.
type reached struct {
	from    map[*ssa.Function]ssa.CallInstruction // how each was found
	starts  []ssa.CallInstruction
	servers []ssa.CallInstruction
	foreign []ssa.CallInstruction // that serve, of libraries
	parts   map[*types.Package]bool
	all     bool // also what such calls call
}

// reach searches what the function of p and the initialisation of its package can call, in packages that this imports; with all, also what servers and lambda.Start call.
func (f *finder) reach(p *Point, all bool) *reached {
	r := &reached{from: map[*ssa.Function]ssa.CallInstruction{}, parts: imported(p.Pkg), all: all}
	work := []*ssa.Function{f.calls.SSA.FuncValue(p.Func), f.calls.SSA.Package(p.Pkg).Func("init")}
	r.from[work[0]], r.from[work[1]] = nil, nil
	for ; len(work) > 0; work = work[1:] {
		for _, b := range work[0].Blocks {
			for _, i := range b.Instrs {
				if c, ok := i.(ssa.CallInstruction); ok {
					work = append(work, f.call(r, c)...)
				}
			}
		}
	}
	return r
}

// call notes what c calls, and returns what is new.
func (f *finder) call(r *reached, c ssa.CallInstruction) (found []*ssa.Function) {
	if f.site(c) != nil && !r.all {
		r.starts = append(r.starts, c)
		return nil
	}
	for _, callee := range f.calls.Callees(c) {
		if servers[suspend.Name(callee)] != "" && !r.all {
			if f.own(packageOf(c.Parent())) {
				r.servers = append(r.servers, c)
			} else {
				r.foreign = append(r.foreign, c)
			}
			continue
		}
		pkg := packageOf(callee)
		if _, seen := r.from[callee]; seen || pkg != nil && !r.within(pkg) {
			continue
		}
		r.from[callee] = c
		found = append(found, callee)
	}
	return found
}

// within reports whether functions of pkg are looked at. Glue is imported by nothing; it is called in the place of others.
func (r *reached) within(pkg *types.Package) bool {
	if r.all && strings.HasPrefix(path.Base(pkg.Path()), "hark_") {
		return true
	}
	return r.parts[pkg] && (r.all || pkg.Path() != lambdaPath) && pkg.Path() != "net/http/httptest"
}

// own reports whether pkg is of the main module.
func (f *finder) own(pkg *types.Package) bool {
	return slices.ContainsFunc(f.Packages, func(p Package) bool { return p.Types == pkg })
}

// site is the call of lambda.Start that c is, or nil.
func (f *finder) site(c ssa.CallInstruction) *Start {
	for _, s := range f.Starts {
		if s.Lparen == c.Common().Pos() {
			return s
		}
	}
	return nil
}

// chain is how main comes to the call c.
func (r *reached) chain(c ssa.CallInstruction) []Link {
	var out []Link
	for seen := map[ssa.CallInstruction]bool{}; c != nil && !seen[c]; c = r.from[c.Parent()] {
		seen[c] = true
		callee := c.Common().String()
		if fn := c.Common().StaticCallee(); fn != nil {
			callee = cmp.Or(servers[suspend.Name(fn)], fn.String())
		}
		out = append(out, Link{c.Pos(), callee})
	}
	slices.Reverse(out)
	return out
}

// packageOf is the package that fn is declared in, nil if it has none.
func packageOf(fn *ssa.Function) *types.Package {
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	fn = cmp.Or(fn.Origin(), fn)
	if fn.Pkg == nil {
		return nil
	}
	return fn.Pkg.Pkg
}

// imported are pkg and the packages it imports, itself or through others.
func imported(pkg *types.Package) map[*types.Package]bool {
	found := map[*types.Package]bool{pkg: true}
	for work := []*types.Package{pkg}; len(work) > 0; work = work[1:] {
		for _, imp := range work[0].Imports() {
			if !found[imp] {
				found[imp] = true
				work = append(work, imp)
			}
		}
	}
	return found
}
