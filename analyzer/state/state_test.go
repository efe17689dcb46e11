package state_test

import (
	"context"
	"fmt"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/txtar"

	"github.com/harkgen/harkgen/analyzer/state"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/load"
)

// The scenarios are the archives testdata/*.txtar, each a module. In their Go files a comment
//
//	// state "regexp"    or    // rebuilt "regexp"
//
// stands on the line of each package variable, and matches `line: why`, the line being that of the reason, if it has one. A comment
//
//	// foreign "regexp"
//
// stands where a variable of a package that is not compiled is changed, and matches its name.

func TestDecide(t *testing.T) {
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, name := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			t.Parallel()
			ar, err := txtar.ParseFile(name)
			if err != nil {
				t.Fatal(err)
			}
			scenario(t, ar)
		})
	}
}

func scenario(t *testing.T, ar *txtar.Archive) {
	dir := t.TempDir()
	want := map[string][]string{} // by file:line
	ar.Files = append(ar.Files, module(t)...)
	for _, f := range ar.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			t.Fatal(err)
		}
		for n, line := range strings.Split(string(f.Data), "\n") {
			for _, m := range reWant.FindAllStringSubmatch(line, -1) {
				at := fmt.Sprintf("%s:%d", f.Name, n+1)
				want[at] = append(want[at], m[1]+" "+m[2])
			}
		}
	}
	prog, err := load.Load(context.Background(), dir, []string{"./..."})
	if err != nil {
		t.Fatal(err)
	}
	facts := suspend.Analyze(prog.SSA, prog.IsUser, prog.Along, suspend.Options{})
	at := func(pos token.Pos) string {
		p := prog.Fset.Position(pos)
		rel, _ := filepath.Rel(dir, p.Filename)
		return fmt.Sprintf("%s:%d", filepath.ToSlash(rel), p.Line)
	}
	got := map[string][]string{}
	res := state.Decide(program(prog, facts))
	for _, d := range res.Decisions {
		kind := "state"
		if d.Rebuilt {
			kind = "rebuilt"
		}
		why := d.Why
		if d.Pos.IsValid() {
			_, line, _ := strings.Cut(at(d.Pos), ":")
			why = line + ": " + why
		}
		got[at(d.Var.Pos())] = append(got[at(d.Var.Pos())], kind+" "+why)
	}
	for _, c := range res.Changes {
		got[at(c.Pos)] = append(got[at(c.Pos)], "foreign "+c.Var.Pkg().Path()+"."+c.Var.Name())
	}
	compare(t, want, got)
}

// module returns a go.mod that requires what harkgen does, so that nothing has to be downloaded.
func module(t *testing.T) []txtar.File {
	t.Helper()
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile("../../go.sum")
	if err != nil {
		t.Fatal(err)
	}
	_, requires, _ := strings.Cut(string(mod), "\n")
	return []txtar.File{{Name: "go.mod", Data: []byte("module example.com/t\n" + requires)}, {Name: "go.sum", Data: sum}}
}

var reWant = regexp.MustCompile("(?:// |\\*/ )(state|rebuilt|foreign) [\"`]([^\"`]*)[\"`]")

func compare(t *testing.T, want, got map[string][]string) {
	t.Helper()
	for at, gs := range got {
		for _, g := range gs {
			if !matched(want[at], g) {
				t.Errorf("%s: got %s; want %q", at, g, want[at])
			}
		}
	}
	for at, ws := range want {
		if len(got[at]) != len(ws) {
			t.Errorf("%s: want %q, got %q", at, ws, got[at])
		}
	}
}

func matched(want []string, got string) bool {
	kind, why, _ := strings.Cut(got, " ")
	for _, w := range want {
		k, re, _ := strings.Cut(w, " ")
		if k == kind && regexp.MustCompile(re).MatchString(why) {
			return true
		}
	}
	return false
}

// program is what the compiler passes to Decide.
func program(prog *load.Program, facts *suspend.Facts) *state.Program {
	p := &state.Program{
		SSA: prog.SSA, Compiled: func(fn *ssa.Function) bool { return prog.IsUser(fn) && !load.Generic(fn) },
		Callees: facts.Callees, Callers: facts.Callers,
		Once: func(*types.Package) bool { return false },
	}
	p.Funcs = facts.Functions(p.Compiled)
	for _, u := range prog.User {
		p.Packages = append(p.Packages, u.Types)
	}
	return p
}
