package load

import (
	"go/types"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/compilable"
)

// This file is about packages of other modules. Those that wait, or call back into the program, are compiled as if they were of the main
// module: under their own path, in the vendor tree of the output. Which ones they are is decided after a first colouring. What package compilable
// says, what cannot be compiled, and what the host that the program runs on needs as well, is left as it is.

// Eligible reports whether fn is of a package of another module that could be compiled.
func (p *Program) Eligible(fn *ssa.Function) bool {
	t := compilable.PackageOf(fn)
	return t != nil && p.eligiblePackage(t)
}

func (p *Program) eligiblePackage(t *types.Package) bool {
	if yes, ok := p.eligible[t]; ok {
		return yes
	}
	yes := false
	if pkg := p.All[t.Path()]; pkg != nil && pkg.Types == t && pkg.Module != nil && !pkg.Module.Main && !compilable.LeftModule(pkg.Module.Path) && !p.banned[t.Path()] {
		yes = len(pkg.GoFiles) == len(pkg.CompiledGoFiles) && len(pkg.OtherFiles) == 0
		for path := range pkg.Imports {
			yes = yes && !compilable.Left(path)
		}
	}
	p.eligible[t] = yes
	return yes
}

// Along reports whether fn is not of the main module, but could be compiled along.
func (p *Program) Along(fn *ssa.Function) bool { return p.Copyable(fn) || p.Eligible(fn) }

// Copyable reports whether fn, or the function it is nested in or an instance of, is of the standard library and can be compiled along.
func (p *Program) Copyable(fn *ssa.Function) bool {
	o := compilable.Declared(fn)
	return o != nil && p.Copy(o) != nil
}

// Copy lists what a copy of o's package must hold for o to be compiled along, nil if it cannot be: see compilable.Package.
func (p *Program) Copy(o *types.Func) map[types.Object]bool {
	if o.Pkg() == nil || !p.IsStd(o.Pkg().Path()) || p.banned[o.Pkg().Path()] {
		return nil
	}
	path := o.Pkg().Path()
	if _, public := compilable.PublicPath(path); !public {
		return nil
	}
	if p.std[path] == nil {
		pkg := p.All[path]
		p.std[path] = compilable.New(pkg.Fset, pkg.Syntax, pkg.Types, pkg.TypesInfo)
	}
	return p.std[path].Copy(o)
}

// Compile makes user packages of those of the main module and of deps.
func (p *Program) Compile(deps map[*types.Package]bool) {
	p.userSet = map[*ssa.Package]bool{}
	p.imports = map[[2]*types.Package]bool{}
	p.User, p.Bottom = append([]*packages.Package(nil), p.own...), nil
	for _, pkg := range p.Order {
		if deps[pkg.Types] {
			p.User = append(p.User, pkg)
		}
	}
	sortByPath(p.User)
	for _, u := range p.User {
		p.userSet[p.SSA.Package(u.Types)] = true
	}
	for _, pkg := range p.Order {
		if p.userSet[p.SSA.Package(pkg.Types)] {
			p.Bottom = append(p.Bottom, pkg)
		}
	}
}

// Ban leaves the packages that files belong to as they are from now on, but for those of the main module and those that the program
// cannot do without. It reports whether there were any.
func (p *Program) Ban(files []string) bool {
	pkgs := map[string]bool{}
	for _, name := range files {
		pkg := p.packageOf(name)
		if pkg == nil || pkg.PkgPath == AdHoc || pkg.Module != nil && pkg.Module.Main || compilable.Owned[pkg.PkgPath] || p.banned[pkg.PkgPath] {
			continue
		}
		pkgs[pkg.PkgPath] = true
	}
	for path := range pkgs {
		p.banned[path] = true
	}
	p.std = map[string]*compilable.Package{}
	p.eligible = map[*types.Package]bool{}
	return len(pkgs) > 0
}

// BanModules leaves the packages of some modules as they are.
func (p *Program) BanModules(modules map[string]bool) {
	for _, pkg := range p.Order {
		if pkg.Module != nil && !pkg.Module.Main && modules[pkg.Module.Path] {
			p.banned[pkg.PkgPath] = true
		}
	}
	p.eligible = map[*types.Package]bool{}
}

func (p *Program) packageOf(file string) *packages.Package {
	for _, pkg := range p.Order {
		for _, f := range pkg.CompiledGoFiles {
			if f == file {
				return pkg
			}
		}
	}
	return nil
}
