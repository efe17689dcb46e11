package suspend_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/tools/go/ssa"

	"github.com/harkgen/harkgen/analyzer/suspend"
	"github.com/harkgen/harkgen/transform/load"
)

const shares = `package main

import (
	"sync"
	"sync/atomic"
)

func main() {}

func counts(n *atomic.Int64)         { n.Add(1) }
func stacks(p *atomic.Pointer[int])  { p.Store(nil) }
func reads(n *int32) int32           { return atomic.LoadInt32(n) }
func tries(m *sync.RWMutex) bool     { return m.TryRLock() }
func locks(l sync.Locker)            { l.Lock() }
func unlocks(l sync.Locker)          { l.Unlock() }
func other(l interface{ Lock() int }) { l.Lock() }

func closes(c chan int)          { close(c) }
func defers(c chan int)          { defer close(c) }
func starts(c chan int)          { go close(c) } // the new goroutine suspends
func length(c <-chan int) int    { return len(c) }
func named(c queue) int          { return len(c) }
func calls(c chan int)           { closes(c) }
func capacity(c chan int) int    { return cap(c) }
func others(s []int, m string) int { return len(s) + len(m) }
func instance[T any](c chan T)   { close(c) }
func uses()                      { instance(make(chan int)) }
func alone(c chan int)           { close(c) } // its channels are not shared

type queue chan int
`

// TestShares: close and len of channels, atomics, TryLock and a Locker's Lock are operations in the functions whose channels and memory may be shared, and in those
// only.
func TestShares(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, data := range map[string]string{"go.mod": "module example.com/s\n\ngo 1.26\n", "s.go": shares} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	prog, err := load.Load(context.Background(), dir, []string{"."})
	if err != nil {
		t.Fatal(err)
	}
	coloured := func(f *suspend.Facts) (out []string) {
		for _, fn := range f.Functions(func(fn *ssa.Function) bool { return prog.IsUser(fn) && !load.Generic(fn) && f.Coloured(fn) }) {
			out = append(out, fn.Name())
		}
		slices.Sort(out)
		return out
	}
	facts := suspend.Analyze(prog.SSA, prog.IsUser, prog.Along, suspend.Options{})
	if got := coloured(facts); len(got) > 0 {
		t.Errorf("without sharing %v are coloured", got)
	}
	facts.Shares = func(fn *ssa.Function) bool { return prog.IsUser(fn) && fn.Name() != "alone" }
	facts = facts.Again(prog.IsUser, prog.Along)
	want := []string{"calls", "closes", "counts", "defers", "instance[int]", "length", "locks", "named", "reads", "stacks", "tries", "uses"}
	if got := coloured(facts); !slices.Equal(got, want) {
		t.Errorf("coloured are %v, want %v", got, want)
	}
	for _, fn := range facts.Functions(func(fn *ssa.Function) bool { return fn.Name() == "calls" && prog.IsUser(fn) }) {
		chain := facts.Chain(prog.Fset, fn)
		if len(chain) != 2 || facts.Reason(facts.Reason(fn).Via).What != "close" {
			t.Errorf("chain %q", chain)
		}
	}
}
