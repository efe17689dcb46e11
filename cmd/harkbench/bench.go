package main

// This file defines what is measured, and how.

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

// A benchmark is one row of the table. Its two functions measure once; native
// is nil where there is nothing to compare with.
type benchmark struct {
	name     string
	unit     string
	native   func(*bench) (float64, error)
	compiled func(*bench) (float64, error)
	target   float64
	comment  string
}

var benchmarks = []benchmark{
	cpu("matrix", "dense matrix product, a receive for each row"),
	cpu("sieve", "sieve of Eratosthenes, a send for each sieve"),
	cpu("nbody", "floating point and struct fields, a send every thousand steps"),
	cpu("text", "string building and maps, a receive for each text"),
	loop("pingpong", 2, "a round trip over two unbuffered channels"),
	loop("buffered", 0, "a value through a buffered channel"),
	loop("spawn", 0, "start a goroutine and wait for it, in groups of 100"),
	{
		name: "fanout", unit: "ns/op",
		native:   func(b *bench) (float64, error) { return b.native("fanout", "ns/op", "1000", "200ms") },
		compiled: func(b *bench) (float64, error) { return b.durable("fanout", "ns/op", nil, "1000", "200ms") },
		comment:  "1,000 goroutines that sleep and then send, for each of them, without the sleep",
	},
	{
		name: "fanout asleep", unit: "ns/op",
		native:   func(b *bench) (float64, error) { return b.native("fanout", "ns/op", "1000", "3s") },
		compiled: func(b *bench) (float64, error) { return b.durable("fanout", "ns/op", nil, "1000", "3s") },
		comment:  "the same with a sleep so long that the process is saved, ended and restored",
	},
	{
		name: "steps in process", unit: "steps/s",
		compiled: func(b *bench) (float64, error) { return b.steps(2000, "-chaos", "1", "-inproc") },
		comment:  "save, commit and restore at every channel operation, in one process",
	},
	{
		name: "steps", unit: "steps/s",
		compiled: func(b *bench) (float64, error) { return b.steps(200, "-chaos", "1") },
		comment:  "the same, with SIGKILL and a new process at every operation",
	},
	{
		name: "restore", unit: "ms",
		compiled: func(b *bench) (float64, error) {
			perSecond, err := b.steps(200, "-chaos", "1")
			return 1000 / perSecond, err
		},
		comment: "from a channel operation to the next one, in a new process that restored the state",
	},
	{
		name: "compile", unit: "ms", target: 2,
		native:   (*bench).goBuild,
		compiled: (*bench).compile,
		comment:  "harkgen on examples/wordcount against go build of it, both with an empty build cache",
	},
}

// cpu is a row for code that computes.
func cpu(program, comment string) benchmark {
	const unit = "user-ns/op"
	return benchmark{
		name: program, unit: "user ns/op", target: 1.1, comment: comment,
		native:   func(b *bench) (float64, error) { return b.native(program, unit) },
		compiled: func(b *bench) (float64, error) { return b.durable(program, unit, nil) },
	}
}

// loop is a row for code that waits for other goroutines.
func loop(program string, target float64, comment string) benchmark {
	const unit = "ns/op"
	return benchmark{
		name: program, unit: unit, target: target, comment: comment,
		native:   func(b *bench) (float64, error) { return b.native(program, unit) },
		compiled: func(b *bench) (float64, error) { return b.durable(program, unit, nil) },
	}
}

// A bench is where benchmarks run.
type bench struct {
	root    string // of the repository
	tmp     string
	harkgen string
	n       int
	runs    int // numbers directories in tmp
	tty     bool
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

// measure alternates native and compiled executions.
func (b *bench) measure(bm benchmark) row {
	r := row{Name: bm.name, Unit: bm.unit, Target: bm.target, Samples: b.n, Comment: bm.comment}
	var native, compiled []float64
	for i := range b.n {
		b.progress(fmt.Sprintf("%s %d/%d", bm.name, i+1, b.n))
		if bm.native != nil {
			x, err := bm.native(b)
			if err != nil {
				r.Failed = err.Error()
				return r
			}
			native = append(native, x)
		}
		x, err := bm.compiled(b)
		if err != nil {
			r.Failed = err.Error()
			return r
		}
		compiled = append(compiled, x)
	}
	r.Compiled = median(compiled)
	if native != nil {
		r.Native = median(native)
		r.Ratio = r.Compiled / r.Native
		if r.Target > 0 {
			met := r.Ratio <= r.Target
			r.Met = &met
		}
	}
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
	start := time.Now()
	_, err := b.exec([]string{"GOCACHE=" + filepath.Join(dir, "cache")}, "go", "build", "-o", filepath.Join(dir, "wordcount"), "./examples/wordcount")
	return milliseconds(time.Since(start)), err
}

func (b *bench) compile() (float64, error) {
	dir := b.dir()
	start := time.Now()
	_, err := b.exec([]string{"GOCACHE=" + filepath.Join(dir, "cache")}, b.harkgen, "-o", filepath.Join(dir, "out"), "./examples/wordcount")
	return milliseconds(time.Since(start)), err
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// dir returns a new directory name.
func (b *bench) dir() string {
	b.runs++
	return filepath.Join(b.tmp, strconv.Itoa(b.runs))
}

// exec runs a command in the root of the repository and returns its output.
func (b *bench) exec(env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Dir = b.root
	cmd.Env = append(os.Environ(), env...)
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
