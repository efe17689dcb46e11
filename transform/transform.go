// Package transform compiles a Go module into a durable one: load, colour, lower, emit, package.
//
// Compile is a pure function of the source: it writes nothing. The same input gives the same bytes.
package transform

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/analyzer/entry"
	"github.com/harkgen/harkgen/analyzer/placement"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/deploygen"
	"github.com/harkgen/harkgen/deploygen/config"
	"github.com/harkgen/harkgen/transform/diag"
	"github.com/harkgen/harkgen/transform/emit"
	"github.com/harkgen/harkgen/transform/glue"
	"github.com/harkgen/harkgen/transform/graph"
	"github.com/harkgen/harkgen/transform/load"
	"github.com/harkgen/harkgen/transform/lower"
)

// Options say what to compile. The zero value compiles ./... of the current directory.
type Options struct {
	Dir      string   // where patterns are relative to; "" is the current directory
	Patterns []string // as for go build; default ./...
	Out      string   // absolute directory the files will be written to; only //line directives depend on it
	Lambda   bool     // also emit the Lambda handlers and the deployment
	All      bool     // transform every function, also those that never suspend

	// Where goroutines run whose go statement has no comment //hark:go. "" is PlacementLocal.
	Placement string

	About string // also tell what is known of this function, or of the smallest one at this place: pkg.Func, FILE.go:LINE

	Graph bool // also draw the program; with Lambda

	Progress func(string) // told of each phase; may be nil
	Check    bool         // verify each function after each pass over it
	Dump     string       // print what becomes of the functions of this name, phase by phase,
	DumpTo   io.Writer    // to here

	host  []hostPackage // of the Lambda host, once they are known
	found *entry.Result // the entry points
	plan  *planner      // of the deployment, if Lambda
}

// An Entry is one entry point: a main package.
type Entry struct {
	Name    string // last element of its path, unique in the program
	Package string // import path of the user's package
	Dir     string // in the output: cmd/Name
	Stdin   bool   // it can reach os.Stdin
}

// A Result is a compiled program.
type Result struct {
	Module  string // module path of the output, the same as the user's
	Entries []Entry
	Files   []emit.File     // sorted by path
	Notes   []Note          // what was decided about the packages of the main module, sorted by place
	About   []*About        // of the functions that Options.About means, if that is given
	Graph   *graph.Graph    // of the program, if Options.Graph
	Plan    *deploygen.Plan // of the deployment, if Options.Lambda
	Inputs  []string        // the files of the user's that it depends on, sorted; other modules are known by their versions

	Distributed bool // some goroutines run in processes of their own
}

// Errors is the list of everything wrong with the source.
type Errors = diag.List

// A Diagnostic is one of them, or a warning.
type Diagnostic = diag.Diagnostic

// Compile compiles the packages that o names. Its error is an Errors when the source is at fault.
func Compile(ctx context.Context, o *Options) (*Result, error) {
	opt := *o
	if len(opt.Patterns) == 0 {
		opt.Patterns = []string{"./..."}
	}
	if opt.Progress == nil {
		opt.Progress = func(string) {}
	}
	switch opt.Placement {
	case "", PlacementLocal, PlacementAuto, PlacementRemote:
	default:
		return nil, fmt.Errorf("%w, not %q", ErrPlacement, opt.Placement)
	}
	dir, err := filepath.Abs(opt.Dir)
	if err != nil {
		return nil, err
	}
	opt.Dir = dir
	opt.Progress("loading packages")
	adders := []load.Adder{glue.Add}
	if opt.Lambda {
		adders = append(adders, entryGlue)
	}
	prog, err := load.Load(ctx, opt.Dir, opt.Patterns, adders...)
	if err != nil {
		return nil, err
	}
	if len(prog.User) == 0 {
		return nil, Errors{{What: "nothing to compile: " + strings.Join(opt.Patterns, " ") + " is outside the main module"}}
	}
	opt.Progress("finding what may suspend")
	facts := suspend.Analyze(prog.SSA, prog.IsUser, prog.Along, suspend.Options{All: opt.All, Shares: shares(prog, place(prog, &opt))})
	if err := opt.findEntries(prog, facts); err != nil {
		return nil, err
	}
	if opt.Lambda && len(dependencies(prog, facts)) > 0 {
		modules, err := opt.hostModules(ctx, prog)
		if err != nil {
			return nil, err
		}
		prog.BanModules(modules)
		facts = facts.Again(prog.IsUser, prog.Along)
	}
	for {
		dump := newDumper(&opt)
		low, res, err := compile(ctx, &opt, prog, facts, dump)
		var errs Errors
		var apart apartError
		refused := errors.As(err, &apart)
		if refused {
			err = apart.Errors
		}
		if refused || !errors.As(err, &errs) || !prog.Ban(files(errs)) {
			if dump != nil {
				dump.write(prog, low, res)
			}
			return res, err
		}
		// Something of a library cannot be compiled: that library is left as it is.
		facts = analyse(prog, &opt, facts)
	}
}

