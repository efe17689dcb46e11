package load

import (
	"context"
	"errors"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
	"golang.org/x/tools/go/ssa/ssautil"
	"golang.org/x/tools/txtar"

	"github.com/harkgen/harkgen/transform/diag"
)

func TestParsePos(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		want token.Position
	}{
		{"", token.Position{}},
		{"-", token.Position{}},
		{"a.go", token.Position{Filename: "a.go"}},
		{"a.go:7", token.Position{Filename: "a.go", Line: 7}},
		{"/x/a.go:7:12", token.Position{Filename: "/x/a.go", Line: 7, Column: 12}},
		{`C:\x\a.go:7:12`, token.Position{Filename: `C:\x\a.go`, Line: 7, Column: 12}},
		{`C:\x\a.go`, token.Position{Filename: `C:\x\a.go`}},
		{"odd:1:a.go:7:12", token.Position{Filename: "odd:1:a.go", Line: 7, Column: 12}},
		{"12:7:3", token.Position{Filename: "12", Line: 7, Column: 3}},
	}
	for _, tt := range tests {
		if got := parsePos(tt.in); got != tt.want {
			t.Errorf("parsePos(%q) = %+v, want %+v", tt.in, got, tt.want)
		}
	}
}

func TestRel(t *testing.T) {
	t.Parallel()
	mod := filepath.Join(string(filepath.Separator), "home", "u", "mod")
	in := &Program{Module: &packages.Module{Dir: mod}}
	outside := &Program{}
	tests := []struct {
		prog       *Program
		file, want string
	}{
		{in, filepath.Join(mod, "a.go"), "a.go"},
		{in, filepath.Join(mod, "sub", "dir", "a.go"), "sub/dir/a.go"},
		{in, filepath.Join(mod+"-other", "a.go"), "a.go"},
		{in, filepath.Join(filepath.Dir(mod), "b.go"), "b.go"},
		{outside, filepath.Join(mod, "sub", "a.go"), "a.go"},
	}
	for _, tt := range tests {
		if got := tt.prog.Rel(tt.file); got != tt.want {
			t.Errorf("Rel(%s) = %q, want %q", tt.file, got, tt.want)
		}
	}
}

const module = `
-- app/go.mod --
module example.com/app

go 1.26

require example.com/dep v0.0.0

replace example.com/dep => ../dep
-- app/a/a.go --
package main

import (
	"errors"

	"example.com/app/lib"
	"example.com/dep"
)

func main() {
	f := func() int { return lib.Generic(dep.N) }
	println(f(), errors.New("x").Error())
}
-- app/lib/lib.go --
package lib

func Generic[T any](x T) T { return x }

type T struct{}

func (*T) M() {}
-- app/unused/unused.go --
package unused
-- dep/go.mod --
module example.com/dep

go 1.26
-- dep/dep.go --
package dep

var N = F()

func F() int { return 1 }
-- single/one.go --
package main

func main() { println(helper()) }
-- single/two.go --
package main

func helper() int { return 1 }
-- broken/go.mod --
module example.com/broken

go 1.26
-- broken/b.go --
package broken

func F() int { return "x" }
`

func extract(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range txtar.Parse([]byte(module)).Files {
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

func userPaths(p *Program) []string {
	var out []string
	for _, u := range p.User {
		out = append(out, u.PkgPath)
	}
	return out
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(extract(t), "app")
	p, err := Load(context.Background(), dir, []string{"./a"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := userPaths(p), []string{"example.com/app/a", "example.com/app/lib"}; !slices.Equal(got, want) {
		t.Errorf("compiled packages %v, want %v", got, want)
	}
	if p.Module == nil || p.Module.Path != "example.com/app" || p.Module.Dir != dir {
		t.Errorf("module %+v", p.Module)
	}
	for _, tt := range []struct {
		path      string
		std, user bool
	}{
		{"errors", true, false},
		{"internal/abi", true, false},
		{"example.com/dep", false, false},
		{"example.com/app/a", false, true},
		{"example.com/app/lib", false, true},
		{"example.com/app/unused", false, false},
		{"fmt", false, false}, // not loaded
	} {
		if got := p.IsStd(tt.path); got != tt.std {
			t.Errorf("IsStd(%s) = %v", tt.path, got)
		}
		if got := p.IsUserPackage(tt.path); got != tt.user {
			t.Errorf("IsUserPackage(%s) = %v", tt.path, got)
		}
	}
	want := map[string]bool{
		"example.com/app/a.main":           true,
		"example.com/app/a.main$1":         true,
		"example.com/app/lib.Generic[int]": true,
		"(*example.com/app/lib.T).M":       true,
		"example.com/dep.F":                false,
		"errors.New":                       false,
	}
	for fn := range ssautil.AllFunctions(p.SSA) {
		if w, ok := want[fn.String()]; ok {
			delete(want, fn.String())
			if got := p.IsUser(fn); got != w {
				t.Errorf("IsUser(%s) = %v", fn, got)
			}
			if fn.Name() == "main" {
				if at := p.Pos(fn.Pos()); at != "a/a.go:10:6" {
					t.Errorf("main is at %s", at)
				}
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("functions not found: %v", want)
	}
}

// TestLoadFiles: a program named by its files, outside any module.
func TestLoadFiles(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(extract(t), "single")
	p, err := Load(context.Background(), dir, []string{"one.go", "two.go"})
	if err != nil {
		t.Fatal(err)
	}
	if got := userPaths(p); !slices.Equal(got, []string{AdHoc}) || p.Module != nil {
		t.Errorf("compiled packages %v of module %v", got, p.Module)
	}
	if p.IsStd(AdHoc) || !p.IsUserPackage(AdHoc) {
		t.Error("the program is taken for the standard library")
	}
}

func TestLoadErrors(t *testing.T) {
	t.Parallel()
	dir := extract(t)
	for _, tt := range []struct {
		dir, pattern, want string
		line               int
	}{
		{"broken", "./...", "string", 3},
		{"app", "./absent", "absent", 0},
		{"absent", "./...", "cannot load packages", 0},
	} {
		_, err := Load(context.Background(), filepath.Join(dir, tt.dir), []string{tt.pattern})
		var list diag.List
		if !errors.As(err, &list) || len(list) == 0 {
			t.Errorf("%s in %s: %v", tt.pattern, tt.dir, err)
			continue
		}
		if !strings.Contains(err.Error(), tt.want) || list[0].Pos.Line != tt.line {
			t.Errorf("%s in %s: %+v", tt.pattern, tt.dir, list)
		}
	}
}
