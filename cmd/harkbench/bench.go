package main

// This file measures.

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A bench is where benchmarks run.
type bench struct {
	root    string // of the repository
	tmp     string
	harkgen string
	n       int
	runs    int  // numbers directories in tmp
	bulk    bool // the build cache for the large module is warm
	tty     bool

	lastHeap heapRun
	asleep   map[int]sleeperRun // by their number
}

func newBench(n int) (*bench, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		return nil, fmt.Errorf("start it inside the repository: go list -m: %w", err)
	}
	b := &bench{root: strings.TrimSpace(string(out)), n: n}
	if b.tmp, err = os.MkdirTemp("", "harkbench"); err != nil {
		return nil, err
	}
	if info, err := os.Stderr.Stat(); err == nil {
		b.tty = info.Mode()&os.ModeCharDevice != 0
	}
	b.harkgen = filepath.Join(b.tmp, "harkgen")
	b.progress("building")
	if _, err := b.exec(nil, "go", "build", "-o", b.harkgen, "./cmd/harkgen"); err != nil {
		b.close()
		return nil, err
	}
	if _, err := b.exec(nil, "go", "build", "-o", filepath.Join(b.tmp, "native")+string(filepath.Separator), "./cmd/harkbench/programs/..."); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *bench) close() { os.RemoveAll(b.tmp) }

// progress says what is going on, on a terminal.
func (b *bench) progress(what string) {
	if b.tty {
		fmt.Fprintf(os.Stderr, "\r\x1b[K%s", what)
	}
}

// measure alternates native and compiled executions, and those of peers.
func (b *bench) measure(bm benchmark) row {
	n := b.n
	if bm.once {
		n = 1
	}
	r := row{Name: bm.name, Unit: bm.unit, Target: bm.target, AtMost: bm.atMost, AtLeast: bm.atLeast, Samples: n, Comment: bm.comment, group: bm.group, elsewhere: bm.elsewhere}
	if bm.uses != nil {
		return b.measureUses(bm, r)
	}
	var native, compiled []float64
	others := b.peerRuns(bm.peers)
	for i := range n {
		b.progress(fmt.Sprintf("%s %d/%d", bm.name, i+1, n))
		if bm.native != nil {
			x, err := bm.native(b)
			if err != nil {
				r.Failed = err.Error()
				return r
			}
			native = append(native, x)
		}
		if bm.compiled != nil {
			x, err := bm.compiled(b)
			if err != nil {
				r.Failed = err.Error()
				return r
			}
			compiled = append(compiled, x)
		}
		for j := range others {
			others[j].again(b)
		}
	}
	for _, o := range others {
		r.Peers = append(r.Peers, o.result())
	}
	if native != nil {
		r.Native = bm.summary(native)
	}
	if compiled != nil {
		r.Compiled = bm.summary(compiled)
		r.limit()
	}
	if native != nil && compiled != nil {
		r.compare(r.Compiled / r.Native)
	}
	return r
}

// measureUses measures what a row uses on AWS.
func (b *bench) measureUses(bm benchmark, r row) row {
	b.progress(bm.name)
	u, err := bm.uses(b)
	if err != nil {
		r.Failed = err.Error()
		return r
	}
	r.Uses, r.Compiled = u, u.price()*million
	return r
}

// native executes a program as go build made it.
func (b *bench) native(program, unit string, args ...string) (float64, error) {
	out, err := b.exec(nil, filepath.Join(b.tmp, "native", program), args...)
	if err != nil {
		return 0, err
	}
	return result(out, unit)
}

// durable executes a program under harkgen run.
func (b *bench) durable(program, unit string, flags []string, args ...string) (float64, error) {
	cmd := append([]string{"run", "-state", b.dir()}, flags...)
	cmd = append(append(cmd, "./cmd/harkbench/programs/"+program), args...)
	out, err := b.exec(nil, b.harkgen, cmd...)
	if err != nil {
		return 0, err
	}
	return result(out, unit)
}

// steps returns how many operations with a save before each are done in a second.
func (b *bench) steps(ops int, flags ...string) (float64, error) {
	ns, err := b.durable("steps", "ns/op", flags, strconv.Itoa(ops))
	return 1e9 / ns, err
}

func (b *bench) goBuild() (float64, error) {
	dir := b.dir()
	return b.timed(b.root, []string{"GOCACHE=" + filepath.Join(dir, "cache")}, "go", "build", "-o", filepath.Join(dir, "wordcount"), "./examples/wordcount")
}

func (b *bench) compile() (float64, error) {
	dir := b.dir()
	return b.timed(b.root, []string{"GOCACHE=" + filepath.Join(dir, "cache")}, b.harkgen, "-o", filepath.Join(dir, "out"), "./examples/wordcount")
}

// dir returns a new directory name.
func (b *bench) dir() string {
	b.runs++
	return filepath.Join(b.tmp, strconv.Itoa(b.runs))
}

// timed returns the milliseconds that a command takes.
func (b *bench) timed(dir string, env []string, name string, args ...string) (float64, error) {
	start := time.Now()
	_, err := execIn(dir, env, name, args...)
	return float64(time.Since(start)) / float64(time.Millisecond), err
}

// exec runs a command in the root of the repository and returns its output.
func (b *bench) exec(env []string, name string, args ...string) (string, error) {
	return execIn(b.root, env, name, args...)
}

func execIn(dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "PWD="+dir), env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s", filepath.Base(name), strings.Join(args, " "), err, stderr.Bytes())
	}
	return stdout.String(), nil
}

// result finds the number before a unit in what a program printed:
//
//	name 12.5 ns/op 12.1 user-ns/op
func result(out, unit string) (float64, error) {
	f := strings.Fields(out)
	for i := 1; i < len(f); i++ {
		if f[i] == unit {
			return strconv.ParseFloat(f[i-1], 64)
		}
	}
	return 0, fmt.Errorf("no %s in the output %q", unit, out)
}
