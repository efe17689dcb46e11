package repeat_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/harkgen/harkgen/analyzer/repeat"
)

func TestRepeat(t *testing.T) {
	t.Parallel()
	analysistest.Run(t, analysistest.TestData(), repeat.Analyzer, "a", "aws")
}
