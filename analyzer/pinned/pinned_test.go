package pinned_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/harkgen/harkgen/analyzer/pinned"
)

func Test(t *testing.T) { analysistest.Run(t, analysistest.TestData(), pinned.Analyzer, "a") }
