package transform_test

import (
	"errors"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/harkgen/harkgen/transform"
)

// TestModule: packages keep their import paths, programs go to cmd/NAME, embedded files go with them, and what is not compiled keeps its
// text; the user's tree stays as it was.
func TestModule(t *testing.T) {
	t.Parallel()
	ar := archive(t, "modules")
	dir := extract(t, ar)
	before := tree(t, dir)
	res := compile(t, &transform.Options{Dir: dir})
	if after := tree(t, dir); !slices.Equal(before, after) {
		t.Errorf("the user's tree was\n%s\nand is\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	if res.Module != "example.com/shop" {
		t.Errorf("module %s", res.Module)
	}
	want := []transform.Entry{
		{Name: "serve", Package: "example.com/shop/cmd/serve", Dir: "cmd/serve"},
		{Name: "tool", Package: "example.com/shop/cmd/tool", Dir: "cmd/tool", Stdin: true},
	}
	for i := range res.Entries {
		if i < len(want) && !want[i].Stdin {
			res.Entries[i].Stdin = false // it may be told of the whole program
		}
	}
	if !slices.Equal(res.Entries, want) {
		t.Errorf("entries %+v, want %+v", res.Entries, want)
	}
	for _, path := range []string{"queue/queue_hark.go", "internal/count/count.go", "cmd/serve/main.go", "cmd/tool/tool.go", "cmd/serve/greeting.txt", "cmd/serve/pages/index.html", "go.mod", "vendor/modules.txt"} {
		output(t, res, path)
	}
	for _, path := range paths(res, "") {
		if strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, "notes.txt") {
			t.Errorf("%s is in the output", path)
		}
	}
	if s := output(t, res, "internal/count/count.go"); !strings.Contains(s, "func Twice(n int) int { return 2 * n } // unusual   spacing must stay") {
		t.Errorf("the text of a package that is not lowered changed:\n%s", s)
	}
	if s := output(t, res, "cmd/serve/pages/index.html"); s != "<p>\n" {
		t.Errorf("embedded file: %q", s)
	}
	if !strings.Contains(output(t, res, "cmd/serve/main.go")+output(t, res, "cmd/serve/main_hark.go"), "//go:embed greeting.txt pages") {
		t.Error("the embed directive is gone")
	}
	t.Run("inputs", func(t *testing.T) {
		var got []string
		for _, name := range res.Inputs {
			rel, err := filepath.Rel(dir, name)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, filepath.ToSlash(rel))
		}
		want := []string{"cmd/serve/greeting.txt", "cmd/serve/main.go", "cmd/serve/pages/index.html", "cmd/tool/tool.go", "go.mod", "go.sum", "internal/count/count.go", "queue/queue.go"}
		if !slices.Equal(got, want) {
			t.Errorf("inputs %v, want %v", got, want)
		}
	})
	t.Run("build", func(t *testing.T) {
		if testing.Short() {
			t.Skip("builds with the go command")
		}
		out := t.TempDir()
		save(t, res, out)
		got := strings.Fields(goTool(t, out, "list", "-export", "-trimpath", "./..."))
		want := []string{"example.com/shop/cmd/serve", "example.com/shop/cmd/tool", "example.com/shop/internal/count", "example.com/shop/queue"}
		if !slices.Equal(got, want) {
			t.Errorf("packages %v, want %v", got, want)
		}
	})
}

// TestPattern: only what the pattern needs is compiled.
func TestPattern(t *testing.T) {
	t.Parallel()
	dir := extract(t, archive(t, "modules"))
	res := compile(t, &transform.Options{Dir: filepath.Join(dir, "cmd"), Patterns: []string{"./tool"}})
	if len(res.Entries) != 1 || res.Entries[0].Name != "tool" {
		t.Errorf("entries %+v", res.Entries)
	}
	for _, p := range []string{"queue", "internal", "cmd/serve"} {
		if got := paths(res, p); len(got) > 0 {
			t.Errorf("the output has %v", got)
		}
	}
}

// TestVendor: dependencies are copied, without the packages nobody needs and without tests, under requirements that the go command
// accepts.
func TestVendor(t *testing.T) {
	t.Parallel()
	dir := extract(t, archive(t, "vendor"))
	res := compile(t, &transform.Options{Dir: filepath.Join(dir, "app")})
	want := []string{
		"vendor/example.com/greet/polite/polite.go",
		"vendor/example.com/greet/polite/polite_windows.go",
		"vendor/example.com/greet/polite/word.txt",
		"vendor/example.com/upper/upper.go",
	}
	if got := paths(res, "vendor/example.com/"); !slices.Equal(got, want) {
		t.Errorf("vendored %v, want %v", got, want)
	}
	if got := paths(res, "vendor/harkgen.local/rt/snap/"); len(got) == 0 {
		t.Error("rt/snap is not vendored")
	}
	for _, path := range paths(res, "vendor/harkgen.local/") {
		if s := output(t, res, path); strings.Contains(s, `"github.com/harkgen/`) {
			t.Errorf("%s imports harkgen's own module", path)
		}
	}
	gomod := output(t, res, "go.mod")
	for _, re := range []string{`module example.com/app\n`, `go 1.26\n`, `harkgen.local/rt v0.0.0`, `example.com/greet v1.2.3`, `example.com/upper v0.1.0`} {
		if !regexp.MustCompile(re).MatchString(gomod) {
			t.Errorf("go.mod lacks %q:\n%s", re, gomod)
		}
	}
	for _, word := range []string{"replace", "unused"} {
		if strings.Contains(gomod, word) {
			t.Errorf("go.mod has %q:\n%s", word, gomod)
		}
	}
	local := 0
	for _, name := range res.Inputs {
		if strings.HasPrefix(name, filepath.Join(dir, "greet")) {
			local++
		}
	}
	if local == 0 {
		t.Error("the replaced module is not among the inputs")
	}
	if testing.Short() {
		return
	}
	out := t.TempDir()
	save(t, res, out)
	goTool(t, out, "build", "-trimpath", "-o", filepath.Join(t.TempDir(), "app"), "./...")
}

