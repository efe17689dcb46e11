package load_test

import (
	"context"
	"go/types"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/harkgen/harkgen/transform/load"
)

// TestCopy: which library functions can be compiled along.
func TestCopy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		fn   string
		want bool
	}{
		{"context.WithTimeout", true},
		{"iter.Pull2", true},     // its text is replaced
		{"io.Copy", true},        // compares with an error variable that never changes
		{"io.Pipe", false},       // its result holds an unexported type
		{"fmt.Fprintln", false},  // keeps a pool
		{"maps.Keys", true},      //
		{"maps.Clone", false},    // part of the runtime
		{"slices.Sort", true},    //
		{"sort.Slice", true},     // internal/reflectlite is reflect
		{"sort.Reverse", true},   // has a type of its own
		{"strings.Map", true},    //
		{"strings.Index", false}, // internal/bytealg
		{"sync.OnceValue", true}, //
		{"path/filepath.WalkDir", true},
		{"rand.Shuffle", false}, // of the one generator
	} {
		dot := strings.LastIndex(c.fn, ".")
		pkg := library(t).All[strings.Replace(c.fn[:dot], "rand", "math/rand", 1)]
		if pkg == nil {
			t.Errorf("%s is not loaded", c.fn)
			continue
		}
		f := pkg.Types.Scope().Lookup(c.fn[dot+1:]).(*types.Func)
		if got := library(t).Copy(f) != nil; got != c.want {
			t.Errorf("%s can be compiled along: %v, want %v", c.fn, got, c.want)
		}
	}
}

// library loads a program that imports some of the standard library.
func library(t *testing.T) *load.Program {
	t.Helper()
	loading.Lock()
	defer loading.Unlock()
	if loadedLibrary != nil {
		return loadedLibrary
	}
	dir := t.TempDir()
	var src strings.Builder
	src.WriteString("package main\n\nimport (\n")
	for _, path := range []string{"context", "fmt", "io", "iter", "maps", "math/rand", "os", "path/filepath", "slices", "sort", "strings", "sync"} {
		src.WriteString("\t_ \"" + path + "\"\n")
	}
	src.WriteString(")\n\nfunc main() {}\n")
	name := filepath.Join(dir, "main.go")
	if err := os.WriteFile(name, []byte(src.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := load.Load(context.Background(), dir, []string{name})
	if err != nil {
		t.Fatal(err)
	}
	loadedLibrary = p
	return p
}

var (
	loading       sync.Mutex
	loadedLibrary *load.Program
)

// TestText: only files of the standard library have another text than on disk.
func TestText(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "src", "iter", "iter.go")
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "package iter\n\ntype coro struct{}\n\nfunc newcoro() {}\n\nfunc coroswitch() {}\n"
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := library(t).Text(name); err != nil || string(got) != text {
		t.Errorf("%v: the text of a user's file is\n%s", err, got)
	}
	for _, f := range library(t).All["iter"].CompiledGoFiles {
		if got, err := library(t).Text(f); err != nil || !strings.Contains(string(got), "go hark_corostart(c)") {
			t.Errorf("%v: the text of iter is\n%s", err, got)
		}
	}
}
