package main

// This file compares outcomes, and finds a short reason for a difference.

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An outcome is what can be seen of one execution.
type outcome struct {
	Stdout, Stderr string
	Status         int    // -1: ended by a signal
	Signal         string // as package os says it, if so
	Timeout        bool
	Advancing      bool // see runner.advancing
	Took           time.Duration
}

// ending says how a program ended, in the words of go run.
func (o *outcome) ending() string {
	if o.Signal != "" {
		return o.Signal
	}
	return fmt.Sprint("exit status ", o.Status)
}

var (
	// A trace is a line for the goroutine, then for each frame the call, and the place after a tab.
	reTrace = regexp.MustCompile(`(?m)^(?:goroutine \d+ .*:|runtime stack:)\n(?:(?:[^\t\n].*\n)?\t.*\n|\.\.\..*\n)*\n*`)
	// harkgen tells of a function that computes for more than ten seconds, as one may on a slow machine.
	reUnsaved = regexp.MustCompile(`(?m)^.*; the run cannot be saved meanwhile, and has not been since .*\n`)
	reAddress = regexp.MustCompile(`0x[0-9a-f]+`)
)

// visible drops from standard error what may differ between two executions of one program: the traces
// of goroutines, addresses, and what harkgen says of the time.
func visible(stderr string) string {
	s := reUnsaved.ReplaceAllString(reTrace.ReplaceAllString(stderr, ""), "")
	return strings.TrimRight(reAddress.ReplaceAllString(s, "0x?"), "\n")
}

func (o *outcome) same(p *outcome) bool {
	return o.ending() == p.ending() && o.Timeout == p.Timeout && o.Stdout == p.Stdout && visible(o.Stderr) == visible(p.Stderr)
}

// Reasons why a program failed. The detail after them tells groups of failures apart.
const (
	refused   = "refused by harkgen"
	noBuild   = "generated code does not compile"
	crash     = "crash"
	timeout   = "timeout"
	badStatus = "exit status differs"
	badOutput = "output differs"
)

var (
	reEnding     = regexp.MustCompile(`(?:exit status (\d+)|(signal: [a-z .()0-9]+))\n$`)
	reDiagnostic = regexp.MustCompile(`^\S+\.go:\d+:\d+: (.*)`)
	reOwn        = regexp.MustCompile(`(?m)^harkgen: (.*)`)
	rePanic      = regexp.MustCompile(`(?m)^(?:panic|fatal error|runtime): .*`)
	reGo         = regexp.MustCompile(`(?m)^\S+\.(?:go|s):\d+(?::\d+)?: (.*)`)
)

// compare returns why what harkgen run did is not what the program does natively: "" if it is the same.
func compare(want, got *outcome) (reason, detail string) {
	if got.Timeout {
		return timeout, ""
	}
	if reason, detail := toolFailure(got); reason != "" {
		return reason, detail
	}
	got = got.program()
	switch {
	case got.ending() != want.ending():
		detail = fmt.Sprintf("%s, want %s", got.ending(), want.ending())
		if said := rePanic.FindString(got.Stderr); said != "" {
			detail += ": " + normalize(said)
		}
		return badStatus, detail
	case got.Stdout != want.Stdout:
		return badOutput, "standard output"
	case visible(got.Stderr) != visible(want.Stderr):
		return badOutput, "standard error"
	}
	return "", ""
}

// toolFailure returns why harkgen itself failed, if it did: then it ends with a status that is neither 0 nor
// that of an ended program.
func toolFailure(o *outcome) (reason, detail string) {
	if o.Status == 0 || o.Status == 1 && reEnding.MatchString(o.Stderr) {
		return "", ""
	}
	first, _, _ := strings.Cut(o.Stderr, "\n")
	if m := reDiagnostic.FindStringSubmatch(first); m != nil && o.Status == 1 {
		return refused, normalize(m[1])
	}
	if o.Status == 1 {
		if _, said, ok := strings.Cut(o.Stderr, "does not build, which is a bug of harkgen"); ok {
			return noBuild, normalize(firstError(said))
		}
		if m := reOwn.FindStringSubmatch(o.Stderr); m != nil {
			return crash, normalize(m[1])
		}
	}
	if said := rePanic.FindString(o.Stderr); said != "" {
		return crash, "harkgen: " + normalize(said)
	}
	return crash, "harkgen: " + o.ending() + ": " + normalize(first)
}

// firstError returns what the go command said first, without the position.
func firstError(said string) string {
	if m := reGo.FindStringSubmatch(said); m != nil {
		return m[1]
	}
	for line := range strings.Lines(said) {
		if line != ":\n" && line[0] != '#' {
			return line
		}
	}
	return ""
}

// program returns the outcome of the program in that of harkgen run, which says after it how the program ended.
func (o *outcome) program() *outcome {
	p := *o
	if m := reEnding.FindStringSubmatchIndex(o.Stderr); m != nil && o.Status == 1 {
		p.Stderr = o.Stderr[:m[0]]
		if p.Status = -1; m[2] >= 0 {
			p.Status, _ = strconv.Atoi(o.Stderr[m[2]:m[3]])
		} else {
			p.Signal = o.Stderr[m[4]:m[5]]
		}
	}
	return &p
}

// reNamed is the name of something after the word for what it is.
var reNamed = regexp.MustCompile(`\b(function|method|type|variable|identifier|label|undefined:|run) (\*?[\p{L}_][\p{L}\p{N}_./$*]*)`)

// prose are words that may stand after a noun too.
var prose = strings.Fields("a an and are cannot from has have in initialised is lives may must of on that the to used which with")

func hideName(named string) string {
	if m := reNamed.FindStringSubmatch(named); !slices.Contains(prose, m[2]) {
		return m[1] + " X"
	}
	return named
}

// masks are parts of messages that differ from program to program. The order matters.
var masks = []struct {
	re   *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`"[^"]*"|` + "`[^`]*`"), `"…"`},
	{regexp.MustCompile(`0x[0-9a-f]+`), "0x?"},
	{regexp.MustCompile(`\S*/\S*\.go:\d+(:\d+)?|\S+\.go:\d+(:\d+)?`), "FILE"},
	{regexp.MustCompile(`/\S+/\S+`), "PATH"},
	{regexp.MustCompile(`\bhark_[\p{L}\p{N}_]+`), "hark_X"},
	{regexp.MustCompile(`\b(main|test/\w+|command-line-arguments)\.[\p{L}_][\p{L}\p{N}_.$]*`), "X"},
	{regexp.MustCompile(`\b\d+\b`), "N"},
}

// normalize replaces in a message what belongs to one program, so that messages of one kind are equal.
func normalize(msg string) string {
	msg, _, _ = strings.Cut(msg, "\n")
	msg = reNamed.ReplaceAllStringFunc(msg, hideName)
	for _, n := range masks {
		msg = n.re.ReplaceAllString(msg, n.with)
	}
	if r := []rune(msg); len(r) > 160 {
		msg = string(r[:160]) + "…"
	}
	return msg
}