// TestLines: //line directives are relative when the output lies in the user's module, absolute elsewhere.
func TestLines(t *testing.T) {
	t.Parallel()
	dir := extract(t, archive(t, "modules"))
	directive := regexp.MustCompile(`(?m)^\s*//line (\S+):\d+$`)
	tests := []struct {
		name, out string
		want      map[string]string // by file of the output
	}{
		{"inside", filepath.Join(dir, "build", "out"), map[string]string{
			"queue/queue_hark.go":    "../../../queue/queue.go",
			"cmd/serve/main_hark.go": "../../../../cmd/serve/main.go",
		}},
		{"outside", filepath.Join(filepath.Dir(dir), "elsewhere"), map[string]string{
			"queue/queue_hark.go":    filepath.ToSlash(filepath.Join(dir, "queue", "queue.go")),
			"cmd/serve/main_hark.go": filepath.ToSlash(filepath.Join(dir, "cmd", "serve", "main.go")),
		}},
		{"sibling with the same prefix", dir + "-out", map[string]string{
			"queue/queue_hark.go": filepath.ToSlash(filepath.Join(dir, "queue", "queue.go")),
		}},
		{"no output directory", "", map[string]string{
			"queue/queue_hark.go": filepath.ToSlash(filepath.Join(dir, "queue", "queue.go")),
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			res := compile(t, &transform.Options{Dir: dir, Patterns: []string{"./cmd/serve"}, Out: tt.out})
			for path, want := range tt.want {
				found := false
				for _, m := range directive.FindAllStringSubmatch(output(t, res, path), -1) {
					if m[1] == want {
						found = true
					} else if !strings.HasPrefix(m[1], "hark") { // the file itself
						t.Errorf("%s: directive names %s, want %s", path, m[1], want)
					}
				}
				if !found {
					t.Errorf("%s has no directive for %s", path, want)
				}
			}
		})
	}
}

// TestPragma: a method that the Go compiler is to leave out of the method set stays out of it, whatever becomes of its body.
func TestPragma(t *testing.T) {
	t.Parallel()
	dir := extract(t, text(`
-- go.mod --
module example.com/pragma

go 1.26
-- main.go --
package main

type T struct{}

//go:nointerface
func (T) Text() {}

//go:nointerface
func (T) Closure() func() int { n := 0; return func() int { n++; return n } }

//go:nointerface
func (T) Suspends(c chan int) { <-c }

type G[X any] struct{}

//go:nointerface
func (G[X]) Instance(c chan X) { <-c }

func main() {
	var t T
	t.Text()
	t.Closure()()
	t.Suspends(make(chan int, 1))
	G[int]{}.Instance(make(chan int, 1))
}
`))
	res := compile(t, &transform.Options{Dir: dir})
	all := ""
	for _, f := range res.Files {
		all += string(f.Data)
	}
	for _, method := range []string{"Text", "Closure", "Suspends", "Instance"} {
		if !regexp.MustCompile(`//go:nointerface\nfunc \([^\n]*\) ` + method + `\(`).MatchString(all) {
			t.Errorf("%s is in the method set", method)
		}
	}
}

// TestRefused: faults of the source are errors with positions, all of them at once.
func TestRefused(t *testing.T) {
	t.Parallel()
	const gomod = "-- go.mod --\nmodule example.com/bad\n\ngo 1.26\n"
	tests := []struct {
		name, source string
		want         []string // file:line of each, and a part of the text
	}{
		{"types", "-- a.go --\npackage main\n\nfunc main() {\n\tvar x int = \"s\"\n\t_ = y\n}\n", []string{`a.go:4:14: .*string`, `a.go:5:6: undefined: y`}},
		{"syntax", "-- a.go --\npackage main\n\nfunc main() {\n", []string{`a.go:\d+:\d+: `}},
		{"two packages", "-- a.go --\npackage main\n\nimport \"example.com/bad/b\"\n\nfunc main() { b.F(1) }\n-- b/b.go --\npackage b\n\nfunc F() { undefined() }\n", []string{`a.go:5:19: too many arguments`, `b.go:3:12: undefined`}},
		{"missing import", "-- a.go --\npackage main\n\nimport _ \"example.com/absent\"\n\nfunc main() {}\n", []string{`a.go:3:8: .*example.com/absent`}},
		{"same name", "-- x/tool/a.go --\npackage main\n\nfunc main() {}\n-- y/tool/a.go --\npackage main\n\nfunc main() {}\n", []string{`y/tool/a.go:3:6: two entry points are named tool; the other is example.com/bad/x/tool.main`}},
		{"nothing", "", []string{`no packages match|nothing to compile|no Go files`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := extract(t, text(gomod+tt.source))
			res, err := transform.Compile(t.Context(), &transform.Options{Dir: dir})
			if err == nil {
				t.Fatalf("compiled to %v", paths(res, ""))
			}
			var list transform.Errors
			if !errors.As(err, &list) {
				t.Errorf("error of type %T: %v", err, err)
			}
			for _, re := range tt.want {
				if !regexp.MustCompile(re).MatchString(err.Error()) {
					t.Errorf("no match for %q in\n%v", re, err)
				}
			}
			if strings.Contains(err.Error(), "bug") {
				t.Errorf("blames harkgen: %v", err)
			}
		})
	}
}
