package difftest

// This file defines the parts that all tests share: building, running,
// killing, comparing.

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var (
	root    string // of the repository
	tmp     string // for this run of the test binary
	harkgen string // the command under test
	seed    uint64 // of the random choices
)

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(run(m))
}

func run(m *testing.M) int {
	seed = uint64(time.Now().UnixNano())
	if s := os.Getenv("HARK_SEED"); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			fmt.Fprintln(os.Stderr, "HARK_SEED:", err)
			return 2
		}
		seed = n
	}
	var err error
	if root, err = filepath.Abs("../.."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if tmp, err = os.MkdirTemp("", "difftest"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(tmp)
	bin := filepath.Join(tmp, "bin")
	harkgen = filepath.Join(bin, "harkgen")
	build := exec.Command("go", "build", "-o", harkgen, "./cmd/harkgen")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build ./cmd/harkgen: %v\n%s", err, out)
		return 1
	}
	os.Setenv("HARKCHECK", "1") // harkgen verifies each function after each pass
	os.Setenv("PATH", bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return m.Run()
}

// random returns a source of random choices for one test.
func random(t *testing.T) *rand.Rand {
	t.Logf("HARK_SEED=%d", seed)
	h := uint64(14695981039346656037)
	for _, b := range []byte(t.Name()) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return rand.New(rand.NewPCG(seed, h))
}

// An outcome is what can be seen of one execution.
type outcome struct {
	stdout, stderr string
	status         int
}

// A command is a program to execute.
type command struct {
	dir     string
	args    []string // args[0] is the program
	stdin   string
	timeout time.Duration // zero: a minute
	killAt  time.Duration // when to kill the whole process tree; zero: never
}

// run executes c. Only a failure to start, or a timeout, fails the test.
func (c command) run(t *testing.T) outcome {
	t.Helper()
	timeout := c.timeout
	if timeout == 0 {
		timeout = time.Minute
	}
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.args[0], c.args[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Dir = c.dir
	cmd.Stdin = strings.NewReader(c.stdin)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	collect := func() {}
	if c.killAt > 0 { // only of a file can harkgen find out how much of a write was made
		cmd.Stdout, cmd.Stderr, collect = outputFiles(t, &stdout, &stderr)
	}
	cmd.Cancel = func() error { return killTree(cmd.Process.Pid) }
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if c.killAt > 0 {
		kill := time.AfterFunc(c.killAt, func() { killTree(cmd.Process.Pid) })
		defer kill.Stop()
	}
	err := cmd.Wait()
	collect()
	o := outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		t.Fatalf("%s: no end after %v\n%s", strings.Join(c.args, " "), timeout, o)
	case err != nil && !errors.As(err, &exit):
		t.Fatalf("%s: %v\n%s", strings.Join(c.args, " "), err, o)
	}
	return o
}

// outputFiles makes two files to write to; collect reads them.
func outputFiles(t *testing.T, stdout, stderr *bytes.Buffer) (f1, f2 *os.File, collect func()) {
	t.Helper()
	dir := t.TempDir()
	var files []*os.File
	for _, name := range []string{"stdout", "stderr"} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	return files[0], files[1], func() {
		for i, b := range []*bytes.Buffer{stdout, stderr} {
			files[i].Close()
			data, err := os.ReadFile(files[i].Name())
			if err != nil {
				t.Fatal(err)
			}
			b.Write(data)
		}
	}
}

func (o outcome) String() string {
	return fmt.Sprintf("-- exit status %d --\n-- stdout --\n%s\n-- stderr --\n%s", o.status, cut(o.stdout), cut(o.stderr))
}

// cut shortens what is too long for a message.
func cut(s string) string {
	const most = 4000
	if len(s) <= most {
		return s
	}
	return fmt.Sprintf("%s\n[... %d bytes ...]\n%s", s[:most/2], len(s)-most, s[len(s)-most/2:])
}

var (
	reTrace   = regexp.MustCompile(`(?s)\n*goroutine \d+ .*?(\nexit status \d+\n|$)`)
	reAddress = regexp.MustCompile(`0x[0-9a-f]+`)
)

// visible drops from o what may differ between two runs of one program: the
// traces of goroutines, and addresses.
func (o outcome) visible() outcome {
	o.stderr = reTrace.ReplaceAllString(o.stderr, "$1")
	o.stderr = reAddress.ReplaceAllString(o.stderr, "0x?")
	return o
}

// goRun turns the outcome of a program into that of `go run` with it.
func (o outcome) goRun() outcome {
	if o.status != 0 {
		o.stderr += fmt.Sprintf("exit status %d\n", o.status)
		o.status = 1
	}
	return o
}

// same reports whether got is what want says.
func same(t *testing.T, mode string, want, got outcome) bool {
	t.Helper()
	want, got = want.visible(), got.visible()
	if want == got {
		return true
	}
	t.Errorf("%s differs\nwant:\n%v\ngot:\n%v", mode, want, got)
	return false
}

// killTree kills a process and all that come from it, like `kill -9` on each.
// The root is stopped first, so that it starts no others meanwhile.
func killTree(pid int) error {
	syscall.Kill(pid, syscall.SIGSTOP)
	for _, child := range children(pid) {
		killTree(child)
	}
	return syscall.Kill(pid, syscall.SIGKILL)
}

// children returns the processes whose parent is pid.
func children(pid int) (pids []int) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, stat := range stats {
		data, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state ppid ...; the name may hold anything
		rest := string(data[bytes.LastIndexByte(data, ')')+1:])
		if f := strings.Fields(rest); len(f) > 1 && f[1] == strconv.Itoa(pid) {
			if n, err := strconv.Atoi(filepath.Base(filepath.Dir(stat))); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids
}

// runs returns the ids that `harkgen ps` lists for a state directory.
func runs(t *testing.T, dir, state string) (ids []string) {
	t.Helper()
	if _, err := os.Stat(state); errors.Is(err, fs.ErrNotExist) {
		return nil // killed before there was anything
	}
	o := command{dir: dir, args: []string{harkgen, "ps", "-state", state}}.run(t)
	if o.status != 0 {
		t.Fatalf("harkgen ps: %v", o)
	}
	return runIDs(o.stdout)
}

// runIDs takes the ids from the output of `harkgen ps`: the first column, without
// the heading and without the lines that go on with the goroutines of a run.
func runIDs(ps string) (ids []string) {
	for _, line := range strings.Split(ps, "\n")[1:] {
		if line != "" && line[0] != ' ' {
			ids = append(ids, strings.Fields(line)[0])
		}
	}
	return ids
}

func writeFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(text), 0o666)
}

// scripts are the commands that testdata/script adds to those of testscript.
var scripts = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"exits":    cmdExits,
	"copytree": cmdCopyTree,
	"sametree": cmdSameTree,
	"subtree":  cmdSubTree,
	"damage":   cmdDamage,
	"waitps":   cmdWaitPS,
}
