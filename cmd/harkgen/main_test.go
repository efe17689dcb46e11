package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/shared"
	"github.com/harkgen/harkgen/transform"
	"github.com/harkgen/harkgen/transform/emit"
)

func TestNormalize(t *testing.T) {
	root := new(app).rootCommand()
	for _, test := range []struct{ in, want string }{
		{"", ""},
		{"./...", "./..."},
		{"-o out ./...", "-o out ./..."},
		{"-output out -bad", "--output out --bad"},
		{"run -chaos 1 -inproc PKG -state x", "run --chaos 1 --inproc PKG -state x"},
		{"run -chaos=1 --state x PKG --y -z", "run --chaos=1 --state x PKG --y -z"},
		{"run -state -chaos PKG -chaos", "run --state -chaos PKG -chaos"},
		{"run -- -chaos", "run -- -chaos"},
		{"resume -state d ID -chaos 2", "resume --state d ID --chaos 2"},
		{"ps -json", "ps --json"},
		{"run - -x", "run - -x"},
		{"run -v PKG", "run -v PKG"},
	} {
		if got := strings.Join(normalize(root, strings.Fields(test.in)), " "); got != test.want {
			t.Errorf("%q: %q, want %q", test.in, got, test.want)
		}
	}
}

// TestDamaged damages the state in several ways; each is reported, names the directory, and nothing is deleted.
func TestDamaged(t *testing.T) {
	for _, test := range []struct {
		name   string
		damage func(t *testing.T, dir string)
	}{
		{"Manifest", func(t *testing.T, dir string) {
			names, _ := filepath.Glob(filepath.Join(dir, "db", "MANIFEST*"))
			for _, name := range names {
				os.WriteFile(name, []byte("hello"), 0o600)
			}
		}},
		{"Database", func(t *testing.T, dir string) { os.RemoveAll(filepath.Join(dir, "db")) }},
		{"Log", func(t *testing.T, dir string) {
			names, _ := filepath.Glob(filepath.Join(dir, "db", "*.log"))
			for _, name := range names {
				os.Truncate(name, 0)
			}
		}},
		{"File", func(t *testing.T, dir string) {
			os.RemoveAll(dir)
			os.WriteFile(dir, []byte("hello"), 0o600)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "state")
			s, err := shared.Open(dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			r, err := local.Create(t.Context(), dir, s, store.Program{Package: "p"}, "build")
			if err != nil {
				t.Fatal(err)
			}
			id := r.Record().ID
			r.Close()
			s.Close()
			test.damage(t, dir)
			for _, args := range [][]string{{"ps", "-state", dir}, {"resume", "-state", dir, id}} {
				var out, errs bytes.Buffer
				if status := execute(args, strings.NewReader(""), &out, &errs); status != 1 || !strings.Contains(errs.String(), dir) {
					t.Errorf("%q: status %d, stdout %q, stderr %q", args, status, out.String(), errs.String())
				}
				t.Log(strings.TrimSpace(errs.String()))
			}
			if _, err := os.Stat(filepath.Join(dir, "runs", id)); err != nil && test.name != "File" {
				t.Error(err)
			}
		})
	}
}

func TestTable(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.Local)
	runs := []store.Run{
		{ID: "1", Program: store.Program{Package: "a/done"}, State: store.Done, Exit: 3, Created: now.Add(-50 * time.Hour)},
		{ID: "2", Program: store.Program{Package: "signal"}, State: store.Done, Exit: -1, Signal: "signal: killed", Created: now},
		{ID: "3", Program: store.Program{Package: "p"}, State: store.Running, Created: now.Add(-90 * time.Second), Count: 4, Gs: []store.G{
			{ID: 1, State: "waiting", Op: "chan receive", Func: "main.main", Pos: "/home/x/p/main.go:12:3"},
			{ID: 2, State: "runnable", Op: "chan send", Pos: "main.go:20:1"},
			{ID: 3, State: "waiting", Op: "sleep", Deadline: now.Add(time.Hour), Pos: "main.go:9:1"},
		}},
		{ID: "4", Program: store.Program{Package: "f"}, State: store.Failed, Error: "the reason", Created: now.Add(-3 * time.Hour)},
		{ID: "5", Program: store.Program{Package: "s"}, State: store.Running, Created: now},
	}
	counts := processCounts{"5": {Processes: 4, Running: 1, Sleeping: 3}}
	const want = `
RUN  PROGRAM  STATE                  AGE    GOROUTINES  WAITS FOR                           AT
1    a/done   done (exit 3)          2d02h  0
2    signal   done (signal: killed)  0s     0
3    p        running                1m30s  4           chan receive                        p/main.go:12:3 main.main
                                                        runnable                            main.go:20:1
                                                        sleep until 2026-11-23 13:00:00     main.go:9:1
                                                        and 1 more
4    f        failed                 3h00m  0           the reason
5    s        running                0s                 4 processes: 1 running, 3 sleeping
`
	var b bytes.Buffer
	if err := psTable(&b, runs, counts, now); err != nil {
		t.Fatal(err)
	}
	var got []string
	for line := range strings.Lines(b.String()) {
		got = append(got, strings.TrimRight(line, " \n"))
	}
	if !slices.Equal(got, strings.Split(strings.TrimSpace(want), "\n")) {
		t.Errorf("got\n%s", b.String())
	}
}

// TestWriteOutput does what a compiler cannot be made to do.
func TestWriteOutput(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	result := func(files ...string) *transform.Result {
		res := new(transform.Result)
		for _, name := range files {
			res.Files = append(res.Files, emit.File{Path: name, Data: []byte(name)})
		}
		return res
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(writeOutput(dir, result("a", "d/e/f", "g")))
	fi, err := os.Stat(filepath.Join(dir, "a"))
	must(err)
	must(writeOutput(dir, result("a", "g")))
	if fi2, err := os.Stat(filepath.Join(dir, "a")); err != nil || !fi2.ModTime().Equal(fi.ModTime()) {
		t.Errorf("a file that did not change was written: %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "d")); err == nil {
		t.Error("stale directory left")
	}
	for _, bad := range []string{"../x", "/x", manifestName, ""} {
		if writeOutput(dir, result(bad)) == nil {
			t.Errorf("wrote %q", bad)
		}
	}
	for _, bad := range []string{"hello", manifestHeader + "../../x\n"} {
		must(os.WriteFile(filepath.Join(dir, manifestName), []byte(bad), 0o600))
		if writeOutput(dir, result("a")) == nil {
			t.Errorf("accepted the manifest %q", bad)
		}
	}
}
