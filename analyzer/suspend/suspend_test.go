package suspend_test

import (
	"bytes"
	"context"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"
	"golang.org/x/tools/txtar"

	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/load"
)

// The scenarios are the archives testdata/*.txtar, loaded as one module with a directory for each. In their Go files a comment
//
//	// coloured "regexp"
//
// stands on the line of each function that is coloured, and matches its reason; and
//
//	// suspends
//
// on the line of each call that may suspend. Nothing else may be coloured or suspend.

type world struct {
	prog  *load.Program
	facts *suspend.Facts
	lines map[string][]string // of the scenarios' files, by name
}

var loaded = sync.OnceValues(func() (*world, error) {
	dir, err := os.MkdirTemp("", "suspend-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	w := &world{lines: map[string][]string{}}
	files := []txtar.File{{Name: "go.mod", Data: []byte("module example.com/t\n\ngo 1.26\n")}}
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		return nil, err
	}
	for _, name := range archives {
		ar, err := txtar.ParseFile(name)
		if err != nil {
			return nil, err
		}
		files = append(files, ar.Files...)
	}
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			return nil, err
		}
		w.lines[f.Name] = strings.Split(string(bytes.TrimSpace(f.Data)), "\n")
	}
	if w.prog, err = load.Load(context.Background(), dir, []string{"./..."}); err != nil {
		return nil, err
	}
	w.facts = suspend.Analyze(w.prog.SSA, w.prog.IsUser, w.prog.Copyable, suspend.Options{})
	return w, nil
})

