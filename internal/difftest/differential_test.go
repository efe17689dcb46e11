package difftest

// This file compares programs, run plainly, with themselves compiled by harkgen.

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// A program is one file of testdata/run.
type program struct {
	name  string
	src   string // its path
	args  []string
	flags []string // of harkgen
	stdin string
}

// modes are the ways to run a compiled program.
var modes = []struct {
	name  string
	flags []string
	run   sampling
}{
	{"plain", nil, always},
	{"chaos inproc", []string{"-chaos", "1", "-inproc"}, always},
	{"chaos", []string{"-chaos", "1"}, notShort},
	{"all chaos inproc", []string{"-all", "-chaos", "1", "-inproc"}, sampled},
	{"all", []string{"-all"}, sampled},
	{"all chaos", []string{"-all", "-chaos", "1"}, sampled},
}

// A sampling says for which programs a mode is run.
type sampling int

const (
	always   sampling = iota
	notShort          // all, but a sample in short mode
	sampled           // a sample, as each program is compiled once more; all of those that -run names, if it does
)

const (
	shortSample = 12               // programs that run in every mode in short mode
	sampleSize  = 24               // the same, not in short mode
	reserve     = 90 * time.Second // before the deadline; only modes that are run always start later
)

// TestRun: see the package documentation.
func TestRun(t *testing.T) {
	programs := load(t, "run")
	dir, bin := layOut(t, programs)
	size := sampleSize
	if testing.Short() {
		size = shortSample
	} else if flag.Lookup("test.run").Value.String() != "" {
		size = len(programs)
	}
	sample := map[string]bool{}
	rnd := random(t)
	for _, i := range rnd.Perm(len(programs))[:min(size, len(programs))] {
		sample[programs[i].name] = true
	}
	t.Logf("-all: %d of %d programs", min(size, len(programs)), len(programs))
	var skipped struct {
		sync.Mutex
		names []string
	}
	t.Cleanup(func() {
		if len(skipped.names) > 0 {
			slices.Sort(skipped.names)
			skipped.names = slices.Compact(skipped.names)
			t.Logf("no time for all modes of %d programs (use -timeout): %s", len(skipped.names), strings.Join(skipped.names, " "))
		}
	})
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			want := command{dir: dir, args: append([]string{filepath.Join(bin, p.name)}, p.args...), stdin: p.stdin}.run(t).goRun()
			for _, mode := range modes {
				if !sample[p.name] && (mode.run == sampled || mode.run == notShort && testing.Short()) {
					continue
				}
				if d, ok := t.Deadline(); ok && mode.run != always && time.Until(d) < reserve {
					skipped.Lock()
					skipped.names = append(skipped.names, p.name)
					skipped.Unlock()
					continue
				}
				args := append([]string{harkgen, "run", "-state", t.TempDir()}, mode.flags...)
				args = append(append(args, "./"+p.name), p.args...)
				got := command{dir: dir, args: args, stdin: p.stdin, timeout: 2 * time.Minute}.run(t)
				if !same(t, mode.name, want, got) {
					break // the next modes would only say it again
				}
			}
		})
	}
}

// A spreadMode is a way to run a program whose goroutines are in processes of their own.
type spreadMode struct {
	name  string
	flags []string
}

var spreadModes = []spreadMode{
	{"local", nil},
	{"remote", []string{"-placement", "remote", "-workers", "8"}},
	{"remote one worker", []string{"-placement", "remote", "-workers", "1"}},
	{"remote chaos", []string{"-placement", "remote", "-workers", "8", "-chaos", "1"}},
	{"remote few workers", []string{"-placement", "remote", "-workers", "2", "-chaos", "3"}},
}

// autoModes place goroutines where it is proved that nobody can tell.
var autoModes = []spreadMode{
	{"auto", []string{"-workers", "8"}},
	{"auto chaos", []string{"-workers", "8", "-chaos", "3"}},
}

// TestSpread runs the programs of testdata/spread with each goroutine in a process of its own.
func TestSpread(t *testing.T) { spread(t, "spread", append(spreadModes, autoModes[0])) }

