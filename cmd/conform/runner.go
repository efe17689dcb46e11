package main

// This file prepares the tools and the cache, and takes programs through all that is done with them.

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

const harkgenPackage = "github.com/harkgen/harkgen/cmd/harkgen"

// A runner is what the tests of all programs share.
type runner struct {
	o       *options
	skips   skipList
	harkgen string   // absolute path
	tool    string   // identifies the toolchain, for native outcomes
	env     []string // for every command
	tmp     string   // for this process
	cache   string   // for native outcomes, by their keys
	work    string   // where programs are compiled, by their keys
	unlock  func()
}

func newRunner(ctx context.Context, o *options, skips skipList) (*runner, error) {
	r := &runner{o: o, skips: skips, unlock: func() {}}
	base, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	base = filepath.Join(base, "harkgen-conform")
	r.cache, r.work = filepath.Join(base, "native"), filepath.Join(base, "work")
	for _, dir := range []string{r.cache, r.work} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
	}
	if r.tmp, err = os.MkdirTemp("", "conform"); err != nil {
		return nil, err
	}
	if err := r.prepare(ctx, base); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

// prepare builds harkgen, and gives it a cache of its own that lasts until harkgen changes.
func (r *runner) prepare(ctx context.Context, base string) error {
	env, err := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "CGO_ENABLED", "GOCACHE").Output()
	if err != nil {
		return fmt.Errorf("go env: %w", err)
	}
	fields := strings.Split(strings.TrimSpace(string(env)), "\n")
	gocache := fields[len(fields)-1]
	r.tool = strings.Join(fields[:len(fields)-1], " ")
	if r.harkgen, err = filepath.Abs(r.o.harkgen); err != nil {
		return err
	}
	if r.o.harkgen == "" {
		r.harkgen = filepath.Join(r.tmp, "harkgen")
		if out, err := exec.CommandContext(ctx, "go", "build", "-o", r.harkgen, harkgenPackage).CombinedOutput(); err != nil {
			return fmt.Errorf("cannot build harkgen; %w: %s; start conform inside the repository, or give -harkgen", err, out)
		}
	}
	exe, err := os.ReadFile(r.harkgen)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(exe)
	compiled, err := r.compileCache(filepath.Join(base, "compiled"), hex.EncodeToString(sum[:8]))
	if err != nil {
		return err
	}
	r.env = []string{"XDG_CACHE_HOME=" + compiled, "GOCACHE=" + gocache, "GOENV=off", "GOFLAGS=", "GOWORK=off"}
	return nil
}

// compileCache returns the directory NAME in dir, and removes the others, which belonged to other builds of harkgen, unless
// they are in use. A whole corpus takes some gigabytes.
func (r *runner) compileCache(dir, name string) (string, error) {
	mine := filepath.Join(dir, name)
	if err := os.MkdirAll(mine, 0o700); err != nil {
		return "", err
	}
	unlock, err := lock(mine+".lock", syscall.LOCK_SH)
	if err != nil {
		return "", err
	}
	r.unlock = unlock
	others, err := os.ReadDir(dir)
	for _, e := range others {
		path := filepath.Join(dir, e.Name())
		if !e.IsDir() || path == mine {
			continue
		}
		if unlock, err := lock(path+".lock", syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			os.RemoveAll(path)
			unlock()
		}
	}
	return mine, err
}

