package pointsto_test

import (
	"context"
	"fmt"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/pointsto"
	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/load"
)

// The programs testdata/*.go have probes, calls of the builtin function print, with a comment
//
//	// want "main.v new:12" "makechan:13"
//
// that says for each operand what it may point to: the objects, sorted, with the line where they are made.

func TestPointsTo(t *testing.T) {
	files, err := filepath.Glob("testdata/*.go")
	if err != nil || len(files) == 0 {
		t.Fatal("no programs", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".go"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			prog, r := analyze(t, text)
			compare(t, wanted(text), probes(prog, r))
		})
	}
}

func analyze(t *testing.T, text []byte) (*load.Program, *pointsto.Result) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{"go.mod": []byte("module example.com/t\n\ngo 1.26\n"), "main.go": text} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
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
	r, err := pointsto.Analyze(c)
	if err != nil {
		t.Fatal(err)
	}
	return prog, r
}

// probes lists what the operands of print may point to, by line.
func probes(prog *load.Program, r *pointsto.Result) map[int][]string {
	got := map[int][]string{}
	for _, fn := range r.Funcs {
		for _, b := range fn.Blocks {
			for _, i := range b.Instrs {
				c, ok := i.(*ssa.Call)
				if !ok || c.Call.Value.Name() != "print" {
					continue
				}
				line := prog.Fset.Position(c.Pos()).Line
				got[line] = nil // an instance of a generic function says the same as the others
				for _, arg := range c.Call.Args {
					got[line] = append(got[line], describe(prog, r.Pointer(arg)))
				}
			}
		}
	}
	return got
}

func describe(prog *load.Program, p pointsto.Pointer) string {
	var names []string
	for _, o := range p.PointsTo() {
		name := strings.ReplaceAll(o.String(), "example.com/t.", "main.")
		if _, ok := o.Site.(*ssa.Global); !ok && o.Site != nil {
			name += fmt.Sprintf(":%d", prog.Fset.Position(o.Site.Pos()).Line)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), " ")
}

var (
	reWant   = regexp.MustCompile(`// want (.*)`)
	reQuoted = regexp.MustCompile(`"([^"]*)"`)
)

func wanted(text []byte) map[int][]string {
	want := map[int][]string{}
	for n, line := range strings.Split(string(text), "\n") {
		if m := reWant.FindStringSubmatch(line); m != nil {
			for _, q := range reQuoted.FindAllStringSubmatch(m[1], -1) {
				want[n+1] = append(want[n+1], q[1])
			}
		}
	}
	return want
}

func compare(t *testing.T, want, got map[int][]string) {
	t.Helper()
	for line := range want {
		if got[line] == nil {
			t.Errorf("line %d: no probe", line)
		}
	}
	for line, g := range got {
		if !slices.Equal(g, want[line]) {
			t.Errorf("line %d: got %q, want %q", line, g, want[line])
		}
	}
}

// TestQueries asks for what the probes do not tell.
func TestQueries(t *testing.T) {
	prog, r := analyze(t, []byte(`package main

type pair struct{ a, b *int }

var p, q pair

func main() {
	x := new(int)
	one := &p.a
	two := &p.b
	all := &p
	other := &q
	*one = x
	print(one, two, all, other)
}
`))
	main := prog.SSA.Package(prog.User[0].Types).Func("main")
	var args []ssa.Value
	for _, i := range main.Blocks[0].Instrs {
		if c, ok := i.(*ssa.Call); ok {
			args = c.Call.Args
		}
	}
	alias := func(i, j int) bool { return r.Pointer(args[i]).MayAlias(r.Pointer(args[j])) }
	for _, test := range []struct {
		i, j int
		want bool
	}{{0, 0, true}, {0, 1, false}, {0, 2, true}, {2, 1, true}, {2, 3, false}, {3, 0, false}} {
		if got := alias(test.i, test.j); got != test.want {
			t.Errorf("operands %d and %d: MayAlias is %t", test.i, test.j, got)
		}
	}
	p, q := r.Pointer(args[2]).PointsTo(), r.Pointer(args[3]).PointsTo()
	names := func(list []*pointsto.Object) (names []string) {
		for _, o := range list {
			names = append(names, o.String())
		}
		return names
	}
	if got, want := names(r.Reachable(p...)), []string{"example.com/t.p", "new"}; !slices.Equal(got, want) {
		t.Errorf("from p can be reached %q, want %q", got, want)
	}
	if got := r.Contents(q[0]); len(got) > 0 {
		t.Errorf("q holds %q", names(got))
	}
	var writes []string
	for _, w := range r.Writes {
		if w.Instr.Parent() == main && w.Addr.MayAlias(r.Pointer(args[2])) {
			writes = append(writes, fmt.Sprint(prog.Fset.Position(w.Instr.Pos()).Line, " ", w.What))
		}
	}
	if want := []string{"13 is assigned"}; !slices.Equal(writes, want) {
		t.Errorf("writes to p: %q, want %q", writes, want)
	}
}
