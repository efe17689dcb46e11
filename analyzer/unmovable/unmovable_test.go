package unmovable_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/harkgen/harkgen/analyzer/unmovable"
)

func Test(t *testing.T) { analysistest.Run(t, analysistest.TestData(), unmovable.Analyzer, "a") }

func TestFixes(t *testing.T) {
	analysistest.RunWithSuggestedFixes(t, analysistest.TestData(), unmovable.Analyzer, "later", "pool", "pool/unchecked", "pool/limits", "pool/init", "pool/memory", "pool/taken", "pool/calls")
}
