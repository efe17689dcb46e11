// Package suite lists the checks of harkvet. Every driver runs this list, so that all of them say the same.
package suite

import (
	"golang.org/x/tools/go/analysis"

	"github.com/harkgen/harkgen/analyzer/apart"
	"github.com/harkgen/harkgen/analyzer/directives"
	"github.com/harkgen/harkgen/analyzer/leak"
	"github.com/harkgen/harkgen/analyzer/lifetime"
	"github.com/harkgen/harkgen/analyzer/pinned"
	"github.com/harkgen/harkgen/analyzer/placed"
	"github.com/harkgen/harkgen/analyzer/refuse"
	"github.com/harkgen/harkgen/analyzer/repeat"
	"github.com/harkgen/harkgen/analyzer/unmovable"
)

// Analyzers are the checks, in the order in which docs/vet.md has them.
var Analyzers = []*analysis.Analyzer{
	refuse.Analyzer,
	unmovable.Analyzer,
	pinned.Analyzer,
	placed.Analyzer,
	apart.Analyzer,
	repeat.Analyzer,
	leak.Analyzer,
	lifetime.Analyzer,
	directives.Analyzer,
}
