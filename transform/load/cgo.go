package load

import (
	"go/parser"
	"go/token"
	"slices"

	"golang.org/x/tools/go/packages"
)

// ImportsC finds the imports of "C" in pkg. Its syntax does not show them: cgo has rewritten those files.
func ImportsC(pkg *packages.Package) []token.Position {
	var at []token.Position
	if slices.Equal(pkg.GoFiles, pkg.CompiledGoFiles) {
		return nil
	}
	fset := token.NewFileSet()
	for _, name := range pkg.GoFiles {
		f, err := parser.ParseFile(fset, name, nil, parser.ImportsOnly)
		if err != nil {
			continue // it has been type-checked: it parses
		}
		for _, imp := range f.Imports {
			if imp.Path.Value == `"C"` {
				at = append(at, fset.Position(imp.Pos()))
			}
		}
	}
	return at
}
