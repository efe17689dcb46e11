package leak_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/harkgen/harkgen/analyzer/leak"
)

func TestLeak(t *testing.T) {
	t.Parallel()
	analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), leak.Analyzer, "a", "prog", "alone", "server")
}
