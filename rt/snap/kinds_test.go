package snap

// This file defines how the kinds of values are tested, which kinds_*_test.go list: one process builds and saves each; a new one restores it, saves
// it again, restores that too, and looks at both, while the collector checks itself and destroys what it frees.

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A kind is one kind of value.
type kind struct {
	name  string
	build func() any // returns a pointer to the value
	load  func(t *testing.T, b []byte) any
	check func(t *testing.T, root any)
}

var kinds []kind

// check adds a kind with a function that looks at what was restored.
func check[T any](name string, build func(r *T), look func(t *testing.T, r *T)) bool {
	kinds = append(kinds, kind{
		name:  name,
		build: func() any { r := new(T); build(r); return r },
		load:  func(t *testing.T, b []byte) any { return load[T](t, b) },
		check: func(t *testing.T, root any) { look(t, root.(*T)) },
	})
	return true
}

// play adds a kind with a function that uses the value, which must do the same to what was restored as to what was not saved.
func play[T any](name string, build func(r *T), use func(r *T) string) bool {
	return check(name, build, func(t *testing.T, r *T) {
		t.Helper()
		got := use(r) // first: it must not need what building one sets up in the process
		fresh := new(T)
		build(fresh)
		if want := use(fresh); got != want {
			t.Errorf("restored: %s\nwant:     %s", got, want)
		}
	})
}

// TestKindsPhase is one process of TestKinds.
func TestKindsPhase(t *testing.T) {
	dir := os.Getenv(fileEnv)
	phase := os.Getenv(phaseEnv)
	if phase == "" {
		t.Skip("started by TestKinds")
	}
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			file := filepath.Join(dir, strings.ReplaceAll(k.name, "/", "-"))
			if phase == "save" {
				if err := os.WriteFile(file, save(t, k.build()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := k.load(t, b)
			stir()
			again := save(t, r)
			k.check(t, r)
			r = k.load(t, again)
			stir()
			k.check(t, r)
			if !bytes.Equal(b, again) {
				t.Logf("other bytes when saved again: %d, %d", len(b), len(again))
			}
		})
	}
}

// stir is churn on a small scale.
func stir() {
	for range 3 {
		var keep []any
		for size := range 64 {
			b := make([]byte, 8*size+1)
			for i := range b {
				b[i] = 0xDB
			}
			keep = append(keep, b, make([]*int, size+1), &node{val: -1})
		}
		runtime.GC()
		runtime.KeepAlive(keep)
	}
}

func TestKinds(t *testing.T) {
	dir := t.TempDir()
	for _, phase := range []string{"save", "load"} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKindsPhase$", "-test.count=1", "-test.v")
		cmd.Env = append(os.Environ(), phaseEnv+"="+phase, fileEnv+"="+dir)
		if phase == "load" {
			cmd.Env = append(cmd.Env, "GOGC=10", "GODEBUG=gccheckmark=1,clobberfree=1")
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", phase, err, out)
		}
		if n := bytes.Count(out, []byte("--- PASS: TestKindsPhase/")); n != len(kinds) {
			t.Fatalf("%s: %d of %d kinds\n%s", phase, n, len(kinds), out)
		}
		t.Logf("%s", differing(out))
	}
}

// differing is the lines of a test's output that say which kinds have other bytes when they are saved again.
func differing(out []byte) []byte {
	var keep [][]byte
	lines := bytes.Split(out, []byte("\n"))
	for i, l := range lines {
		if bytes.Contains(l, []byte("other bytes")) && i > 0 {
			keep = append(keep, lines[i-1], l)
		}
	}
	return bytes.Join(keep, []byte("\n"))
}
