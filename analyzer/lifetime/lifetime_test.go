package lifetime_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/harkgen/harkgen/analyzer/lifetime"
)

func TestLifetime(t *testing.T) {
	t.Parallel()
	analysistest.Run(t, analysistest.TestData(), lifetime.Analyzer, "a")
}