// TestAuto runs the programs of testdata/auto; analyzer/placement tests that their goroutines are placed as their comments say.
func TestAuto(t *testing.T) { spread(t, "auto", autoModes) }

// spread runs the programs of a directory of testdata in each mode.
func spread(t *testing.T, from string, modes []spreadMode) {
	programs := load(t, from)
	dir, bin := layOut(t, programs)
	for _, p := range programs {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			want := command{dir: dir, args: append([]string{filepath.Join(bin, p.name)}, p.args...), stdin: p.stdin}.run(t).goRun()
			for _, mode := range modes {
				args := append([]string{harkgen, "run", "-state", t.TempDir()}, mode.flags...)
				args = append(append(args, "./"+p.name), p.args...)
				got := command{dir: dir, args: args, stdin: p.stdin, timeout: 2 * time.Minute}.run(t)
				if !same(t, mode.name, want, got) {
					break
				}
			}
		})
	}
}

// TestExamples runs the example that is a command in each mode, on its own directory and on a file that does not exist. The others are servers, or need AWS: see deploygen/local/localtest, internal/faulttest.
func TestExamples(t *testing.T) {
	t.Parallel()
	const name = "./examples/wordcount"
	bin := buildNative(t, name)
	args := []string{filepath.Join(goroot(t), "src", "errors"), filepath.Join(root, name), "/no/such/file"}
	want := command{dir: root, args: append([]string{bin}, args...)}.run(t).goRun()
	for _, mode := range modes {
		cmd := append([]string{harkgen, "run", "-state", t.TempDir()}, mode.flags...)
		cmd = append(append(cmd, name), args...)
		same(t, mode.name, want, command{dir: root, args: cmd, timeout: 3 * time.Minute}.run(t))
	}
}

// goroot is where every machine with Go has real input.
func goroot(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// buildNative builds a package of this repository, and returns the program.
func buildNative(t *testing.T, pkg string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "native")
	build := exec.Command("go", "build", "-o", bin, pkg)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return bin
}

// load reads the programs of a directory of testdata.
func load(t *testing.T, dir string) (programs []program) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, "testdata", dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("no programs in testdata/"+dir, err)
	}
	for _, file := range files {
		p, err := parse(file)
		if err != nil {
			t.Fatal(err)
		}
		programs = append(programs, p)
	}
	return programs
}

// parse reads the comments on top of a program.
func parse(file string) (program, error) {
	p := program{name: strings.TrimSuffix(filepath.Base(file), ".go"), src: file}
	data, err := os.ReadFile(file)
	if err != nil {
		return p, err
	}
	for n, line := range strings.Split(string(data), "\n") {
		if strings.HasPrefix(line, "package ") {
			break
		}
		if s, ok := strings.CutPrefix(line, "// args: "); ok {
			p.args = strings.Fields(s)
		}
		if s, ok := strings.CutPrefix(line, "// flags: "); ok {
			p.flags = strings.Fields(s)
		}
		if s, ok := strings.CutPrefix(line, "// stdin: "); ok {
			if p.stdin, err = strconv.Unquote(s); err != nil {
				return p, fmt.Errorf("%s:%d: stdin: %w", file, n+1, err)
			}
		}
	}
	return p, nil
}

// layOut copies programs into a module, one directory each, builds them all
// natively, and returns the directories of the module and of the programs built.
func layOut(t *testing.T, programs []program) (dir, bin string) {
	t.Helper()
	dir, bin = copyModule(t, programs), filepath.Join(t.TempDir(), "bin")
	build := exec.Command("go", "build", "-o", bin+string(filepath.Separator), "./...")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return dir, bin
}

func copyModule(t *testing.T, programs []program) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := writeFile(filepath.Join(dir, "go.mod"), "module example.com/programs\n\ngo 1.26\n"); err != nil {
		t.Fatal(err)
	}
	for _, p := range programs {
		data, err := os.ReadFile(p.src)
		if err == nil {
			err = writeFile(filepath.Join(dir, p.name, p.name+".go"), string(data))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
