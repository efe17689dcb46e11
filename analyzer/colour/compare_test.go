package colour_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/txtar"

	"github.com/harkgen/harkgen/analyzer/colour"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/load"
)

// A comparison is what checks and compiler say of the main module, by file:line:col of functions and calls.
type comparison struct {
	checks, compiler           map[string]bool
	callsChecks, callsCompiler map[string]bool
}

// compare analyses the module in dir both ways.
func compare(t *testing.T, dir string, patterns ...string) comparison {
	t.Helper()
	prog, err := load.Load(context.Background(), dir, patterns)
	if err != nil {
		t.Fatal(err)
	}
	graph, err := checker.Analyze([]*analysis.Analyzer{colour.Analyzer}, prog.Roots, nil)
	if err != nil {
		t.Fatal(err)
	}
	c := comparison{map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}}
	for _, a := range graph.Roots {
		if a.Err != nil {
			t.Fatal(a.Package, a.Err)
		}
		f := a.Result.(*colour.Facts)
		for _, fn := range f.Functions() {
			if f.Coloured(fn) {
				c.checks[prog.Pos(fn.Pos())] = true
				if steps := f.Chain(fn); len(steps) == 0 || strings.HasPrefix(steps[len(steps)-1].What, "calls ") {
					t.Errorf("%s is coloured, but its chain is %v", fn, steps)
				}
			}
			calls(fn, func(i ssa.CallInstruction) {
				c.callsChecks[prog.Pos(i.Pos())] = c.callsChecks[prog.Pos(i.Pos())] || f.Site(i)
			})
		}
	}
	facts := suspend.Analyze(prog.SSA, prog.IsUser, prog.Along, suspend.Options{})
	for _, fn := range facts.Functions(func(fn *ssa.Function) bool { return prog.IsUser(fn) && !load.Generic(fn) }) {
		if facts.Coloured(fn) && fn.Pos().IsValid() {
			c.compiler[prog.Pos(fn.Pos())] = true
		}
		calls(fn, func(i ssa.CallInstruction) {
			c.callsCompiler[prog.Pos(i.Pos())] = c.callsCompiler[prog.Pos(i.Pos())] || facts.Site(i)
		})
	}
	return c
}

func calls(fn *ssa.Function, f func(ssa.CallInstruction)) {
	for _, b := range fn.Blocks {
		for _, i := range b.Instrs {
			if c, ok := i.(ssa.CallInstruction); ok && c.Pos().IsValid() {
				f(c)
			}
		}
	}
}

// more lists what is in a and not in b.
func more(a, b map[string]bool) (out []string) {
	for k, yes := range a {
		if yes && !b[k] {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// TestExamples: checks and compiler agree on programs of one package.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"jobs", "saga", "wordcount"} {
		c := compare(t, "../../examples/"+name, ".")
		t.Logf("%s: %d functions, %d calls", name, len(c.compiler), len(more(c.callsCompiler, nil)))
		for what, diff := range map[string][]string{
			"checks colour functions": more(c.checks, c.compiler), "compiler colours functions": more(c.compiler, c.checks),
			"checks colour calls": more(c.callsChecks, c.callsCompiler), "compiler colours calls": more(c.callsCompiler, c.callsChecks),
		} {
			if len(diff) > 0 {
				t.Errorf("%s: only the %s %v", name, what, diff)
			}
		}
	}
}

// TestPrograms: what checks colour of the programs of testdata, the compiler does.
func TestPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("loads all programs")
	}
	t.Parallel()
	files, err := filepath.Glob("../../testdata/run/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	ar := &txtar.Archive{Files: []txtar.File{{Name: "go.mod", Data: []byte("module example.com/run\n\ngo 1.26\n")}}}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		ar.Files = append(ar.Files, txtar.File{Name: strings.TrimSuffix(filepath.Base(name), ".go") + "/main.go", Data: data})
	}
	c := compare(t, extract(t, ar), "./...")
	if diff := more(c.checks, c.compiler); len(diff) > 0 {
		t.Errorf("only checks colour %v", diff)
	}
	if diff := more(c.callsChecks, c.callsCompiler); len(diff) > 0 {
		t.Errorf("only checks colour calls %v", diff)
	}
	if n := len(more(c.compiler, c.checks)); n > len(c.compiler)/20 {
		t.Errorf("the compiler colours %d functions more, of %d: one program brings funcs to what another uses, but not so often", n, len(c.compiler))
	}
}

func extract(t *testing.T, ar *txtar.Archive) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range ar.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
