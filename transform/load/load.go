// Package load reads a Go module with full syntax and types and builds its SSA form.
//
// The SSA is built in naive form: each local variable of the user stays one Alloc with its name, so that what is emitted from
// it reads like the source and a frame shows the user's variables.
package load

import (
	"context"
	"fmt"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"

	"github.com/harkgen/harkgen/analyzer/compilable"
	"github.com/harkgen/harkgen/transform/diag"
)

// AdHoc is the package path the go command gives to a package named by its files.
const AdHoc = "command-line-arguments"

// A Program is a loaded module with all its dependencies.
type Program struct {
	Fset     *token.FileSet
	SSA      *ssa.Program
	Roots    []*packages.Package          // what the patterns matched
	User     []*packages.Package          // packages that are compiled, sorted by path: those of the main module that the roots need, and see deps.go
	Bottom   []*packages.Package          // the same, each after those that it imports
	All      map[string]*packages.Package // every package by path
	Module   *packages.Module             // the main module; nil for an ad hoc package outside any module
	Order    []*packages.Package          // every package, each after those that it imports
	userSet  map[*ssa.Package]bool
	imports  map[[2]*types.Package]bool // see Imports
	std      map[string]*compilable.Package
	own      []*packages.Package // of the main module
	library  string              // where the standard library is: DIR/
	banned   map[string]bool     // packages that are left as they are, see deps.go
	eligible map[*types.Package]bool
	glue     *Glue             // see glue.go
	overlay  map[string][]byte // the text of files as they are loaded, where it is not what is in them
}

// Load loads the packages that patterns match, relative to dir, and what the adders say that they need. Its error is a diag.List when the source is at fault.
func Load(ctx context.Context, dir string, patterns []string, add ...Adder) (*Program, error) {
	p, err := list(ctx, dir, patterns, nil)
	if err != nil {
		return nil, err
	}
	var glue Glue
	for _, a := range add {
		g, err := a(p)
		if err != nil {
			return nil, err
		}
		glue.join(g)
	}
	if len(glue.Files) > 0 {
		overlay, err := glue.overlay(p)
		if err != nil {
			return nil, err
		}
		if p, err = list(ctx, dir, glue.patterns(p, patterns), overlay); err != nil {
			return nil, err
		}
		p.glue = &glue
	}
	prog, _ := ssautil.AllPackages(p.Roots, ssa.InstantiateGenerics|ssa.NaiveForm)
	prog.Build()
	p.SSA = prog
	p.Compile(nil)
	if p.glue != nil {
		return p, p.substitute()
	}
	return p, nil
}

// list loads packages with syntax and types.
func list(ctx context.Context, dir string, patterns []string, overlay map[string][]byte) (*Program, error) {
	p := &Program{
		overlay: overlay,
		All:     map[string]*packages.Package{}, userSet: map[*ssa.Package]bool{}, imports: map[[2]*types.Package]bool{},
		std:    map[string]*compilable.Package{},
		banned: map[string]bool{}, eligible: map[*types.Package]bool{},
	}
	env := append(os.Environ(), "PWD="+dir)
	var err error
	if p.library, err = libraryDir(ctx, dir, env); err != nil {
		return nil, diag.List{{What: "cannot load packages", Why: err.Error()}}
	}
	p.Fset = token.NewFileSet()
	cfg := &packages.Config{
		Fset:    p.Fset,
		Context: ctx,
		Dir:     dir,
		Mode:    packages.LoadAllSyntax | packages.NeedModule | packages.NeedEmbedFiles | packages.NeedEmbedPatterns,
		Env:     env,
		Overlay: overlay,

		ParseFile: p.parse,
	}
	p.Roots, err = packages.Load(cfg, patterns...)
	if err != nil {
		return nil, diag.List{{What: "cannot load packages", Why: err.Error()}}
	}
	if err := p.collect(); err != nil {
		return nil, err
	}
	if len(p.Roots) == 0 {
		return nil, diag.List{{What: "no packages match " + strings.Join(patterns, " ")}}
	}
	return p, nil
}

