// This file writes compiled modules. A manifest in the directory says which files are
// harkgen's; no other file is ever overwritten or removed.

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/harkgen/harkgen/transform"
)

const (
	manifestName   = ".harkgen"
	manifestHeader = "# Files written by harkgen, which replaces and removes them. DO NOT EDIT.\n"
)

// checkOutput returns an error if the directory has files, but no manifest.
func checkOutput(dir string) error {
	es, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(es) == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = readManifest(dir)
	return err
}

// readManifest returns the files that the manifest names, by their slash-separated paths.
func readManifest(dir string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not empty and was not written by harkgen; remove it, or choose another directory with -o", dir)
	}
	if err != nil {
		return nil, err
	}
	text, ok := strings.CutPrefix(string(b), manifestHeader)
	if !ok {
		return nil, fmt.Errorf("%s is not a manifest of harkgen", filepath.Join(dir, manifestName))
	}
	var files []string
	for name := range strings.Lines(text) {
		name = strings.TrimSuffix(name, "\n")
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return nil, fmt.Errorf("%s names %q, which is outside", filepath.Join(dir, manifestName), name)
		}
		files = append(files, name)
	}
	return files, nil
}

func writeManifest(dir string, files map[string]bool) error {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	var b strings.Builder
	b.WriteString(manifestHeader)
	for _, name := range names {
		b.WriteString(name + "\n")
	}
	return writeFile(filepath.Join(dir, manifestName), []byte(b.String()))
}

// writeOutput makes the directory hold the files of the result, and none that an earlier result
// had. Files that are right already keep their time.
func writeOutput(dir string, res *transform.Result) error {
	if err := checkOutput(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var old []string
	if es, _ := os.ReadDir(dir); len(es) > 0 {
		var err error
		if old, err = readManifest(dir); err != nil {
			return err
		}
	}
	now, both := map[string]bool{}, map[string]bool{}
	for _, name := range old {
		both[name] = true
	}
	for _, f := range res.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Path)) || f.Path == manifestName {
			return fmt.Errorf("bug: the compiled module has a file %q", f.Path)
		}
		now[f.Path], both[f.Path] = true, true
	}
	// Whatever happens on the way, the manifest names everything that was written.
	if err := writeManifest(dir, both); err != nil {
		return err
	}
	for _, name := range old {
		if !now[name] {
			if err := removeFile(dir, name); err != nil {
				return err
			}
		}
	}
	for _, f := range res.Files {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := writeFile(name, f.Data); err != nil {
			return err
		}
	}
	return writeManifest(dir, now)
}

// writeFile writes the file, unless it is right already.
func writeFile(name string, data []byte) error {
	if old, err := os.ReadFile(name); err == nil && bytes.Equal(old, data) {
		return nil
	}
	return os.WriteFile(name, data, 0o644)
}

// removeFile removes a file, and the directories that become empty.
func removeFile(dir, name string) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for path = filepath.Dir(path); path != dir; path = filepath.Dir(path) {
		if os.Remove(path) != nil {
			return nil // not empty
		}
	}
	return nil
}
