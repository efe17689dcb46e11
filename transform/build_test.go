package transform_test

import (
	"bytes"
	"fmt"
	"go/format"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/harkgen/harkgen/transform"
	"github.com/harkgen/harkgen/transform/emit"
)

// always are the programs of testdata/run that every run compiles; more are chosen at random.
var always = []string{"closure_recursive", "defer_suspend", "methods_iface", "maps"}

// sample writes a module with some programs of testdata/run, a directory for each.
func sample(t *testing.T, extra int) (dir string, names []string) {
	t.Helper()
	files, err := filepath.Glob("../testdata/run/*.go")
	if err != nil {
		t.Fatal(err)
	}
	names = slices.Clone(always)
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for _, i := range rand.New(rand.NewPCG(seed, 0)).Perm(len(files)) {
		name := strings.TrimSuffix(filepath.Base(files[i]), ".go")
		if len(names) < len(always)+extra && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	ar := &txtar.Archive{Files: []txtar.File{{Name: "go.mod", Data: []byte("module example.com/run\n\ngo 1.26\n")}}}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join("../testdata/run", name+".go"))
		if err != nil {
			t.Fatal(err)
		}
		ar.Files = append(ar.Files, txtar.File{Name: name + "/" + name + ".go", Data: data})
	}
	return extract(t, ar), names
}

// TestSample: programs of testdata/run compile to the same bytes each time, to files that gofmt would not touch, and the Go compiler
// takes them.
func TestSample(t *testing.T) {
	t.Parallel()
	dir, names := sample(t, 4)
	opt := transform.Options{Dir: dir, Out: filepath.Join(dir, "out")}
	res := compile(t, &opt)
	t.Logf("programs: %s", strings.Join(names, " "))
	if len(res.Entries) != len(names) {
		t.Errorf("%d entries, want %d", len(res.Entries), len(names))
	}
	t.Run("deterministic", func(t *testing.T) {
		again := compile(t, &opt)
		equal(t, res, again)
	})
	t.Run("gofmt", func(t *testing.T) {
		for _, f := range res.Files {
			if !strings.HasSuffix(f.Path, ".go") || strings.HasPrefix(f.Path, "vendor/") {
				continue
			}
			formatted, err := format.Source(f.Data)
			if err != nil {
				t.Errorf("%s: %v", f.Path, err)
			} else if !bytes.Equal(formatted, f.Data) {
				t.Errorf("%s is not formatted: %s", f.Path, difference(string(f.Data), string(formatted)))
			}
		}
	})
	t.Run("build", func(t *testing.T) {
		if testing.Short() {
			t.Skip("builds with the go command")
		}
		out := t.TempDir()
		save(t, res, out)
		// list -export compiles without linking.
		if got := strings.Fields(goTool(t, out, "list", "-export", "-trimpath", "./...")); len(got) != len(names) {
			t.Errorf("packages %v", got)
		}
	})
}

// TestElsewhere: the same module in another directory compiles to the same bytes when the output lies in it.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	var results []*transform.Result
	for range 2 {
		dir := extract(t, archive(t, "modules"))
		results = append(results, compile(t, &transform.Options{Dir: dir, Out: filepath.Join(dir, "out")}))
	}
	equal(t, results[0], results[1])
}

// equal fails the test unless both outputs have the same files with the same bytes.
func equal(t *testing.T, a, b *transform.Result) {
	t.Helper()
	if x, y := paths(a, ""), paths(b, ""); !slices.Equal(x, y) {
		t.Fatalf("files differ: %v and %v", x, y)
	}
	for i := range a.Files {
		if !bytes.Equal(a.Files[i].Data, b.Files[i].Data) {
			t.Errorf("%s differs: %s", a.Files[i].Path, difference(string(a.Files[i].Data), string(b.Files[i].Data)))
		}
	}
	if !slices.Equal(a.Entries, b.Entries) {
		t.Errorf("entries differ: %v and %v", a.Entries, b.Entries)
	}
	if !slices.IsSortedFunc(a.Files, func(x, y emit.File) int { return strings.Compare(x.Path, y.Path) }) {
		t.Error("files are not sorted")
	}
}

// difference is the first line where a and b differ.
func difference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d is %q and %q", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d and %d lines", len(x), len(y))
}

// TestGolden shows what some functions become.
func TestGolden(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, placement string
		functions       []string
	}{
		{"worker", "", []string{"hark_worker", "hark_serve"}},
		{"remote", transform.PlacementRemote, []string{"hark_worker", "hark_try", "hark_lens", "hark_end", "start"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ar := archive(t, tt.name)
			golden := &ar.Files[len(ar.Files)-1]
			dir := extract(t, &txtar.Archive{Files: ar.Files[:len(ar.Files)-1]})
			res := compile(t, &transform.Options{Dir: dir, Out: filepath.Join(dir, "out"), Placement: tt.placement})
			if res.Distributed != (tt.placement != "") {
				t.Errorf("distributed: %v", res.Distributed)
			}
			file := output(t, res, "cmd/"+tt.name+"/"+tt.name+"_hark.go")
			var texts []string
			for _, name := range tt.functions {
				texts = append(texts, declaration(t, file, "func "+name+"("))
			}
			got := renumber(strings.Join(texts, "\n"))
			if *update {
				golden.Data = []byte(got)
				write(t, filepath.Join("testdata", tt.name+".txtar"), txtar.Format(ar))
				return
			}
			if want := string(golden.Data); got != want {
				t.Errorf("%s; got:\n%s", difference(got, want), got)
			}
		})
	}
}

// declaration cuts the top-level function that begins with head out of a file.
func declaration(t *testing.T, file, head string) string {
	t.Helper()
	_, rest, ok := strings.Cut(file, "\n"+head)
	if !ok {
		t.Fatalf("no %q in\n%s", head, file)
	}
	body, _, _ := strings.Cut(rest, "\n}\n")
	return head + body + "\n}\n"
}

var reNumbered = regexp.MustCompile(`\b(t|i|arg|cond)\d+\b`)

// renumber numbers temporaries in the order in which they occur.
func renumber(s string) string {
	seen := map[string]string{}
	count := map[string]int{}
	return reNumbered.ReplaceAllStringFunc(s, func(name string) string {
		if seen[name] == "" {
			kind := reNumbered.FindStringSubmatch(name)[1]
			count[kind]++
			seen[name] = fmt.Sprintf("%s%d", kind, count[kind])
		}
		return seen[name]
	})
}
