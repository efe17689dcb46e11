package main

// This file reads the header of a program, which says how GOROOT/test runs it, and what the program should print.
// The authority for headers is cmd/internal/testdir in the Go distribution.

import (
	"bytes"
	"fmt"
	"go/build"
	"go/build/constraint"
	"regexp"
	"runtime"
	"slices"
	"strings"
)

// kinds are the first words of a header. Only run and rundir are in a corpus.
var kinds = strings.Fields(`asmcheck build builddir buildrun buildrundir compile compiledir errorcheck errorcheckandrundir
	errorcheckdir errorcheckoutput errorcheckwithauto run rundir runindir runoutput skip`)

// A recipe is what a header like `// run -gcflags=-l other.go arg` says.
type recipe struct {
	kind  string   // run, rundir, ...
	flags []string // for the go command, each one -name or -name=value
	env   []string // for the go command and the program
	files []string // other source files, beside the one with the header
	args  []string // for the program
}

// parseRecipe reads the header: the first line that is not a build constraint. It returns nil if there is none.
func parseRecipe(src []byte) (*recipe, error) {
	line := ""
	for l := range strings.Lines(string(src)) {
		if line = strings.TrimSpace(l); !constraint.IsGoBuild(line) && !constraint.IsPlusBuild(line) {
			break
		}
	}
	text, ok := strings.CutPrefix(line, "//")
	if first := strings.Fields(text); !ok || len(first) == 0 || !slices.Contains(kinds, first[0]) {
		return nil, nil
	}
	words, err := splitQuoted(text)
	if err != nil {
		return nil, fmt.Errorf("header %q: %w", line, err)
	}
	r := &recipe{kind: words[0]}
	rest, err := r.parseFlags(words[1:])
	if err != nil {
		return nil, fmt.Errorf("header %q: %w", line, err)
	}
	for len(rest) > 0 && strings.HasSuffix(rest[0], ".go") { // go run takes them for source files
		r.files, rest = append(r.files, rest[0]), rest[1:]
	}
	r.args = rest
	return r, nil
}

// parseFlags takes the flags from the words of a header, and returns the words after them. Those of rundir are for the
// compiler, and after -ldflags for the linker.
func (r *recipe) parseFlags(words []string) (rest []string, err error) {
	tool := "-gcflags"
	for len(words) > 0 && strings.HasPrefix(words[0], "-") {
		flag, value := words[0], ""
		words = words[1:]
		switch flag {
		case "-0", "-1", "-s": // of the kinds that are not here
			continue
		case "-ldflags":
			if r.kind == "rundir" {
				tool = flag
				continue
			}
			fallthrough
		case "-t", "-goexperiment", "-godebug", "-gcflags", "-tags", "-gomodversion":
			if len(words) == 0 {
				return nil, fmt.Errorf("%s needs a value", flag)
			}
			value, words = words[0], words[1:]
		default:
			if r.kind == "rundir" {
				r.addToolFlag(tool, flag)
			} else {
				r.flags = append(r.flags, flag)
			}
			continue
		}
		r.setFlag(flag, value)
	}
	return words, nil
}

func (r *recipe) addToolFlag(tool, flag string) {
	for i, f := range r.flags {
		if strings.HasPrefix(f, tool+"=") {
			r.flags[i] += " " + flag
			return
		}
	}
	r.flags = append(r.flags, tool+"="+flag)
}

func (r *recipe) setFlag(flag, value string) {
	switch flag {
	case "-t", "-gomodversion": // a time limit, and what runindir needs
	case "-goexperiment":
		r.env = append(r.env, "GOEXPERIMENT="+value)
	case "-godebug":
		r.env = append(r.env, "GODEBUG="+value)
	default:
		r.flags = append(r.flags, flag+"="+value)
	}
}

// splitQuoted splits at spaces that are not between quotes, which it removes.
func splitQuoted(s string) (words []string, err error) {
	var word strings.Builder
	var quote rune // 0: outside
	inside := false
	for _, c := range s {
		switch {
		case quote == 0 && (c == '"' || c == '\''):
			quote, inside = c, true
		case c == quote:
			quote = 0
		case quote == 0 && (c == ' ' || c == '\t'):
			if inside {
				words = append(words, word.String())
				word.Reset()
				inside = false
			}
		default:
			word.WriteRune(c)
			inside = true
		}
	}
	if quote != 0 {
		return nil, fmt.Errorf("no closing %c", quote)
	}
	if inside {
		words = append(words, word.String())
	}
	return words, nil
}

// excluded returns the build constraint that keeps a program from this platform, or "". In a plain corpus the tag
// ignore holds: it is the custom for programs that are run by their file names.
func excluded(src []byte, plain bool) string {
	for line := range strings.Lines(string(src)) {
		if strings.HasPrefix(line, "package ") {
			break
		}
		line = strings.TrimSpace(line)
		expr, err := constraint.Parse(line)
		if err == nil && !expr.Eval(func(tag string) bool { return tagHolds(tag) || plain && tag == "ignore" }) {
			return line
		}
	}
	return ""
}

func tagHolds(tag string) bool {
	switch tag {
	case runtime.GOOS, runtime.GOARCH, "gc", "test_run":
		return true
	case "cgo":
		return build.Default.CgoEnabled
	case "unix":
		return slices.Contains([]string{"linux", "darwin", "freebsd", "netbsd", "openbsd"}, runtime.GOOS)
	}
	return slices.Contains(build.Default.ReleaseTags, tag) || slices.Contains(build.Default.ToolTags, tag)
}

var (
	reComments = regexp.MustCompile(`(?:^|\n)((?:[ \t]*//[^\n]*\n?)+)\s*$`)
	reOutput   = regexp.MustCompile(`(?i)^\s*output:`)
	reSlashes  = regexp.MustCompile(`(?m)^[ \t]*// ?`)
)

// outputComment returns what the comment at the end of a file says after `Output:`.
func outputComment(src []byte) (text string, ok bool) {
	m := reComments.FindSubmatch(bytes.TrimRight(src, " \t\n}"))
	if m == nil {
		return "", false
	}
	text = reSlashes.ReplaceAllString(string(m[1]), "")
	loc := reOutput.FindStringIndex(text)
	if loc == nil {
		return "", false
	}
	return strings.TrimSpace(text[loc[1]:]), true
}
