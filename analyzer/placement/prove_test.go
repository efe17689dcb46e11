package placement_test

import (
	"context"
	"fmt"
	"go/token"
	"go/types"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/library"
	"github.com/harkgen/harkgen/analyzer/placement"
	"github.com/harkgen/harkgen/analyzer/pointsto"
	"github.com/harkgen/harkgen/analyzer/state"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/load"
)

// The programs testdata/*.go, and those of testdata/auto, which are run as well, have comments on their go statements: what is found out about them.
//
//	// remote
//	// local: REGEXP
//
// The text that REGEXP is to match is "NAME made at LINE: LINE WHAT, LINE WHAT".
func TestProve(t *testing.T) {
	files, err := filepath.Glob("testdata/*.go")
	shapes, err2 := filepath.Glob("../../testdata/auto/*.go")
	files = append(files, shapes...)
	if err != nil || err2 != nil || len(shapes) == 0 {
		t.Fatal("no programs", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".go"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			each, inSight := prove(t, text)
			got := each[0]
			for line, text := range inSight {
				if got[line] == "" {
					t.Errorf("line %d: the package shows that it is local: %s", line, text)
				}
			}
			if strings.Contains(file, "races") && len(inSight) < 5 {
				t.Errorf("the package shows only %v", inSight)
			}
			if strings.Contains(file, "auto/shapes") {
				for n, rule := range placement.Rules() {
					if maps.Equal(got, each[n+1]) {
						t.Errorf("nothing is missed without rule %s", rule)
					}
				}
			}
			compare(t, got, wanted(text))
		})
	}
}

// TestAWS is TestProve of programs in this module, which has the SDK.
func TestAWS(t *testing.T) {
	for _, name := range []string{"aws", "awsoptions"} {
		t.Run(name, func(t *testing.T) { testInModule(t, filepath.Join("testdata", name)) })
	}
}

func testInModule(t *testing.T, dir string) {
	text, err := os.ReadFile(filepath.Join(dir, "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	prog, p := program(t, dir)
	found := placement.Prove(p, func(token.Pos) bool { return true })
	compare(t, spellAll(found, func(pos token.Pos) int { return prog.Fset.Position(pos).Line }), wanted(text))
}

// compare compares what was found with what comments say, by line.
func compare(t *testing.T, got, want map[int]string) {
	t.Helper()
	for line, want := range want {
		text, ok := got[line]
		switch {
		case !ok:
			t.Errorf("line %d: no go statement", line)
		case want == "":
			if text != "" {
				t.Errorf("line %d: local: %s", line, text)
			}
		case text == "":
			t.Errorf("line %d: remote, want local: %s", line, want)
		case !regexp.MustCompile(want).MatchString(text):
			t.Errorf("line %d: local: %s, want %s", line, text, want)
		}
		delete(got, line)
	}
	for line, text := range got {
		t.Errorf("line %d: no comment says what is wanted; got %q", line, text)
	}
}

var reWant = regexp.MustCompile(`// (remote|local: .*)$`)

// wanted lists what the comments say, by line; "" is remote.
func wanted(text []byte) map[int]string {
	want := map[int]string{}
	for n, line := range strings.Split(string(text), "\n") {
		if m := reWant.FindStringSubmatch(line); m != nil {
			want[n+1] = strings.TrimPrefix(strings.TrimPrefix(m[1], "remote"), "local: ")
		}
	}
	return want
}

// prove lists what keeps the goroutines of a program local, by the lines of the go statements; "": nothing. First with all rules, then without each; inSight is
// what its package shows by itself.
func prove(t *testing.T, text []byte) (all []map[int]string, inSight map[int]string) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{"go.mod": []byte("module example.com/t\n\ngo 1.26\n"), "main.go": text} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	prog, p := program(t, dir)
	line := func(pos token.Pos) int { return prog.Fset.Position(pos).Line }
	inSight = sight(prog, p.Points.Funcs)
	for _, found := range placement.ProveEach(p) {
		all = append(all, spellAll(found, line))
	}
	return all, inSight
}

// spellAll says by line what keeps goroutines local.
func spellAll(found map[token.Pos]*placement.Finding, line func(token.Pos) int) map[int]string {
	out := map[int]string{}
	for pos, f := range found {
		out[line(pos)] = spell(f, line)
	}
	return out
}

// program loads the program in dir.
func program(t *testing.T, dir string) (*load.Program, *placement.Program) {
	t.Helper()
	prog, err := load.Load(context.Background(), dir, []string{"."})
	if err != nil {
		t.Fatal(err)
	}
	facts := suspend.Analyze(prog.SSA, prog.IsUser, prog.Along, suspend.Options{})
	c := &pointsto.Config{
		Packages: []*types.Package{prog.User[0].Types},
		Compiled: func(fn *ssa.Function) bool { return prog.IsUser(fn) && !load.Generic(fn) },
		Callees:  facts.Callees,
		Callers:  facts.Callers,
		Flows:    true,
	}
	c.Funcs = facts.Functions(c.Compiled)
	rebuilt := sync.OnceValue(func() *state.Result {
		return state.Decide(&state.Program{
			SSA: prog.SSA, Funcs: c.Funcs, Packages: c.Packages, Compiled: c.Compiled, Callees: c.Callees, Callers: c.Callers,
			Once: func(*types.Package) bool { return false },
		})
	})
	return prog, &placement.Program{Fset: prog.Fset, Points: c, Rebuilt: func(v *types.Var) bool { return rebuilt().Of(v).Rebuilt }}
}

// sight lists what keeps goroutines local that the package of a program shows by itself.
func sight(prog *load.Program, fns []*ssa.Function) map[int]string {
	x := placement.NewSight(prog.Fset, func(c ssa.CallInstruction) bool {
		fn := c.Common().StaticCallee()
		return fn == nil || !library.NeverWaits(fn)
	})
	out := map[int]string{}
	line := func(pos token.Pos) int { return prog.Fset.Position(pos).Line }
	for _, fn := range fns {
		for _, b := range fn.Blocks {
			for _, i := range b.Instrs {
				if c, ok := i.(ssa.CallInstruction); ok {
					if _, ok := i.(*ssa.Go); ok || c.Common().StaticCallee() != nil && c.Common().StaticCallee().String() == "(*sync.WaitGroup).Go" {
						if f := x.Find(c); f != nil {
							out[line(c.Pos())] = spell(f, line)
						}
					}
				}
			}
		}
	}
	return out
}

// spell says what keeps a goroutine local.
func spell(f *placement.Finding, line func(token.Pos) int) string {
	switch r := f.Race; {
	case f.TooLarge:
		return "too large"
	case f.Unused:
		return "unused"
	case f.Kept != "":
		return f.Kept + ", " + f.KeptWhy
	case r != nil:
		return fmt.Sprintf("%s made at %d: %d %s, %d %s", r.Name, line(r.Made), line(r.Inside.Pos), r.Inside.What, line(r.Outside.Pos), r.Outside.What)
	}
	return ""
}
