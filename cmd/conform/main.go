// Conform runs a corpus of programs natively and compiled by harkgen, and compares what can be seen of
// them: standard output, standard error without goroutine traces and addresses, and the exit status.
//
//	conform [flags] DIR-or-file...
//
// In a corpus like GOROOT/test the first line of a file says how to test it; the programs are the files
// that say `// run` or `// rundir`. Of any other directory every file of package main is a program. If
// NAME.out lies beside NAME.go, or NAME.go ends with an `// Output:` comment, the native run must print that.
//
//	conform -all $(go env GOROOT)/test
//	conform -all -chaos 1 -inproc -sample 100 $(go env GOROOT)/test
//	conform -all -placement remote $(go env GOROOT)/test
//	conform -run '^chan/' -v -json report.json $(go env GOROOT)/test
//
// A program with so many operations that it does not end in time with -chaos N is run again, and killed at every 30Nth or 900Nth; a
// table names those.
//
// With -placement only programs with go statements are run. skip_remote.txt lists those that have data races, and the like, which mean
// something else when goroutines share no memory.
//
// It ends with tables of the reasons why programs failed or were skipped, and the line
//
//	N passed, N failed, N skipped
//
// The exit status is 1 if any failed, and 2 for wrong usage. Native outcomes and compiled programs are kept in the
// user's cache directory, in harkgen-conform. Without -harkgen it must be started inside the repository.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"syscall"
	"time"
)

// An options is what the command line says.
type options struct {
	all     bool
	chaos   int
	inproc  bool
	place   string
	run     string
	p       int
	sample  int
	seed    uint64
	skip    string
	json    string
	timeout time.Duration
	verbose bool
	harkgen string
}

func main() {
	var o options
	flag.BoolVar(&o.all, "all", false, "harkgen run -all")
	flag.IntVar(&o.chaos, "chaos", 0, "harkgen run -chaos `N`")
	flag.BoolVar(&o.inproc, "inproc", false, "harkgen run -inproc")
	flag.StringVar(&o.place, "placement", "", "harkgen run -placement `WHERE`, of the programs that start goroutines")
	flag.StringVar(&o.run, "run", "", "only programs whose paths match `REGEXP`")
	flag.IntVar(&o.p, "p", runtime.GOMAXPROCS(0), "run `N` programs at a time")
	flag.IntVar(&o.sample, "sample", 0, "only a sample of `N` programs, the same one each time")
	flag.Uint64Var(&o.seed, "seed", 1, "choose the sample by `N`")
	flag.StringVar(&o.skip, "skip", "", "read the skip list from `FILE` (default: the list for GOROOT/test)")
	flag.StringVar(&o.json, "json", "", "write a report to `FILE`")
	flag.DurationVar(&o.timeout, "timeout", 2*time.Minute, "time for a program, apart from a multiple of what it takes natively")
	flag.BoolVar(&o.verbose, "v", false, "print every program, and all names in the tables")
	flag.StringVar(&o.harkgen, "harkgen", "", "the harkgen to test, at `PATH` (default: built from this repository)")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: conform [flags] DIR-or-file...")
		flag.PrintDefaults()
	}
	flag.Parse()
	os.Exit(execute(&o, flag.Args()))
}

// errUsage is wrapped by errors that are the fault of the command line.
var errUsage = errors.New("wrong usage")

func execute(o *options, args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	failed, err := conform(ctx, o, args)
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "conform:", err)
		flag.Usage()
		return 2
	case err != nil:
		fmt.Fprintln(os.Stderr, "conform:", err)
		return 1
	case failed > 0:
		return 1
	}
	return 0
}

// conform tests the corpora and prints what comes of it. It returns the number of programs that failed.
func conform(ctx context.Context, o *options, args []string) (failed int, err error) {
	only, err := o.check(args)
	if err != nil {
		return 0, err
	}
	skips, err := o.skips()
	if err != nil {
		return 0, err
	}
	var programs []*program
	for _, arg := range args {
		ps, err := find(arg)
		if err != nil {
			return 0, err
		}
		programs = append(programs, ps...)
	}
	programs = matching(programs, only)
	if o.place != "" {
		if programs, err = starting(programs); err != nil {
			return 0, err
		}
	}
	programs = sample(programs, o.sample, o.seed)
	if len(programs) == 0 {
		return 0, errors.New("no program to run; give a directory with programs, or another -run")
	}
	r, err := newRunner(ctx, o, skips)
	if err != nil {
		return 0, err
	}
	defer r.close()
	rep := newReport(os.Stdout, os.Stderr, len(programs), o.verbose)
	r.runAll(ctx, programs, rep)
	failed, err = rep.finish(o.json)
	if ctx.Err() != nil {
		err = errors.Join(err, fmt.Errorf("interrupted; %d programs have not ended", len(programs)-len(rep.results)))
	}
	return failed, err
}

// check reports wrong usage.
func (o *options) check(args []string) (only *regexp.Regexp, err error) {
	only, err = regexp.Compile(o.run)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: -run: %w", errUsage, err)
	case len(args) == 0:
		return nil, fmt.Errorf("%w: no directory or file", errUsage)
	case o.p < 1 || o.sample < 0 || o.chaos < 0 || o.timeout <= 0:
		return nil, fmt.Errorf("%w: -p and -timeout need a positive number, -sample and -chaos none below zero", errUsage)
	case o.inproc && o.chaos == 0:
		return nil, fmt.Errorf("%w: -inproc needs -chaos", errUsage)
	}
	return only, nil
}

// runFlags are the flags for harkgen run, with the chaos given.
func (o *options) runFlags(chaos int) (flags []string) {
	if o.all {
		flags = append(flags, "-all")
	}
	if chaos > 0 {
		flags = append(flags, "-chaos", fmt.Sprint(chaos))
	}
	if o.inproc {
		flags = append(flags, "-inproc")
	}
	if o.place != "" {
		flags = append(flags, "-placement", o.place)
	}
	return flags
}
