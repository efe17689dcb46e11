package pinned_test

import (
	"path/filepath"
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/harkgen/harkgen/analyzer/pinned"
)

func Test(t *testing.T) { analysistest.Run(t, analysistest.TestData(), pinned.Analyzer, "a") }

// TestLocks: in a module with a dependency that is not compiled.
func TestLocks(t *testing.T) {
	analysistest.Run(t, filepath.Join(analysistest.TestData(), "locks"), pinned.Analyzer, ".")
}
