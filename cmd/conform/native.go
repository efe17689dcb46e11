package main

// This file runs programs natively, and decides whether they say the same each time, and what they should.

import (
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// repeats is how often a program runs natively once more, after it did something else durably.
const repeats = 5

// A native is a program as the go command builds and runs it.
type native struct {
	r     *runner
	p     *program
	l     *layout
	dir   string // where it is built and runs
	cache string // file for what was found out
	known
}

// A known is what the cache keeps of a program.
type known struct {
	Outcome outcome
	Skip    string // why the program is no use; empty: it is
	Detail  string
}

// key names a program by all that its native outcome depends on.
func (l *layout) key(name, tool string) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q %q %q %q %q\n", name, tool, l.patterns, l.args, l.env)
	if l.expected != nil {
		fmt.Fprintf(h, "%q\n", *l.expected)
	}
	for _, file := range slices.Sorted(maps.Keys(l.files)) {
		fmt.Fprintf(h, "%q %q\n", file, l.files[file])
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// write makes the directory hold the program and nothing else.
func (l *layout) write(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	for name, data := range l.files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			return err
		}
	}
	return l.link(dir)
}

// link gives the directory links to what lies beside the program, as the current directory of GOROOT/test's programs has it.
func (l *layout) link(dir string) error {
	if l.beside == "" {
		return nil
	}
	entries, err := os.ReadDir(l.beside)
	for _, e := range entries {
		if l.files[e.Name()] == nil && err == nil {
			err = os.Symlink(filepath.Join(l.beside, e.Name()), filepath.Join(dir, e.Name()))
		}
	}
	return err
}

// outcome finds out what the program does, from the cache or by running it.
func (n *native) outcome(ctx context.Context) error {
	if f, err := os.Open(n.cache); err == nil {
		err = gob.NewDecoder(f).Decode(&n.known)
		f.Close()
		if err == nil {
			return nil
		}
		n.known = known{}
	}
	exe, err := n.build(ctx)
	if err != nil || n.Skip != "" {
		return err
	}
	defer os.Remove(exe)
	var outs [2]*outcome
	for i := range outs {
		if outs[i], err = n.exec(ctx, exe, false); err != nil {
			return err
		}
	}
	n.Outcome = *outs[0]
	switch {
	case outs[0].Timeout:
		n.Skip = "no end natively"
	case !outs[0].same(outs[1]):
		n.Skip = unsteady
	default:
		if err := n.expect(ctx, exe); err != nil {
			return err
		}
	}
	return n.save()
}

// unsteady is why a program is skipped that has no one outcome.
const unsteady = "output differs between two native runs"

// build returns the executable. If it cannot be built, that is why the program is skipped.
func (n *native) build(ctx context.Context) (exe string, err error) {
	if err := n.l.write(n.dir); err != nil {
		return "", err
	}
	exe = filepath.Join(n.r.tmp, filepath.Base(n.dir))
	// -w as go run has it
	args := append([]string{"go", "build", "-ldflags=-w", "-o", exe}, n.l.patterns...)
	o, err := command{dir: n.dir, env: n.env(), args: args, timeout: 10 * time.Minute}.run(ctx)
	if err != nil {
		return "", err
	}
	if o.Status != 0 {
		n.Skip = "does not build natively"
		n.Detail = strings.TrimSpace(cut(o.Stderr, 300))
	}
	return exe, nil
}

func (n *native) env() []string { return slices.Concat(n.r.env, n.l.env) }

func (n *native) exec(ctx context.Context, exe string, merge bool) (*outcome, error) {
	if err := n.l.write(n.dir); err != nil {
		return nil, err
	}
	return command{dir: n.dir, env: n.env(), args: append([]string{exe}, n.l.args...), timeout: n.r.o.timeout, merge: merge}.run(ctx)
}

// expect finds out whether the program does what its author says. In a corpus with headers that is to exit with
// status 0; a plain one holds all kinds of programs.
func (n *native) expect(ctx context.Context, exe string) error {
	if n.p.recipe != nil && n.Outcome.ending() != "exit status 0" {
		n.Skip, n.Detail = failsNatively, n.Outcome.ending()
	}
	if n.l.expected == nil || n.Skip != "" {
		return nil
	}
	merged, err := n.exec(ctx, exe, true)
	if err != nil {
		return err
	}
	if want := trim(*n.l.expected); trim(merged.Stdout) != want && trim(n.Outcome.Stdout) != want {
		n.Skip, n.Detail = failsNatively, "another output than expected"
	}
	return nil
}

const failsNatively = "fails natively"

func trim(s string) string { return strings.TrimSpace(strings.ReplaceAll(s, "\r\n", "\n")) }

// again runs the program several times more, to find out whether it has one outcome after all.
func (n *native) again(ctx context.Context) error {
	exe, err := n.build(ctx)
	if err != nil || n.Skip != "" {
		return err
	}
	defer os.Remove(exe)
	for range repeats {
		o, err := n.exec(ctx, exe, false)
		if err != nil {
			return err
		}
		if !o.same(&n.Outcome) {
			n.Skip = unsteady
			return n.save()
		}
	}
	return nil
}

// save writes the file whole or not at all.
func (n *native) save() error {
	f, err := os.CreateTemp(filepath.Dir(n.cache), "new")
	if err != nil {
		return err
	}
	err = errors.Join(gob.NewEncoder(f).Encode(n.known), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), n.cache)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
