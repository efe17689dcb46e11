package placement_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"

	"github.com/harkgen/harkgen/analyzer/placement"
)

// importSync has what the tests need of package sync.
type importSync struct{}

func (importSync) Import(path string) (*types.Package, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "sync.go", "package sync; type Mutex struct{}; type WaitGroup struct{}; func (*WaitGroup) Go(func()) {}", 0)
	if err != nil {
		return nil, err
	}
	return new(types.Config).Check(path, fset, []*ast.File{f}, nil)
}

// decide decides about a file, and lists the statements and problems as LINE:WHAT.
func decide(t *testing.T, body string, remote bool) (statements, problems []string, res *placement.Result) {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "x.go", "package p; import \"sync\"; var _ sync.Mutex\n"+body, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	info := &types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}}
	conf := types.Config{Importer: importSync{}}
	if _, err := conf.Check("p", fset, []*ast.File{f}, info); err != nil {
		t.Fatal(err)
	}
	def := placement.Local
	if remote {
		def = placement.Remote
	}
	res = placement.Decide(fset, []placement.Package{{Files: []*ast.File{f}, Info: info}}, def)
	for _, s := range res.Statements {
		text := fmt.Sprint(fset.PositionFor(s.Pos, false).Line, ":local")
		if s.Remote {
			text = strings.Replace(text, "local", "remote", 1)
		}
		if s.Remote != res.Remote(s.Pos) {
			t.Errorf("%s: Remote says %v", text, res.Remote(s.Pos))
		}
		if s.Said != nil {
			text += " said"
		}
		if s.Group {
			text += " group"
		}
		statements = append(statements, text)
	}
	for _, p := range res.Problems {
		problems = append(problems, fmt.Sprint(fset.Position(p.Pos).Line, ":", p.What))
	}
	return statements, problems, res
}

func TestDecide(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		remote     bool
		want       []string
		problems   []string
	}{
		{"none", "func f() {}", true, nil, nil},
		{"default local", "func f() {\n\tgo f()\n}", false, []string{"3:local"}, nil},
		{"default remote", "func f() {\n\tgo f()\n}", true, []string{"3:remote"}, nil},
		{"on the line", "func f() {\n\tgo f() //hark:go remote\n\tgo f()\n}", false, []string{"3:remote said", "4:local"}, nil},
		{"before", "func f() {\n\t//hark:go local\n\tgo f()\n\tgo f()\n}", true, []string{"4:local said", "5:remote"}, nil},
		{"in a comment", "func f() {\n\t// We wait here:\n\t//hark:go local // as it reads counter\n\tgo f()\n}", true, []string{"5:local said"}, nil},
		{"line comment", "func f() {\n//line y.go:70\n\t//hark:go local\n\tgo f()\n}", true, []string{"5:local said"}, nil},
		{"two on a line", "func f() {\n\tgo f(); go f() //hark:go remote\n}", false, []string{"3:remote said", "3:remote said"}, nil},
		{"literal", "func f() {\n\tgo func() { //hark:go remote\n\t\tgo f()\n\t}()\n}", false, []string{"3:remote said", "4:local"}, nil},
		{"group", "func f() {\n\tvar wg sync.WaitGroup\n\twg.Go(f) //hark:go remote\n\tvar e struct{ *sync.WaitGroup }\n\t(e.Go)(f)\n}", false,
			[]string{"4:remote said group", "6:local group"}, nil},
		{"another Go", "type T struct{}\nfunc (T) Go(func()) {}\nfunc f() { T{}.Go(f) }", true, nil, nil},
		{"not a directive", "func f() {\n\t// hark:go remote\n\tgo f()\n}", false, []string{"4:local"}, nil},
		{"no statement", "func f() {\n\t//hark:go remote\n\n\tgo f()\n}", false, []string{"5:local"}, []string{"3://hark:go remote places nothing"}},
		{"contradiction", "func f() {\n\t//hark:go remote\n\tgo f() //hark:go local\n}", false, []string{"4:local said"}, []string{"4://hark:go local"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, problems, res := decide(t, tt.body, tt.remote)
			if !slices.Equal(got, tt.want) {
				t.Errorf("statements %q, want %q", got, tt.want)
			}
			if !slices.Equal(problems, tt.problems) {
				t.Errorf("problems %q, want %q", problems, tt.problems)
			}
			if want := strings.Contains(strings.Join(tt.want, " "), "remote"); res.Distributed() != want {
				t.Errorf("distributed: %v", res.Distributed())
			}
		})
	}
}
