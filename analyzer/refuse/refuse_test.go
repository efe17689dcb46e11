package refuse_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/analysistest"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/harkgen/harkgen/analyzer/refuse"
	"github.com/harkgen/harkgen/transform"
)

func Test(t *testing.T) {
	t.Parallel()
	analysistest.Run(t, analysistest.TestData(), refuse.Analyzer, "a")
}

// TestCompiler: the compiler says the same of the same program.
func TestCompiler(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module example.com/a\n\ngo 1.26\n")
	for _, name := range []string{"a.go", "c.go"} {
		data, err := os.ReadFile(filepath.Join("testdata/src/a", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), string(data))
	}
	var compiler []string
	var errs transform.Errors
	_, err := transform.Compile(context.Background(), &transform.Options{Dir: dir, Patterns: []string{"."}})
	if !errors.As(err, &errs) {
		t.Fatal(err)
	}
	for _, e := range errs {
		compiler = append(compiler, fmt.Sprintf("%s: %s; %s; %s", e.Pos, e.What, e.Why, e.Do))
	}
	slices.Sort(compiler)
	if checks := run(t, dir); !slices.Equal(checks, compiler) {
		t.Errorf("the check says\n%s\nthe compiler\n%s", strings.Join(checks, "\n"), strings.Join(compiler, "\n"))
	}
}

// run lists what the check says of the package in dir, as file:line:col: what; why; do.
func run(t *testing.T, dir string) (out []string) {
	t.Helper()
	pkgs, err := packages.Load(&packages.Config{Dir: dir, Mode: packages.LoadAllSyntax | packages.NeedModule}, ".")
	if err != nil {
		t.Fatal(err)
	}
	graph, err := checker.Analyze([]*analysis.Analyzer{refuse.Analyzer}, pkgs, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range graph.Roots {
		if a.Err != nil {
			t.Fatal(a.Err)
		}
		for _, d := range a.Diagnostics {
			out = append(out, a.Package.Fset.Position(d.Pos).String()+": "+strings.TrimSuffix(d.Message, " (error: refuse)"))
		}
	}
	slices.Sort(out)
	return out
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
