package transform

import (
	"errors"
	"go/token"
	"slices"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/analyzer/placement"
	"github.com/harkgen/harkgen/analyzer/pointsto"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/diag"
	"github.com/harkgen/harkgen/transform/load"
	"github.com/harkgen/harkgen/transform/lower"
)

// This file decides where goroutines run, and what that means for the analysis.

// What Options.Placement can be.
const (
	PlacementLocal  = placement.Local  // in the process of the go statement
	PlacementRemote = placement.Remote // in a process of its own
	PlacementAuto   = placement.Auto   // in one of its own where it is proved to share no memory with others without order
)

// ErrPlacement is wrapped by the error for an Options.Placement that is none.
var ErrPlacement = errors.New("placement is local, auto or remote")

// An apartError lists what goroutines in processes of their own do that they cannot. A library is not left as it is because of that: it
// would do the same then, and nobody would be told.
type apartError struct{ Errors }

func (e apartError) Unwrap() error { return e.Errors }

// place decides about the go statements of what is compiled.
func place(prog *load.Program, o *Options) *placement.Result {
	var pkgs []placement.Package
	for _, u := range prog.User {
		pkgs = append(pkgs, placement.Package{Files: u.Syntax, Info: u.TypesInfo})
	}
	return placement.Decide(prog.Fset, pkgs, o.Placement)
}

// A prover remembers what was proved about the go statements of a program, for the packages that are compiled.
type prover struct {
	about []*packages.Package
	found map[token.Pos]*placement.Finding
}

// use places go statements as what can be proved about their goroutines says, if that matters.
func (v *prover) use(prog *load.Program, o *Options, facts *suspend.Facts, places *placement.Result) {
	if !places.Unproved() {
		return
	}
	if v.found == nil || !slices.Equal(v.about, prog.User) {
		o.Progress("finding what goroutines share")
		v.about, v.found = slices.Clone(prog.User), placement.Prove(program(prog, facts), places.Asks)
	}
	places.Use(v.found)
}

// program is what is to be proved about.
func program(prog *load.Program, facts *suspend.Facts) *placement.Program {
	c := &pointsto.Config{
		Compiled: func(fn *ssa.Function) bool { return prog.IsUser(fn) && !load.Generic(fn) },
		Callees:  facts.Callees,
		Callers:  facts.Callers,
		Flows:    true,
	}
	c.Funcs = facts.Functions(c.Compiled)
	for _, u := range prog.User {
		c.Packages = append(c.Packages, u.Types)
	}
	x := lower.NewRefuser(prog, facts)
	return &placement.Program{Fset: prog.Fset, Points: c, Refused: x.Refused, Rebuilt: x.Rebuilt}
}

// shares is suspend.Options.Shares for a program with this placement. A library of the Go distribution keeps its channels to itself.
func shares(prog *load.Program, place *placement.Result) func(*ssa.Function) bool {
	if !place.Distributed() {
		return nil
	}
	return func(fn *ssa.Function) bool {
		p := compilable.PackageOf(fn)
		return p == nil || !prog.IsStd(p.Path()) // nil: a method value, among others
	}
}

// analyse places the goroutines of the main module, and colours again.
func analyse(prog *load.Program, o *Options, facts *suspend.Facts) *suspend.Facts {
	prog.Compile(nil)
	facts.Shares = shares(prog, place(prog, o))
	return facts.Again(prog.IsUser, prog.Along)
}

// withDependencies chooses the packages of other modules to compile, given facts of the main module.
func withDependencies(prog *load.Program, o *Options, facts *suspend.Facts) (*suspend.Facts, *placement.Result) {
	var proved prover
	for {
		all := facts
		if deps := dependencies(prog, facts); len(deps) > 0 {
			prog.Compile(deps)
			all = facts.Again(prog.IsUser, prog.Copyable)
		}
		places := place(prog, o)
		proved.use(prog, o, all, places)
		if facts.Shares != nil || !places.Distributed() {
			return all, places
		}
		// The main module has no comment that starts goroutines remotely. Packages that close channels are to be compiled then, too.
		share := shares(prog, places)
		prog.Compile(nil)
		facts.Shares = share
		facts = facts.Again(prog.IsUser, prog.Along)
	}
}

// placementErrors are the problems that place has found.
func placementErrors(prog *load.Program, places *placement.Result) error {
	var errs Errors
	for _, p := range places.Problems {
		errs.Add(diag.Diagnostic{Pos: prog.Fset.Position(p.Pos), What: p.What, Why: p.Why, Do: p.Do})
	}
	return errs.Err()
}
