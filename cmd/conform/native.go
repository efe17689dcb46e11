package main

// This file runs programs natively, and decides whether they say the same each time, and what they should.

import (
	"context"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	return nil
}

// outcome finds out what the program does, from the cache or by running it.
func (n *native) outcome(ctx context.Context) error {
	if f, err := os.Open(n.cache); err == nil {
		err = gob.NewDecoder(f).Decode(&n.known)
		f.Close()
		if err == nil {
			n.expect(nil) // the expectation is not in the key, and may have changed
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
		n.Skip = "output differs between two native runs"
	default:
		merged, err := n.exec(ctx, exe, true)
		if err != nil {
			return err
		}
		n.expect(merged)
	}
	return n.save()
}