// compile compiles prog, with facts of its main module. What was lowered is returned even if the result is an error.
func compile(ctx context.Context, o *Options, prog *load.Program, facts *suspend.Facts, dump *dumper) (*lower.Result, *Result, error) {
	facts, places := withDependencies(prog, o, facts)
	if err := placementErrors(prog, places); err != nil {
		return nil, nil, err
	}
	o.Progress("lowering")
	watch := lower.Options{Place: places, Check: o.Check}
	if o.Lambda {
		watch.Begin = begins(o.found)
	}
	if dump != nil {
		watch.Dump = dump.pass
	}
	low := lower.Program(prog, facts, watch)
	if err := low.Errors.Err(); err != nil {
		return low, nil, err
	}
	if low.Apart.Err() != nil { // sorted now
		return low, nil, apartError{low.Apart}
	}
	o.Progress("writing Go")
	res, err := pack(ctx, o, prog, low, places)
	if err == nil {
		res.Distributed = places.Distributed()
		e := explain(prog, facts, places, low, o.found)
		res.Notes = e.notes
		if o.About != "" {
			res.About, err = e.aboutAll(o, o.found)
		}
		if o.Graph && res.Plan != nil {
			res.Graph = e.draw(places, o.found, res.Plan)
		}
	}
	return low, res, err
}

// dependencies chooses the packages of other modules to compile.
func dependencies(prog *load.Program, facts *suspend.Facts) map[*types.Package]bool {
	deps := map[*types.Package]bool{}
	for _, fn := range facts.Reached(prog.IsUser, prog.Eligible) {
		if lower.Relevant(facts, fn) {
			deps[compilable.PackageOf(fn)] = true
		}
	}
	return deps
}

// files lists where errs are, each file once.
func files(errs Errors) []string {
	set := map[string]bool{}
	for _, e := range errs {
		set[e.Pos.Filename] = true
	}
	return slices.Sorted(maps.Keys(set))
}

