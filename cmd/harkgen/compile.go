// This file compiles: for the user's eyes into a directory, and for run and resume into a cache.

package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"go/token"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/transform"
)

// build is the command without a subcommand.
func (a *app) build(ctx context.Context, out string, src *sourceFlags, patterns []string) error {
	abs, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	if err := checkOutput(abs); err != nil { // before the work, not after it
		return err
	}
	res, err := a.compile(ctx, &transform.Options{Patterns: patterns, Out: abs, Lambda: true, Placement: src.placement})
	if err != nil {
		return err
	}
	a.warn(res)
	return writeOutput(abs, res)
}

// What the environment asks of the compiler, for those who work on it; see CONTRIBUTING.md.
const (
	dumpVar  = "HARKDUMP"  // print what becomes of the functions of this name
	checkVar = "HARKCHECK" // verify functions after each pass
)

// compile is the only caller of the compiler.
func (a *app) compile(ctx context.Context, o *transform.Options) (*transform.Result, error) {
	phase := newPhase("starting")
	stop := a.progress.during(phase.text)
	defer stop()
	o.Progress = phase.set
	o.Check = os.Getenv(checkVar) != ""
	o.Dump, o.DumpTo = os.Getenv(dumpVar), a.progress.writer(a.stderr)
	res, err := transform.Compile(ctx, o)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return res, err
}

// A phase is what the progress line says while compiling.
type phase struct {
	mu   sync.Mutex
	what string
}

func newPhase(what string) *phase { return &phase{what: what} }

func (p *phase) set(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.what = what
}

func (p *phase) text(elapsed time.Duration) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("harkgen: %s (%.1fs)", p.what, elapsed.Seconds())
}

// sourceErrors returns the errors as lines, with the names of files relative to here.
func sourceErrors(errs transform.Errors) []string {
	var lines []string
	for _, d := range errs {
		lines = append(lines, sourceError(d))
	}
	return lines
}

func sourceError(d transform.Diagnostic) string {
	d.Pos = relative(d.Pos)
	return d.Error()
}

// relative names the file relative to here, if it is below.
func relative(pos token.Position) token.Position {
	wd, err := os.Getwd()
	if err != nil {
		return pos
	}
	if rel, err := filepath.Rel(wd, pos.Filename); err == nil && filepath.IsLocal(rel) {
		pos.Filename = rel
	}
	return pos
}

// A worker is a program that was compiled for this machine.
type worker struct {
	path   string // of the executable
	build  string // its identity
	entry  transform.Entry
	goroot string

	distributed bool // some goroutines run in processes of their own
}

// environ adds to the environment that the program gets. It is built with -trimpath, so runtime.GOROOT does not know.
func (w *worker) environ(o *local.Options) {
	if os.Getenv("GOROOT") == "" && w.goroot != "" {
		o.Env = append(os.Environ(), "GOROOT="+w.goroot)
	}
}

// worker compiles the program that the patterns name in dir, and builds it, in the cache. It
// stays there under its identity, so that runs of it are not disturbed by the next build.
func (a *app) worker(ctx context.Context, dir string, patterns []string, src *sourceFlags) (*worker, error) {
	cache, unlock, err := cacheDir(dir, patterns, src)
	if err != nil {
		return nil, err
	}
	defer unlock()
	key, goroot, err := toolKey(ctx, dir)
	if err != nil {
		return nil, err
	}
	if w := current(cache, key); w != nil && os.Getenv(dumpVar) == "" {
		w.goroot = goroot
		return w, nil
	}
	began := time.Now()
	out := filepath.Join(cache, "src")
	res, err := a.compile(ctx, &transform.Options{Dir: dir, Patterns: patterns, Out: out, All: src.all, Placement: src.placement})
	if err != nil {
		return nil, err
	}
	a.placed(res, src)
	switch len(res.Entries) {
	case 1:
	case 0:
		return nil, fmt.Errorf("package %s is not a main package", strings.Join(patterns, " "))
	default:
		return nil, fmt.Errorf("%s names several programs; run executes one", strings.Join(patterns, " "))
	}
	if err := writeOutput(out, res); err != nil {
		return nil, err
	}
	w := &worker{entry: res.Entries[0], goroot: goroot, distributed: res.Distributed}
	exe := filepath.Join(cache, "new")
	if err := a.goBuild(ctx, out, w.entry.Dir, exe); err != nil {
		return nil, err
	}
	if w.build, err = hashFile(exe); err != nil {
		return nil, err
	}
	w.path = filepath.Join(binPath(cache, w.build), w.entry.Name)
	if err := os.MkdirAll(filepath.Dir(w.path), 0o700); err != nil {
		return nil, err
	}
	removeOld(filepath.Join(cache, "bin"))
	if err := os.Rename(exe, w.path); err != nil {
		return nil, err
	}
	return w, remember(cache, key, began, res, w)
}

// cachePath is the place for what is compiled from these patterns.
func cachePath(dir string, patterns []string, src *sourceFlags) string {
	base, err := os.UserCacheDir()
	if err != nil {
		base = filepath.Join(os.TempDir(), fmt.Sprint("cache-", os.Getuid()))
	}
	sum := sha256.Sum256(fmt.Append(nil, dir, "\x00", strings.Join(patterns, "\x00"), "\x00", src.key()))
	return filepath.Join(base, "harkgen", hex.EncodeToString(sum[:8]))
}

// binPath is the directory in the cache with the executable of that build.
func binPath(cache, build string) string { return filepath.Join(cache, "bin", build[:16]) }

// cacheDir makes the place for what is compiled from these patterns, locked against others.
func cacheDir(dir string, patterns []string, src *sourceFlags) (cache string, unlock func(), err error) {
	cache = cachePath(dir, patterns, src)
	if err := os.MkdirAll(cache, 0o700); err != nil {
		return "", nil, err
	}
	f, err := os.OpenFile(filepath.Join(cache, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return "", nil, err
	}
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		f.Close()
		return "", nil, err
	}
	return cache, func() { f.Close() }, nil
}

// removeOld removes executables that nobody has built or run for a month.
func removeOld(bin string) {
	es, _ := os.ReadDir(bin)
	for _, e := range es {
		if fi, err := e.Info(); err == nil && time.Since(fi.ModTime()) > 30*24*time.Hour {
			os.RemoveAll(filepath.Join(bin, e.Name()))
		}
	}
}

func hashFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// goBuild builds a package of the compiled module. The source was checked, so a failure is the compiler's.
func (a *app) goBuild(ctx context.Context, dir, pkg, exe string) error {
	phase := newPhase("building")
	stop := a.progress.during(phase.text)
	defer stop()
	cmd := exec.CommandContext(ctx, "go", "build", "-mod=vendor", "-trimpath", "-buildvcs=false", "-v", "-o", exe, "./"+pkg)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "PWD="+dir)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("go build: %w", err)
	}
	var said []string
	for sc := bufio.NewScanner(stderr); sc.Scan(); {
		if line := sc.Text(); strings.ContainsAny(line, " \t:") {
			said = append(said, line)
		} else { // -v names the packages
			phase.set("building " + line)
		}
	}
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("the compiled program in %s does not build, which is a bug of harkgen:\n%s\n(%w)", dir, strings.Join(said, "\n"), err)
	}
	return nil
}