// lock waits for the lock file, unless how says not to.
func lock(name string, how int) (unlock func(), err error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for err = syscall.EINTR; errors.Is(err, syscall.EINTR); {
		err = syscall.Flock(int(f.Fd()), how)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

func (r *runner) close() {
	os.RemoveAll(r.tmp)
	r.unlock()
}

// runAll tests the programs, some at a time, until ctx ends.
func (r *runner) runAll(ctx context.Context, programs []*program, rep *report) {
	next := make(chan *program)
	var wg sync.WaitGroup
	for range r.o.p {
		wg.Go(func() {
			for p := range next {
				rep.begin(p.name)
				res := r.test(ctx, p)
				if ctx.Err() == nil {
					rep.add(p.name, res)
				}
			}
		})
	}
	for _, p := range programs {
		if ctx.Err() != nil {
			break
		}
		next <- p
	}
	close(next)
	wg.Wait()
}

// test decides about one program.
func (r *runner) test(ctx context.Context, p *program) *result {
	if line := excluded(p.src, p.recipe == nil); line != "" {
		return skipped("not for this platform", line)
	}
	if why := r.skips.reason(p); why != "" {
		return skipped("skip list", why)
	}
	res, err := r.compareBoth(ctx, p)
	if err != nil {
		return &result{Status: fail, Reason: crash, Detail: "conform: " + err.Error()}
	}
	return res
}

// compareBoth runs p natively, or knows the outcome from earlier, and durably. Both run in the same directory,
// which is p's own: so is the path, which harkgen's cache goes by.
func (r *runner) compareBoth(ctx context.Context, p *program) (*result, error) {
	l, err := p.layout()
	if err != nil {
		return nil, err
	}
	key := l.key(p.name, r.tool)
	dir := filepath.Join(r.work, key)
	unlock, err := lock(dir+".lock", syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer unlock()
	defer os.RemoveAll(dir)
	n := &native{r: r, p: p, l: l, dir: dir, cache: filepath.Join(r.cache, key)}
	if err := n.outcome(ctx); err != nil || n.Skip != "" {
		return skipped(n.Skip, n.Detail), err
	}
	res := &result{Status: pass, Native: n.Outcome.Took}
	chaos := r.o.chaos
	got, err := r.durable(ctx, l, dir, n, chaos)
	for range tries - 1 {
		if err != nil || !got.Advancing {
			break
		}
		// Each kill takes time in proportion to the program's memory: with very many operations it comes to no end.
		chaos *= rarer
		res.Reason = fmt.Sprintf("too many operations for -chaos %d, run with -chaos %d", r.o.chaos, chaos)
		got, err = r.durable(ctx, l, dir, n, chaos)
	}
	if err != nil {
		return nil, err
	}
	reason, detail := compare(&n.Outcome, got)
	res.Durable = got.Took
	if reason == "" {
		return res, nil
	}
	if reason == badOutput || reason == badStatus {
		if err := n.again(ctx); err != nil || n.Skip != "" {
			return skipped(n.Skip, n.Detail), err
		}
	}
	res.Status, res.Reason, res.Detail = fail, reason, detail
	res.outputs(&n.Outcome, got)
	return res, nil
}

// A program that is killed too often to end in time gets several tries.
const (
	tries       = 3
	rarer       = 30  // how much more rarely it is killed at the next one
	manyCommits = 500 // how often at least it was killed at the one before
)

// durable runs a program compiled by harkgen, which is killed at every operation of so many.
func (r *runner) durable(ctx context.Context, l *layout, dir string, n *native, chaos int) (*outcome, error) {
	if err := l.write(dir); err != nil {
		return nil, err
	}
	state, err := os.MkdirTemp(r.tmp, "state")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(state)
	scale := time.Duration(20)
	if chaos > 0 {
		scale = 100
	}
	args := append([]string{r.harkgen, "run", "-state", state}, r.o.runFlags(chaos)...)
	o, err := command{
		dir: dir, env: slices.Concat(r.env, l.env), args: slices.Concat(args, l.patterns, l.args),
		timeout: r.o.timeout + scale*n.Outcome.Took,
	}.run(ctx)
	if err == nil && o.Timeout && chaos > 0 {
		o.Advancing, err = r.advancing(ctx, state)
	}
	return o, err
}

// advancing reports whether the run whose time is over was not stuck: it has been killed very often, and just now.
func (r *runner) advancing(ctx context.Context, state string) (bool, error) {
	o, err := command{dir: state, args: []string{r.harkgen, "ps", "-state", state, "-json"}, timeout: time.Minute}.run(ctx)
	if err != nil {
		return false, err
	}
	var runs []struct {
		Commits int64
		Updated time.Time
	}
	if err := json.Unmarshal([]byte(o.Stdout), &runs); err != nil {
		return false, fmt.Errorf("harkgen ps: %w: %s", err, o.Stderr)
	}
	return len(runs) == 1 && runs[0].Commits > manyCommits && time.Since(runs[0].Updated) < 10*time.Second, nil
}
