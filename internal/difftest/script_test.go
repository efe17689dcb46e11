package difftest

// This file runs the scenarios of testdata/script, and defines the commands
// that they have beside those of testscript.

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestScript: see the package documentation.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join(root, "testdata", "script"),
		Cmds:                scripts,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			for _, name := range []string{"HOME", "XDG_CACHE_HOME", "GOCACHE", "GOMODCACHE", "GOPATH", "GOFLAGS", "GOPROXY", "GOTOOLCHAIN"} {
				if v, ok := os.LookupEnv(name); ok {
					env.Setenv(name, v)
				}
			}
			env.Setenv("REPO", root)
			return nil
		},
	})
}

// exits N PROGRAM ARGS... runs a program that must exit with status N.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N PROGRAM ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// copytree FROM TO copies all files of a directory.
func cmdCopyTree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: copytree FROM TO")
	}
	ts.Check(os.CopyFS(ts.MkAbs(args[1]), os.DirFS(ts.MkAbs(args[0]))))
}

// sametree A B checks that two directories hold the same files with the same contents.
func cmdSameTree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sametree A B")
	}
	within(ts, args[0], args[1])
	within(ts, args[1], args[0])
}

// subtree A B checks that B holds all files of A with the same contents.
func cmdSubTree(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: subtree A B")
	}
	within(ts, args[0], args[1])
}

func within(ts *testscript.TestScript, a, b string) {
	tree := readTree(ts, b)
	for name, data := range readTree(ts, a) {
		if other, ok := tree[name]; !ok {
			ts.Fatalf("%s is in %s only", name, a)
		} else if other != data {
			ts.Fatalf("%s differs in %s and %s", name, a, b)
		}
	}
}

func readTree(ts *testscript.TestScript, dir string) map[string]string {
	tree := map[string]string{}
	dir = ts.MkAbs(dir)
	ts.Check(filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		tree[rel] = string(data)
		return err
	}))
	return tree
}

// damage DIR overwrites the middle of each file below DIR that is not empty.
func cmdDamage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: damage DIR")
	}
	for name, data := range readTree(ts, args[0]) {
		b := []byte(data)
		for i := len(b) / 4; i < len(b); i++ {
			b[i] ^= 0xa5
		}
		ts.Check(os.WriteFile(filepath.Join(ts.MkAbs(args[0]), name), b, 0o666))
	}
}

// waitps STATE REGEXP waits until `harkgen ps` prints what matches, and sets RUN
// to the id of the first run.
func cmdWaitPS(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: waitps STATE REGEXP")
	}
	re, err := regexp.Compile(args[1])
	ts.Check(err)
	var out []byte
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		ps := exec.Command(harkgen, "ps", "-state", args[0])
		ps.Dir = ts.MkAbs(".")
		out, _ = ps.CombinedOutput()
		if ids := runIDs(string(out)); len(ids) > 0 && re.Match(out) {
			ts.Setenv("RUN", ids[0])
			return
		}
	}
	ts.Fatalf("harkgen ps does not match %q:\n%s", re, out)
}