func (p *Program) collect() error {
	var errs diag.List
	packages.Visit(p.Roots, nil, func(pkg *packages.Package) {
		p.All[pkg.PkgPath] = pkg
		p.Order = append(p.Order, pkg) // Visit calls this after the imports
		for _, e := range pkg.Errors {
			errs.Add(diag.Diagnostic{Pos: parsePos(e.Pos), What: e.Msg})
		}
		if len(pkg.GoFiles) == 0 {
			return // only tests
		}
		if pkg.PkgPath == AdHoc || pkg.Module != nil && pkg.Module.Main {
			p.own = append(p.own, pkg)
			if pkg.Module != nil {
				p.Module = pkg.Module
			}
		}
	})
	return errs.Err()
}

func sortByPath(pkgs []*packages.Package) {
	sort.Slice(pkgs, func(i, j int) bool { return pkgs[i].PkgPath < pkgs[j].PkgPath })
}

// IsUser reports whether fn belongs to a package that is compiled whole.
func (p *Program) IsUser(fn *ssa.Function) bool {
	fn = outermost(fn)
	if o := fn.Origin(); o != nil {
		fn = o
	}
	return fn.Pkg != nil && p.userSet[fn.Pkg]
}

// Instance reports whether fn is, or is nested in, an instance of a generic function with all its types known.
func Instance(fn *ssa.Function) bool {
	return strings.HasPrefix(outermost(fn).Synthetic, "instance of ")
}

// Generic reports whether fn is, or is nested in, a generic function itself, whose types are parameters.
func Generic(fn *ssa.Function) bool {
	fn = outermost(fn)
	if fn.Synthetic != "" {
		return strings.HasPrefix(fn.Synthetic, "instantiation wrapper of ")
	}
	return fn.TypeParams().Len() > 0 || fn.Signature.RecvTypeParams().Len() > 0
}

func outermost(fn *ssa.Function) *ssa.Function {
	for fn.Parent() != nil {
		fn = fn.Parent()
	}
	return fn
}

// IsUserPackage reports whether path is compiled.
func (p *Program) IsUserPackage(path string) bool {
	pkg := p.All[path]
	return pkg != nil && p.userSet[p.SSA.Package(pkg.Types)]
}

// Imports reports whether compiled package a imports b, itself or through others.
func (p *Program) Imports(a, b *types.Package) bool {
	key := [2]*types.Package{a, b}
	if yes, ok := p.imports[key]; ok {
		return yes
	}
	yes := false
	for _, imp := range a.Imports() {
		yes = yes || imp == b || p.IsUserPackage(imp.Path()) && p.Imports(imp, b)
	}
	p.imports[key] = yes
	return yes
}

// IsStd reports whether path is a package of the standard library.
func (p *Program) IsStd(path string) bool {
	pkg := p.All[path]
	return pkg != nil && pkg.Module == nil && path != AdHoc
}

// parsePos reads the "file:line:col" of a packages.Error.
func parsePos(s string) token.Position {
	var pos token.Position
	if s == "" || s == "-" {
		return pos
	}
	parts := strings.Split(s, ":")
	nums := []int{}
	for len(parts) > 1 && len(nums) < 2 {
		n, err := strconv.Atoi(parts[len(parts)-1])
		if err != nil {
			break
		}
		nums = append([]int{n}, nums...)
		parts = parts[:len(parts)-1]
	}
	pos.Filename = strings.Join(parts, ":")
	if len(nums) > 0 {
		pos.Line = nums[0]
	}
	if len(nums) > 1 {
		pos.Column = nums[1]
	}
	return pos
}

// Rel shortens an absolute file name to one relative to the module, for messages and position tables.
func (p *Program) Rel(file string) string {
	if p.Module != nil {
		if r, err := filepath.Rel(p.Module.Dir, file); err == nil && !strings.HasPrefix(r, "..") {
			return filepath.ToSlash(r)
		}
	}
	return filepath.Base(file)
}

// Pos gives `file:line:col` with the file relative to the module.
func (p *Program) Pos(pos token.Pos) string {
	at := p.Fset.Position(pos)
	return fmt.Sprintf("%s:%d:%d", p.Rel(at.Filename), at.Line, at.Column)
}
