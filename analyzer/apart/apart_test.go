package apart_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/harkgen/harkgen/analyzer/apart"
)

func Test(t *testing.T) {
	t.Parallel()
	analysistest.Run(t, analysistest.TestData(), apart.Analyzer, "a", "c")
}
