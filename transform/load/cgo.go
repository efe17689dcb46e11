package load

import (
	"go/token"
	"slices"

	"golang.org/x/tools/go/packages"

	"github.com/harkgen/harkgen/analyzer/refuse"
)

// ImportsC finds the imports of "C" in pkg. Its syntax does not show them: cgo has rewritten those files.
func ImportsC(pkg *packages.Package) (at []token.Position) {
	if slices.Equal(pkg.GoFiles, pkg.CompiledGoFiles) {
		return nil
	}
	for _, name := range pkg.GoFiles {
		at = append(at, refuse.ImportsC(name)...)
	}
	return at
}