// pack emits every package and the files around them.
func pack(ctx context.Context, o *Options, prog *load.Program, low *lower.Result, places *placement.Result) (*Result, error) {
	res := &Result{Module: modulePath(prog)}
	var errs Errors
	var copies []*packages.Package // of the standard library
	entryOf := entries(prog, o.found)
	eo := emit.Options{Fset: prog.Fset, LineFile: lineFile(o, prog), Exports: emit.Exports{}}
	for _, std := range slices.Backward(prog.Order) {
		if prog.IsStd(std.PkgPath) && low.Packages[std.PkgPath] != nil {
			copies = append(copies, std)
		}
	}
	for _, u := range slices.Backward(prog.Bottom) {
		dir := outputDir(prog, u)
		if e, ok := entryOf[u.PkgPath]; ok {
			dir = e.Dir
			e.Stdin = usesStdin(prog, u)
			res.Entries = append(res.Entries, *e)
			res.Files = append(res.Files, emit.Main(u, dir, e.Name))
		}
		files, bad := emit.Package(prog, low, u, dir, eo)
		errs = append(errs, bad...)
		res.Files = append(res.Files, files...)
		others, err := copied(u, dir)
		if err != nil {
			return nil, err
		}
		res.Files = append(res.Files, others...)
	}
	for _, std := range copies {
		files, bad := emit.Package(prog, low, std, path.Join("vendor", emit.StdPath, std.PkgPath), eo)
		errs = append(errs, bad...)
		res.Files = append(res.Files, files...)
	}
	if err := errs.Err(); err != nil {
		return nil, err
	}
	if o.Lambda {
		var wrong []*config.Error
		if res.Plan, wrong = o.plan.plan(places); len(wrong) > 0 {
			return nil, told(wrong)
		}
		for _, p := range o.found.Points {
			if c := constraint(o.found, p); c != "" {
				res.Files = append(res.Files, emit.Begin(low, prog.All[p.Pkg.Path()], entryOf[p.Pkg.Path()].Dir, p.Name, beginFunc(p), c))
			}
		}
	}
	mod, err := moduleFiles(ctx, o, prog, copies, res)
	if err != nil {
		return nil, err
	}
	res.Files = append(res.Files, mod...)
	res.Inputs = inputs(prog)
	if o.Lambda && o.plan.config != nil {
		res.Inputs = append(res.Inputs, o.plan.config.Name())
		slices.Sort(res.Inputs)
	}
	sort.Slice(res.Entries, func(i, j int) bool { return res.Entries[i].Package < res.Entries[j].Package })
	sort.Slice(res.Files, func(i, j int) bool { return res.Files[i].Path < res.Files[j].Path })
	for i := 1; i < len(res.Files); i++ {
		if res.Files[i].Path == res.Files[i-1].Path {
			return nil, errors.New("harkgen: bug: two files of the output are named " + res.Files[i].Path)
		}
	}
	return res, nil
}

// inputs lists the files that the user may edit: those of the main module, and of modules replaced by directories.
func inputs(prog *load.Program) []string {
	seen := map[string]bool{}
	for _, p := range prog.All {
		if prog.IsGlue(p.PkgPath) {
			continue
		}
		local := p.PkgPath == load.AdHoc || p.Module != nil && (p.Module.Main || p.Module.Replace != nil && p.Module.Replace.Version == "")
		if !local {
			continue
		}
		for _, fs := range [][]string{p.GoFiles, p.OtherFiles, p.EmbedFiles, p.IgnoredFiles} {
			for _, f := range fs {
				if !prog.IsGlueFile(f) {
					seen[f] = true
				}
			}
		}
		if p.Module != nil && p.Module.GoMod != "" {
			seen[p.Module.GoMod] = true
			if sum := strings.TrimSuffix(p.Module.GoMod, ".mod") + ".sum"; exists(sum) {
				seen[sum] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(seen))
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func modulePath(prog *load.Program) string {
	if prog.Module != nil {
		return prog.Module.Path
	}
	return "command-line-arguments"
}

func entryName(prog *load.Program, u *packages.Package) string {
	if u.PkgPath == load.AdHoc {
		return strings.TrimSuffix(filepath.Base(u.GoFiles[0]), ".go")
	}
	return u.PkgPath[strings.LastIndex(u.PkgPath, "/")+1:]
}

// outputDir is where a library package goes: the same place in the module as in the user's, or the vendor tree.
func outputDir(prog *load.Program, u *packages.Package) string {
	if u.Module != nil && !u.Module.Main {
		return path.Join("vendor", u.PkgPath)
	}
	return strings.Trim(strings.TrimPrefix(u.PkgPath, modulePath(prog)), "/")
}

// lineFile names the user's files in //line directives: relative to the output when it lies in the user's module, so that
// the output does not depend on the machine, absolute elsewhere.
func lineFile(o *Options, prog *load.Program) func(file, dir string) string {
	inside := false
	if prog.Module != nil && o.Out != "" {
		r, err := filepath.Rel(prog.Module.Dir, o.Out)
		inside = err == nil && !strings.HasPrefix(r, "..")
	}
	return func(file, dir string) string {
		if strings.HasPrefix(dir, "vendor/") {
			return filepath.Base(file)
		}
		if inside {
			if r, err := filepath.Rel(filepath.Join(o.Out, filepath.FromSlash(dir)), file); err == nil {
				return filepath.ToSlash(r)
			}
		}
		return filepath.ToSlash(file)
	}
}
