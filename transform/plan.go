package transform

import (
	"cmp"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/harkgen/harkgen/analyzer/entry"
	"github.com/harkgen/harkgen/analyzer/placement"
	"github.com/harkgen/harkgen/deploygen"
	"github.com/harkgen/harkgen/deploygen/config"
	"github.com/harkgen/harkgen/deploygen/plan"
	"github.com/harkgen/harkgen/transform/diag"
	"github.com/harkgen/harkgen/transform/load"
)

// This file plans the deployment of a program: what the source says of its entry points, and hark.toml.

// planner makes the plan of a program.
type planner struct {
	prog   *load.Program
	found  *entry.Result
	config *config.Config
	whole  bool   // the program is all of the module, so that there are no other entry points
	tags   string // of all handlers
}

// newPlanner reads hark.toml. What is wrong with it, and with the plan as far as it is known, is in errs.
func newPlanner(prog *load.Program, o *Options, found *entry.Result) (p *planner, errs Errors, err error) {
	p = &planner{prog: prog, found: found}
	p.whole = prog.Module != nil && o.Dir == prog.Module.Dir && slices.Contains(o.Patterns, "./...")
	var wrong []*config.Error
	if prog.Module != nil {
		if p.config, wrong, err = config.Read(filepath.Join(prog.Module.Dir, config.FileName)); err != nil {
			return nil, nil, err
		}
	}
	if len(wrong) > 0 {
		return p, told(wrong), nil
	}
	made, wrong := p.plan(place(prog, o))
	p.tags = made.HandlerTags(&plan.Entry{})
	errs = told(wrong)
	if _, err := made.Check(); err != nil && len(made.Entries) > 0 {
		for _, e := range plan.Errors(err) {
			errs.Add(diag.Diagnostic{Pos: parsePosition(e.Pos), What: e.Msg})
		}
	}
	return p, errs, nil
}

func told(wrong []*config.Error) (errs Errors) {
	for _, e := range wrong {
		errs.Add(diag.Diagnostic{Pos: token.Position{Filename: e.File, Line: e.Line, Column: e.Col}, What: e.What, Why: e.Why, Do: e.Do})
	}
	return errs
}

// parsePosition is the inverse of token.Position.String.
func parsePosition(s string) (pos token.Position) {
	rest, col, _ := cutLast(s)
	file, line, ok := cutLast(rest)
	if !ok {
		return pos
	}
	pos.Filename = file
	pos.Line, _ = strconv.Atoi(line)
	pos.Column, _ = strconv.Atoi(col)
	return pos
}

func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndex(s, ":")
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// plan is the deployment with goroutines placed so. An empty main beside functions with directives is there for the Go compiler only.
func (p *planner) plan(places *placement.Result) (*deploygen.Plan, []*config.Error) {
	module := modulePath(p.prog)
	out := &deploygen.Plan{Program: module[strings.LastIndex(module, "/")+1:]}
	dirs := entries(p.prog, p.found)
	several := begins(p.found)
	for _, point := range p.found.Points {
		if point.IsMain() && point.Empty && len(point.Said) == 0 && several[point.Pkg.Path()] {
			continue
		}
		out.Entries = append(out.Entries, p.entry(point, dirs, places))
	}
	return out, p.config.Apply(out, p.whole)
}

func (p *planner) entry(point *entry.Point, dirs map[string]*Entry, places *placement.Result) deploygen.Entry {
	said := point.Setting()
	e := deploygen.Entry{
		Name: point.Name, Package: point.Pkg.Path(), Pos: p.prog.Fset.Position(point.Pos).String(),
		Kind: point.Kind, Triggers: point.Triggers(p.prog.Fset), Resources: said.Resources, Concurrency: said.Concurrency,
	}
	if dir := dirs[mainOf(point)]; dir != nil {
		e.Target = "./" + dir.Dir
	}
	if point.Pkg.Name() == "main" && !point.IsMain() {
		e.Tags = tag(point)
	}
	e.Spread, e.Goroutines = p.remote(point.Pkg, places)
	return e
}

// remote says of the go statements in pkg, and in what it imports, whether there are remote ones, and which resources of their own they have.
func (p *planner) remote(pkg *types.Package, places *placement.Result) (spread bool, classes []plan.Class) {
	files := map[string]bool{}
	packages.Visit([]*packages.Package{p.prog.All[pkg.Path()]}, nil, func(u *packages.Package) {
		for _, f := range u.CompiledGoFiles {
			files[f] = true
		}
	})
	for _, s := range places.Statements {
		if !s.Remote || !files[p.prog.Fset.PositionFor(s.Pos, false).Filename] {
			continue
		}
		spread = true
		if s.Said == nil || s.Said.Resources == (plan.Resources{}) {
			continue
		}
		c := plan.Class{Name: s.Said.Resources.Class(), Resources: s.Said.Resources}
		if !slices.Contains(classes, c) {
			classes = append(classes, c)
		}
	}
	slices.SortFunc(classes, func(a, b plan.Class) int { return cmp.Compare(a.Name, b.Name) })
	return spread, classes
}
