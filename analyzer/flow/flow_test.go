package flow_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"testing"

	"golang.org/x/tools/go/ssa"
	"golang.org/x/tools/go/ssa/ssautil"

	"github.com/harkgen/harkgen/analyzer/flow"
)

func TestTitle(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"main.main":                   "main.main",
		"example.com/a/b.F":           "b.F",
		"(*example.com/a/b.T).M":      "(*b.T).M",
		"(example.com/a/b.T).M$1":     "(b.T).M$1",
		"(*net/http.Client).Do$bound": "(*http.Client).Do$bound",
	} {
		if got := flow.Title(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

const source = `package p

func f(c chan int) {
	println(1)
	for n := range c {
		println(2)
		if n == 3 {
			println(3)
			return
		}
	}
	println(4)
}
`

// TestOrder: the number that a println prints tells which instruction it is.
func TestOrder(t *testing.T) {
	t.Parallel()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "p.go", source, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, _, err := ssautil.BuildPackage(&types.Config{Importer: importer.Default()}, fset, types.NewPackage("p", "p"), []*ast.File{file}, 0)
	if err != nil {
		t.Fatal(err)
	}
	prints := map[int64]*ssa.Call{}
	for _, b := range pkg.Func("f").Blocks {
		for _, i := range b.Instrs {
			if c, ok := i.(*ssa.Call); ok {
				prints[c.Call.Args[0].(*ssa.Const).Int64()] = c
			}
		}
	}
	reach := func(from, to, not int64) bool {
		return flow.Reaches(prints[from], func(i ssa.Instruction) bool { return i == prints[to] }, func(i ssa.Instruction) bool { return i == prints[not] })
	}
	for _, test := range []struct {
		from, to, not int64
		want          bool
	}{{1, 4, 0, true}, {1, 4, 2, true}, {1, 3, 2, false}, {2, 2, 0, true}, {3, 4, 0, false}, {3, 2, 0, false}} {
		if got := reach(test.from, test.to, test.not); got != test.want {
			t.Errorf("from %d to %d without %d: %v", test.from, test.to, test.not, got)
		}
	}
	for n, want := range map[int64]bool{1: false, 2: true, 3: false, 4: false} {
		if got := flow.Repeats(prints[n].Block()); got != want {
			t.Errorf("%d repeats: %v", n, got)
		}
	}
	if where := flow.Where(fset, prints[1].Pos()); where != "p.go:4:9" {
		t.Error(where)
	}
}
