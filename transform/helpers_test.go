package transform_test

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/harkgen/harkgen/transform"
)

var update = flag.Bool("update", false, "write the golden texts anew")

// TestMain keeps the go command off the network and away from the settings of who runs the tests.
func TestMain(m *testing.M) {
	for name, value := range map[string]string{"GOPROXY": "off", "GOFLAGS": "", "GOWORK": "off"} {
		if err := os.Setenv(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// archive reads testdata/name.txtar.
func archive(t *testing.T, name string) *txtar.Archive {
	t.Helper()
	ar, err := txtar.ParseFile(filepath.Join("testdata", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	return ar
}

// text is an archive written in the test.
func text(s string) *txtar.Archive { return txtar.Parse([]byte(s)) }

// extract writes the archive's files into a new directory, whose name has no symbolic links.
func extract(t *testing.T, ar *txtar.Archive) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range ar.Files {
		write(t, filepath.Join(dir, filepath.FromSlash(f.Name)), f.Data)
	}
	return dir
}

func write(t *testing.T, name string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// compile compiles with o, which must succeed.
func compile(t *testing.T, o *transform.Options) *transform.Result {
	t.Helper()
	o.Check = true
	res, err := transform.Compile(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}

// output is the emitted file at path; it fails the test if there is none.
func output(t *testing.T, res *transform.Result, path string) string {
	t.Helper()
	for _, f := range res.Files {
		if f.Path == path {
			return string(f.Data)
		}
	}
	t.Fatalf("no file %s in the output", path)
	return ""
}

// paths lists the emitted files below prefix.
func paths(res *transform.Result, prefix string) []string {
	var out []string
	for _, f := range res.Files {
		if strings.HasPrefix(f.Path, prefix) {
			out = append(out, f.Path)
		}
	}
	return out
}

// save writes the output module into dir.
func save(t *testing.T, res *transform.Result, dir string) {
	t.Helper()
	for _, f := range res.Files {
		write(t, filepath.Join(dir, filepath.FromSlash(f.Path)), f.Data)
	}
}

// goTool runs the go command in dir and returns what it prints.
func goTool(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// tree describes every file below dir: name, mode, time of change, content.
func tree(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		var data []byte
		if !d.IsDir() {
			if data, err = os.ReadFile(name); err != nil {
				return err
			}
		}
		out = append(out, fmt.Sprintf("%s %v %v %q", name, info.Mode(), info.ModTime(), data))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	sort.Strings(out)
	return out
}
