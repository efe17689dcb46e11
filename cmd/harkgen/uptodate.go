// This file decides whether what was compiled last is still what compiling again would give.

package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/harkgen/harkgen/transform"
)

// A made describes one compilation: all that it depended on, and what came of it.
type made struct {
	Key    string              // the toolchain, its settings, and harkgen itself
	Files  map[string]stamp    // every input of the user's
	Dirs   map[string][]string // names in the directories of the packages: a new file is a change
	Path   string              // of the executable
	Build  string
	Result transform.Entry

	Distributed bool `json:",omitempty"`
}

// A stamp identifies the content of a file; the time saves reading it.
type stamp struct {
	Size int64
	Time time.Time
	Hash string
}

func stampOf(name string) (stamp, error) {
	fi, err := os.Stat(name)
	if err != nil {
		return stamp{}, err
	}
	sum, err := hashFile(name)
	return stamp{fi.Size(), fi.ModTime(), sum}, err
}

// same reports whether the file still has the content of the stamp. A file that was touched within the last two seconds before it was
// compiled may have changed without a trace in its time, so it is read.
func (s stamp) same(name string, compiled time.Time) bool {
	fi, err := os.Stat(name)
	if err != nil || fi.Size() != s.Size {
		return false
	}
	if fi.ModTime().Equal(s.Time) && compiled.Sub(s.Time) > 2*time.Second {
		return true
	}
	sum, err := hashFile(name)
	return err == nil && sum == s.Hash
}

// toolKey identifies the toolchain and harkgen.
func toolKey(ctx context.Context, dir string) (key, goroot string, err error) {
	cmd := exec.CommandContext(ctx, "go", "env", "GOROOT", "GOVERSION", "GOFLAGS", "GOOS", "GOARCH", "GOEXPERIMENT", "CGO_ENABLED",
		"GOAMD64", "GOARM64", "GOWORK", "GOMOD", "GOMODCACHE")
	cmd.Dir = dir
	env, err := cmd.Output()
	if err != nil {
		return "", "", fmt.Errorf("go env: %w", err)
	}
	exe, err := os.Executable()
	if err != nil {
		return "", "", err
	}
	self, err := hashFile(exe)
	if err != nil {
		return "", "", err
	}
	sum := sha256.Sum256(append(env, self...))
	goroot, _, _ = strings.Cut(string(env), "\n")
	return hex.EncodeToString(sum[:]), goroot, nil
}

// current returns the program compiled last, if compiling again would give the same.
func current(cache, key string) *worker {
	name := filepath.Join(cache, "made.json")
	data, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	var m made
	if json.Unmarshal(data, &m) != nil || m.Key != key {
		return nil
	}
	at, err := os.Stat(name)
	if err != nil {
		return nil
	}
	for f, s := range m.Files {
		if !s.same(f, at.ModTime()) {
			return nil
		}
	}
	for d, names := range m.Dirs {
		if now, err := goNames(d); err != nil || !slices.Equal(now, names) {
			return nil
		}
	}
	if sum, err := hashFile(m.Path); err != nil || sum != m.Build {
		return nil
	}
	now := time.Now()
	_ = os.Chtimes(filepath.Dir(m.Path), now, now) // in use: see removeOld
	return &worker{path: m.Path, build: m.Build, entry: m.Result, distributed: m.Distributed}
}

// remember notes what w was compiled from, by a compilation that began at the given time. What was edited meanwhile is not remembered.
func remember(cache, key string, began time.Time, res *transform.Result, w *worker) error {
	m := made{Key: key, Files: map[string]stamp{}, Dirs: map[string][]string{}, Path: w.path, Build: w.build, Result: w.entry, Distributed: w.distributed}
	for _, f := range res.Inputs {
		s, err := stampOf(f)
		if err != nil {
			return err
		}
		if s.Time.After(began) {
			return nil
		}
		m.Files[f] = s
		if d := filepath.Dir(f); m.Dirs[d] == nil {
			if m.Dirs[d], err = goNames(d); err != nil {
				return err
			}
		}
	}
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(cache, "made.json"), data, 0o600)
}

// goNames lists the Go files of a directory.
func goNames(dir string) ([]string, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	slices.Sort(names)
	return names, err
}