func theWorld(t *testing.T) *world {
	t.Helper()
	w, err := loaded()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// line is the text of the source line at pos.
func (w *world) line(pos token.Pos) string {
	at := w.prog.Fset.Position(pos)
	if ls := w.lines[w.prog.Rel(at.Filename)]; at.Line >= 1 && at.Line <= len(ls) {
		return ls[at.Line-1]
	}
	return ""
}

// functions lists the functions of the scenario, those that have source.
func (w *world) functions(scenario string) []*ssa.Function {
	var out []*ssa.Function
	for fn := range ssautil.AllFunctions(w.prog.SSA) {
		if w.prog.IsUser(fn) && fn.Syntax() != nil && strings.HasPrefix(w.prog.Pos(fn.Pos()), scenario+"/") {
			out = append(out, fn)
		}
	}
	return out
}

var reColoured = regexp.MustCompile(`// .*\bcoloured "(.*)"`)

func TestScenarios(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	archives, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range archives {
		scenario := strings.TrimSuffix(filepath.Base(name), ".txtar")
		t.Run(scenario, func(t *testing.T) {
			t.Parallel()
			fns := w.functions(scenario)
			if len(fns) == 0 {
				t.Fatal("no functions")
			}
			for _, fn := range fns {
				w.checkColour(t, fn)
				w.checkCalls(t, fn)
			}
		})
	}
}

// checkColour compares fn's colour with the comment on its line.
func (w *world) checkColour(t *testing.T, fn *ssa.Function) {
	t.Helper()
	at := w.prog.Pos(fn.Pos())
	want := reColoured.FindStringSubmatch(w.line(fn.Pos()))
	r := w.facts.Reason(fn)
	if (r != nil) != w.facts.Coloured(fn) {
		t.Errorf("%s: %s: Coloured is %v, Reason %v", at, fn, w.facts.Coloured(fn), r)
	}
	switch {
	case want == nil && r != nil:
		t.Errorf("%s: %s is coloured (%s), want plain", at, fn, r.What)
	case want != nil && r == nil:
		t.Errorf("%s: %s is plain, want coloured %q", at, fn, want[1])
	case want != nil && !regexp.MustCompile(want[1]).MatchString(r.What):
		t.Errorf("%s: %s is coloured by %q, want %q", at, fn, r.What, want[1])
	}
}

// checkCalls compares the calls of fn that may suspend with the comments on their lines.
func (w *world) checkCalls(t *testing.T, fn *ssa.Function) {
	t.Helper()
	for _, b := range fn.Blocks {
		for _, i := range b.Instrs {
			c, ok := i.(ssa.CallInstruction)
			if !ok || !i.Pos().IsValid() {
				continue
			}
			_, comment, _ := strings.Cut(w.line(i.Pos()), "//")
			if want := strings.HasSuffix(comment, "suspends"); want != w.facts.Site(c) && !rangesOver(fn, c) {
				t.Errorf("%s: call %s: may suspend is %v, want %v", w.prog.Pos(i.Pos()), c, w.facts.Site(c), want)
			}
		}
	}
}

// rangesOver reports whether c is the call that a range over a function makes; its line bears the mark of the loop's body.
func rangesOver(fn *ssa.Function, c ssa.CallInstruction) bool {
	for _, a := range c.Common().Args {
		if m, ok := a.(*ssa.MakeClosure); ok && m.Fn.(*ssa.Function).Synthetic != "" {
			return true
		}
		if f, ok := a.(*ssa.Function); ok && f.Parent() == fn && f.Synthetic != "" {
			return true
		}
	}
	return false
}

// TestChains: the reason of every coloured function leads, call by call, to an operation.
func TestChains(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	step := regexp.MustCompile(`^(.+): (.+) at (.+:\d+:\d+|-)$`) // calls that go/ssa makes up have no position
	for fn := range ssautil.AllFunctions(w.prog.SSA) {
		if !w.prog.IsUser(fn) || !w.facts.Coloured(fn) {
			continue
		}
		chain := w.facts.Chain(w.prog.Fset, fn)
		for n, s := range chain {
			m := step.FindStringSubmatch(s)
			if m == nil {
				t.Errorf("%s: step %q has no position", fn, s)
				continue
			}
			if last := n == len(chain)-1; last == strings.HasPrefix(m[2], "calls ") {
				t.Errorf("%s: step %d of %d is %q", fn, n+1, len(chain), s)
			}
			if last := n == len(chain)-1; last && m[3] == "-" {
				t.Errorf("%s: the operation has no position: %q", fn, s)
			}
		}
		if len(chain) == 0 {
			t.Errorf("%s is coloured without a chain", fn)
		}
	}
}

func TestChainText(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	for _, fn := range w.functions("static") {
		if fn.Name() != "two" {
			continue
		}
		want := []string{"static.two: calls .*static.one at .*a.go:14:", "static.one: calls .*static.op at .*a.go:10:", "static.op: chan receive at .*a.go:7:"}
		got := w.facts.Chain(w.prog.Fset, fn)
		if len(got) != len(want) {
			t.Fatalf("got %q", got)
		}
		for i, re := range want {
			if !regexp.MustCompile(re).MatchString(got[i]) {
				t.Errorf("step %d is %q, want %q", i, got[i], re)
			}
		}
		return
	}
	t.Fatal("no function two")
}

// TestCallees: a dynamic call lists what it may call, a static one its callee.
func TestCallees(t *testing.T) {
	t.Parallel()
	w := theWorld(t)
	want := map[string]string{"onlyQuiet": "(*example.com/t/dynamic.quiet).do", "passesCalm": "example.com/t/dynamic.calm"}
	for _, fn := range w.functions("dynamic") {
		name, ok := want[fn.Name()]
		if !ok {
			continue
		}
		delete(want, fn.Name())
		for _, b := range fn.Blocks {
			for _, i := range b.Instrs {
				c, ok := i.(*ssa.Call)
				if !ok {
					continue
				}
				if _, builtin := c.Call.Value.(*ssa.Builtin); builtin {
					continue
				}
				fns := w.facts.Callees(c)
				if len(fns) != 1 || fns[0].String() != name {
					t.Errorf("%s may call %v, want %s", fn, fns, name)
				}
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

func TestPrimitive(t *testing.T) {
	t.Parallel()
	if s := suspend.Primitive(nil); s != "" {
		t.Errorf("Primitive(nil) = %q", s)
	}
}
