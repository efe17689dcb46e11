package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func TestSample(t *testing.T) {
	var ps []*program
	for i := range 100 {
		ps = append(ps, &program{name: fmt.Sprint("p", i, ".go")})
	}
	ten, again, other := sample(ps, 10, 1), sample(ps, 10, 1), sample(ps, 10, 2)
	if !slices.Equal(ten, again) || slices.Equal(ten, other) || len(ten) != 10 || len(other) != 10 {
		t.Errorf("got %v, %v, %v", names(ten), names(again), names(other))
	}
	if twenty := sample(ps, 20, 1); !slices.IsSortedFunc(twenty, func(a, b *program) int { return slices.Index(ps, a) - slices.Index(ps, b) }) ||
		slices.ContainsFunc(ten, func(p *program) bool { return !slices.Contains(twenty, p) }) {
		t.Errorf("a sample of twenty, %v, is not one of ten, %v, and more in order", names(twenty), names(ten))
	}
	if all := sample(ps, 0, 1); len(all) != 100 {
		t.Errorf("got %d of all", len(all))
	}
}

func TestStarting(t *testing.T) {
	dir := writeTree(t, map[string]string{
		"go.go":      "package main\n\nfunc main() { go println() }\n",
		"group.go":   "package main\n\nimport \"sync\"\n\nfunc main() { var wg sync.WaitGroup; wg.Go(func() {}) }\n",
		"none.go":    "package main\n\n// go f()\nfunc main() { println(\"go f()\") }\n",
		"d.go":       "// rundir\n\npackage ignored\n",
		"d.dir/a.go": "package a\n\nfunc F() { go println() }\n",
		"d.dir/b.go": "package main\n\nimport \"./a\"\n\nfunc main() { a.F() }\n",
	})
	all, err := readPrograms(dir)
	if err != nil {
		t.Fatal(err)
	}
	ps, err := starting(all)
	if got := names(ps); err != nil || !slices.Equal(got, []string{"d.go", "go.go", "group.go"}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func names(ps []*program) (ns []string) {
	for _, p := range ps {
		ns = append(ns, p.name)
	}
	return ns
}

// writeTree writes files into a new directory.
func writeTree(t *testing.T, files map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFind(t *testing.T) {
	headers := writeTree(t, map[string]string{
		"a.go":         "// run\npackage main\n",
		"b.go":         "// errorcheck\npackage main\n",
		"c/c.go":       "// rundir\npackage ignored\n",
		"c/c.dir/d.go": "package main\n",
		"e.go":         "package main\n",
	})
	plain := writeTree(t, map[string]string{
		"a.go":          "// run this\npackage main\n",
		"b.go":          "package main\n",
		"c/c.go":        "package c\n",
		"c/d.go":        "package main\n",
		"c/d_test.go":   "package main\n",
		"testdata/e.go": "package main\n",
	})
	for dir, want := range map[string][]string{headers: {"a.go", "c/c.go"}, plain: {"a.go", "b.go", "c/d.go"}} {
		ps, err := find(dir)
		if got := names(ps); err != nil || !slices.Equal(got, want) {
			t.Errorf("got %v, %v; want %v", got, err, want)
		}
	}
	ps, err := find(filepath.Join(plain, "c/d.go"))
	if err != nil || len(ps) != 1 || ps[0].name != filepath.ToSlash(filepath.Join(plain, "c/d.go")) {
		t.Errorf("got %v, %v", names(ps), err)
	}
}

func TestLayout(t *testing.T) {
	dir := writeTree(t, map[string]string{
		"a.go":             "// run -gcflags='-N -l' more.go x y\npackage main\n",
		"more.go":          "package main\n",
		"a.out":            "hello\n",
		"b.go":             "// rundir\npackage ignored\n",
		"b.dir/a.go":       "package a\n",
		"b.dir/a2_test.go": "package a\n",
		"b.dir/b.go":       "package main\n\nimport (\n\t\"fmt\"\n\n\t_ \"./a\" // why\n)\n",
	})
	ps, err := find(dir)
	if err != nil {
		t.Fatal(err)
	}
	hello := "hello\n"
	release := strings.TrimPrefix(runtime.Version(), "go")
	want := []*layout{{
		files:    map[string][]byte{"a.go": ps[0].src, "more.go": []byte("package main\n")},
		patterns: []string{"a.go", "more.go"},
		args:     []string{"x", "y"},
		env:      []string{"GOFLAGS='-gcflags=-N -l'"},
		beside:   dir,
		expected: &hello,
	}, {
		files: map[string][]byte{
			"go.mod":        []byte("module test\n\ngo " + release + "\n"),
			"a/a.go":        []byte("package a\n"),
			"a/a2_test_.go": []byte("package a\n"),
			"b.go":          []byte("package main\n\nimport (\n\t\"fmt\"\n\n\t_ \"test/a\" // why\n)\n"),
		},
		patterns: []string{"."},
	}}
	for i, p := range ps {
		got, err := p.layout()
		if err != nil {
			t.Fatal(err)
		}
		got.args = append([]string(nil), got.args...)
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("%s: got %s, want %s", p.name, got, want[i])
		}
	}
}

func (l *layout) String() string {
	return fmt.Sprintf("%q %q %q %q", l.files, l.patterns, l.args, l.env)
}
