package main

// This file collects what comes of the programs, and prints it.

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// A status is what came of a program.
type status string

const (
	pass status = "pass"
	fail status = "fail"
	skip status = "skip"
)

// A result is what came of one program, as in the JSON report.
type result struct {
	Name    string        `json:"name"`
	Status  status        `json:"status"`
	Reason  string        `json:"reason,omitempty"`
	Detail  string        `json:"detail,omitempty"`
	Native  time.Duration `json:"native_ns,omitempty"`
	Durable time.Duration `json:"durable_ns,omitempty"` // with compiling
	Want    *output       `json:"want,omitempty"`       // of those that fail
	Got     *output       `json:"got,omitempty"`        // of harkgen run
}

// An output is an outcome as in the JSON report, cut to what can be read.
type output struct {
	Ending string `json:"ending"`
	Stdout string `json:"stdout"`
	Stderr string `json:"stderr"`
}

func skipped(reason, detail string) *result {
	return &result{Status: skip, Reason: reason, Detail: detail}
}

func (r *result) outputs(want, got *outcome) {
	readable := func(o *outcome) *output {
		return &output{o.ending(), cut(o.Stdout, 8000), cut(o.Stderr, 8000)}
	}
	r.Want, r.Got = readable(want), readable(got)
}

// cut shortens what is too long to read.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return fmt.Sprintf("%s\n[... %d bytes ...]\n%s", s[:most/2], len(s)-most, s[len(s)-most/2:])
}

// A report collects results. Its methods may be called by several goroutines at once.
type report struct {
	out     io.Writer
	tty     *os.File // for the progress line; nil: there is no terminal
	verbose bool
	total   int

	mu      sync.Mutex
	results []*result
	count   map[status]int
	current string
}

func newReport(out io.Writer, stderr *os.File, total int, verbose bool) *report {
	r := &report{out: out, verbose: verbose, total: total, count: map[status]int{}}
	if term.IsTerminal(int(stderr.Fd())) && os.Getenv("TERM") != "dumb" {
		r.tty = stderr
	}
	return r
}

// begin says that a program is under way.
func (r *report) begin(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.current = name
	r.progress()
}

// progress replaces the line at the bottom of the terminal.
func (r *report) progress() {
	if r.tty == nil {
		return
	}
	line := fmt.Sprintf("%d/%d, %d failed, %s", len(r.results), r.total, r.count[fail], r.current)
	width, _, err := term.GetSize(int(r.tty.Fd()))
	if err != nil || width < 10 {
		width = 80
	}
	if runes := []rune(line); len(runes) >= width {
		line = string(runes[:width-1])
	}
	fmt.Fprintf(r.tty, "\r\x1b[K%s", line)
}

func (r *report) clear() {
	if r.tty != nil {
		fmt.Fprint(r.tty, "\r\x1b[K")
	}
}

// add takes a result, and prints it if it is a failure, or if all are to be printed.
func (r *report) add(name string, res *result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	res.Name = name
	r.results = append(r.results, res)
	r.count[res.Status]++
	if r.verbose || res.Status == fail {
		r.clear()
		fmt.Fprintln(r.out, res)
	}
	r.progress()
}

func (r *result) String() string {
	s := fmt.Sprintf("%s %s", strings.ToUpper(string(r.Status)), r.Name)
	if r.Durable > 0 {
		s += fmt.Sprintf(" (%.2fs, %.2fs)", r.Native.Seconds(), r.Durable.Seconds())
	}
	if r.Reason != "" {
		s += ": " + r.group()
	}
	return s
}

// group is what results of one kind have in common.
func (r *result) group() string {
	if r.Detail == "" || r.Reason == "does not build natively" {
		return r.Reason
	}
	return r.Reason + ": " + r.Detail
}

// finish prints the tables, and writes the report to a file if it is named.
func (r *report) finish(file string) (failed int, err error) {
	r.clear()
	slices.SortFunc(r.results, func(a, b *result) int { return cmp.Compare(a.Name, b.Name) })
	r.table(pass)
	r.table(skip)
	r.table(fail)
	fmt.Fprintf(r.out, "\n%d passed, %d failed, %d skipped\n", r.count[pass], r.count[fail], r.count[skip])
	if file == "" {
		return r.count[fail], nil
	}
	data, err := json.MarshalIndent(r.results, "", "\t")
	if err != nil {
		return 0, err
	}
	return r.count[fail], os.WriteFile(file, append(data, '\n'), 0o666)
}

// maxNames is how many programs a row of a table names, if not all.
const maxNames = 5

// table prints the reasons for a status, those with the most programs first, and which programs they are.
func (r *report) table(s status) {
	groups := map[string][]string{}
	for _, res := range r.results {
		if res.Status == s && res.Reason != "" {
			groups[res.group()] = append(groups[res.group()], res.Name)
		}
	}
	if len(groups) == 0 {
		return
	}
	fmt.Fprintf(r.out, "\n%s\n", map[status]string{pass: "passed, but", skip: "skipped", fail: "failed"}[s])
	for _, group := range slices.SortedFunc(maps.Keys(groups), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(groups[b]), len(groups[a])), cmp.Compare(a, b))
	}) {
		names := groups[group]
		fmt.Fprintf(r.out, "%6d  %s\n", len(names), group)
		more := ""
		if n := len(names) - maxNames; n > 0 && !r.verbose {
			names, more = names[:maxNames], fmt.Sprintf(" and %d more", n)
		}
		fmt.Fprintf(r.out, "        %s%s\n", strings.Join(names, " "), more)
	}
}
