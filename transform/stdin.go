package transform

import (
	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"

	"github.com/harkgen/harkgen/transform/load"
)

// usesStdin reports whether program u may read standard input: its own code or a dependency's mentions os.Stdin, fmt.Scan and its
// kin, or raw descriptors. harkgen leaves the standard input of other programs alone, as go run does.
func usesStdin(prog *load.Program, u *packages.Package) bool {
	needed := map[string]bool{}
	packages.Visit([]*packages.Package{u}, nil, func(p *packages.Package) { needed[p.PkgPath] = true })
	for fn := range ssautil.AllFunctions(prog.SSA) {
		if fn.Pkg == nil || prog.IsStd(fn.Pkg.Pkg.Path()) || !needed[fn.Pkg.Pkg.Path()] {
			continue
		}
		for _, b := range fn.Blocks {
			for _, i := range b.Instrs {
				for _, op := range i.Operands(nil) {
					if mentionsStdin(*op) {
						return true
					}
				}
			}
		}
	}
	return false
}

func mentionsStdin(v ssa.Value) bool {
	switch v := v.(type) {
	case *ssa.Global:
		return v.String() == "os.Stdin"
	case *ssa.Function:
		switch v.String() {
		case "fmt.Scan", "fmt.Scanf", "fmt.Scanln", "os.NewFile", "syscall.Read":
			return true
		}
	}
	return false
}
