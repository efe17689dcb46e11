package load

import (
	"go/types"
	"strings"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
)

// This file is about packages of other modules. Those that wait, or call back into the program, are compiled as if they were of the main
// module: under their own path, in the vendor tree of the output. Which ones they are is decided after a first colouring.
//
// What handles files, sockets or raw memory is left as it is: its frames could not be saved. So is what cannot be compiled, and what the
// host that the program runs on needs as well.

// left reports whether a package that imports path is left as it is.
func left(path string) bool {
	switch path {
	case "C", "unsafe", "os", "syscall", "database/sql", "plugin":
		return true
	}
	for _, tree := range []string{"net", "os", "golang.org/x/sys"} {
		if path == tree || strings.HasPrefix(path, tree+"/") {
			return path != "net/url" && path != "net/netip" && path != "net/mail"
		}
	}
	return false
}

// leftModule reports whether a module is left as it is: what the AWS SDK keeps while it waits are requests under way.
func leftModule(path string) bool {
	return path == "github.com/aws/smithy-go" || strings.HasPrefix(path, "github.com/aws/aws-sdk-go-v2")
}

// Eligible reports whether fn is of a package of another module that could be compiled.
func (p *Program) Eligible(fn *ssa.Function) bool {
	t := PackageOf(fn)
	return t != nil && p.eligiblePackage(t)
}

// PackageOf is the package that fn is declared in, nil if it has none.
func PackageOf(fn *ssa.Function) *types.Package {
	fn = outermost(fn)
	if o := fn.Origin(); o != nil {
		fn = o
	}
	if fn.Pkg == nil {
		return nil
	}
	return fn.Pkg.Pkg
}

func (p *Program) eligiblePackage(t *types.Package) bool {
	if yes, ok := p.eligible[t]; ok {
		return yes
	}
	yes := false
	if pkg := p.All[t.Path()]; pkg != nil && pkg.Types == t && pkg.Module != nil && !pkg.Module.Main && !leftModule(pkg.Module.Path) && !p.banned[t.Path()] {
		yes = len(pkg.GoFiles) == len(pkg.CompiledGoFiles) && len(pkg.OtherFiles) == 0
		for path := range pkg.Imports {
			yes = yes && !left(path)
		}
	}
	p.eligible[t] = yes
	return yes
}

// Along reports whether fn is not of the main module, but could be compiled along.
func (p *Program) Along(fn *ssa.Function) bool { return p.Copyable(fn) || p.Eligible(fn) }

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
		if pkg == nil || pkg.PkgPath == AdHoc || pkg.Module != nil && pkg.Module.Main || owned[pkg.PkgPath] || p.banned[pkg.PkgPath] {
			continue
		}
		pkgs[pkg.PkgPath] = true
	}
	for path := range pkgs {
		p.banned[path] = true
	}
	p.copies, p.std = map[*types.Func]map[types.Object]bool{}, map[string]*stdPackage{}
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
