package lower_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/ir"
	"github.com/harkgen/harkgen/transform/load"
	"github.com/harkgen/harkgen/transform/lower"
)

// A lowered is the corpus testdata/run, lowered as one module with a main package for each program.
type lowered struct {
	prog   *load.Program
	facts  *suspend.Facts
	result *lower.Result
	passes map[*ir.Func][]string // that each function went through, and after which it was verified
}

var corpora = [...]func() (*lowered, error){
	sync.OnceValues(func() (*lowered, error) { return lowerCorpus(false) }),
	sync.OnceValues(func() (*lowered, error) { return lowerCorpus(true) }),
}

func lowerCorpus(all bool) (*lowered, error) {
	files, err := filepath.Glob("../../testdata/run/*.go")
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "lower-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/run\n\ngo 1.26\n"), 0o600); err != nil {
		return nil, err
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		base := filepath.Base(name)
		to := filepath.Join(dir, strings.TrimSuffix(base, ".go"))
		if err := os.Mkdir(to, 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(to, base), data, 0o600); err != nil {
			return nil, err
		}
	}
	l := &lowered{passes: map[*ir.Func][]string{}}
	if l.prog, err = load.Load(context.Background(), dir, []string{"./..."}); err != nil {
		return nil, err
	}
	l.facts = suspend.Analyze(l.prog.SSA, l.prog.IsUser, l.prog.Copyable, suspend.Options{All: all})
	l.result = lower.Program(l.prog, l.facts, lower.Options{Check: true, Dump: func(_ *ssa.Function, f *ir.Func, pass string) {
		l.passes[f] = append(l.passes[f], pass)
	}})
	return l, l.result.Errors.Err()
}

// each calls f for every lowered function, in order.
func (l *lowered) each(f func(pkg string, fn *ir.Func)) {
	var paths []string
	for path := range l.result.Packages {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		p := l.result.Packages[path]
		for _, fn := range p.Funcs {
			f(path, fn)
		}
		for _, t := range p.Thunks {
			if t.Direct != nil {
				f(path, t.Direct)
			}
		}
	}
}

// TestVerify: every function lowered from testdata/run keeps the invariants of package ir, after each pass over it; also when all
// functions are lowered.
func TestVerify(t *testing.T) {
	t.Parallel()
	for i, least := range []int{700, 900} {
		l, err := corpora[i]()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		l.each(func(pkg string, fn *ir.Func) {
			n++
			pkg = strings.TrimPrefix(pkg, "example.com/run/")
			if err := ir.Verify(fn); err != nil {
				t.Errorf("%s: %v", pkg, err)
			}
			if !slices.Equal(l.passes[fn], ir.Passes()) {
				t.Errorf("%s: %s went through the passes %q", pkg, fn.Title, l.passes[fn])
			}
		})
		if n < least {
			t.Errorf("only %d functions were lowered", n)
		}
		t.Logf("%d functions", n)
	}
}
