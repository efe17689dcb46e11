package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sort"
	"unicode"
	"unicode/utf8"
)

// counts holds what was counted in some files.
type counts struct {
	files  int            // read
	bytes  int            //
	lines  int            // newline characters
	words  int            // runs of letters, with no digit in or next to them
	freq   map[string]int // how often each word occurs, in lower case
	failed []string       // why files could not be read
}

func newCounts() *counts {
	return &counts{freq: make(map[string]int)}
}

func (c *counts) empty() bool {
	return c.files == 0 && len(c.failed) == 0
}

// count adds one file.
func (c *counts) count(n name) {
	data, err := []byte(nil), n.err
	if err == nil {
		data, err = os.ReadFile(n.path)
	}
	if err != nil {
		c.failed = append(c.failed, err.Error())
		return
	}
	c.files++
	c.bytes += len(data)
	c.lines += bytes.Count(data, []byte("\n"))

	data = bytes.ToLower(data)
	start, digits := -1, false // of the current run of letters and digits; -1: none
	for i := 0; i < len(data); {
		r, size := rune(data[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(data[i:])
		}
		switch letter, digit := isLetter(r), '0' <= r && r <= '9'; {
		case letter || digit:
			if start < 0 {
				start, digits = i, false
			}
			digits = digits || digit
		case start >= 0:
			if !digits {
				c.word(data[start:i])
			}
			start = -1
		}
		i += size
	}
	if start >= 0 && !digits {
		c.word(data[start:])
	}
}

func isLetter(r rune) bool {
	return 'a' <= r && r <= 'z' || r >= utf8.RuneSelf && unicode.IsLetter(r)
}

func (c *counts) word(w []byte) {
	c.words++
	c.freq[string(w)]++
}

// merge adds what was counted in other files.
func (c *counts) merge(d *counts) {
	c.files += d.files
	c.bytes += d.bytes
	c.lines += d.lines
	c.words += d.words
	for w, n := range d.freq {
		c.freq[w] += n
	}
	c.failed = append(c.failed, d.failed...)
}

// top returns the n most frequent words; of equally frequent ones, the first by alphabet.
func (c *counts) top(n int) []string {
	words := make([]string, 0, len(c.freq))
	for w := range c.freq {
		words = append(words, w)
	}
	sort.Slice(words, func(i, j int) bool {
		a, b := words[i], words[j]
		if c.freq[a] != c.freq[b] {
			return c.freq[a] > c.freq[b]
		}
		return a < b
	})
	return words[:min(n, len(words))]
}

// An entry is a file or a directory found in a directory.
type entry struct {
	path  string
	isDir bool
}

// list tells whether path is a directory, and what it holds: directories and
// regular files, sorted. Anything else that was named is an error.
func list(path string) (entries []entry, isDir bool, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, false, err
	}
	if !info.IsDir() {
		if !info.Mode().IsRegular() {
			err = &os.PathError{Op: "read", Path: path, Err: errors.New("not a regular file")}
		}
		return nil, false, err
	}
	found, err := os.ReadDir(path)
	for _, f := range found {
		if f.IsDir() || f.Type().IsRegular() {
			entries = append(entries, entry{filepath.Join(path, f.Name()), f.IsDir()})
		}
	}
	return entries, true, err
}
