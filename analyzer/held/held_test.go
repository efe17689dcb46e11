package held_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/harkgen/harkgen/analyzer/held"
)

func Test(t *testing.T) { analysistest.Run(t, analysistest.TestData(), held.Analyzer, "a") }
