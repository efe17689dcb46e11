// Harkbench measures programs run plainly against the same programs compiled by
// harkgen, side by side in one run, and prints a table.
//
//	harkbench [-n N] [-run REGEXP] [-long] [-json]
//
// The programs are below cmd/harkbench/programs: ordinary Go programs that time
// their own loops. Native and compiled executions alternate, so that what else
// the machine does hits both alike. Rows have these units:
//
//	user ns/op      processor time of the process itself, in its loop
//	ns/op           time on the clock, in the loop
//	ms              time on the clock
//	MB              bytes written to disk, in millions
//	round trips/s   a message to another goroutine and its answer
//	steps/s         saves of the whole state, each one committed to disk
//	woken/s         sleeping processes that are woken and end, by the engine alone
//	GB/s, ns, bytes snapshots, by processor time: package snap beside a copy of the memory or encoding/gob
//	requests        to AWS: DynamoDB and S3
//	$/million       list price on AWS of a million of them; a second table has what they use
//	geometric mean  of the ratios of the rows above of that kind
//
// A kernel (fib, nbody, ...) has three rows: its loops plain, in functions that
// harkgen leaves alone; "coloured", where the loops also receive from a channel
// now and then, so that harkgen rewrites them; and "-all", plain but with every
// function rewritten.
//
// Some rows have columns for peers, which do the same work: systems for durable
// programs, in modules below cmd/harkbench/peers, which are built from the module
// proxy when such a row is measured. A peer that takes more than ten seconds is
// measured once. The columns:
//
//	dbos            DBOS Transact on SQLite with synchronous=FULL: a commit waits
//	                for the disk, as with harkgen; workflows for goroutines
//	dbos unsynced   the same as DBOS opens SQLite by default, with
//	                synchronous=NORMAL: the last commits are lost with the machine
//	dbos steps      synchronous=FULL, steps of one workflow for goroutines; a step
//	                cannot wait for messages or sleep durably
//
// It must be started inside the repository.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"regexp"
)

func main() {
	n := flag.Int("n", 3, "repeat `N` times: the median counts, of processor time the least")
	only := flag.String("run", "", "only the rows whose names match `REGEXP`")
	long := flag.Bool("long", false, "also the rows that take minutes")
	asJSON := flag.Bool("json", false, "print JSON")
	flag.Parse()
	re, err := regexp.Compile(*only)
	if err != nil || flag.NArg() > 0 || *n < 1 {
		fmt.Fprintln(os.Stderr, "harkbench: wrong usage:", err, flag.Args())
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*n, re, *long, *asJSON); err != nil {
		fmt.Fprintln(os.Stderr, "harkbench:", err)
		os.Exit(1)
	}
}

func run(n int, only *regexp.Regexp, long, asJSON bool) error {
	b, err := newBench(n)
	if err != nil {
		return err
	}
	defer b.close()
	var rows []row
	failed := 0
	for _, bm := range benchmarks() {
		if !only.MatchString(bm.name) || bm.long && !long {
			continue
		}
		r := b.measure(bm)
		if r.failed() {
			failed++
		}
		rows = append(rows, r)
	}
	b.progress("")
	measured := len(rows)
	rows = append(rows, means(rows)...)
	if asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(rows)
	} else {
		err = printTable(os.Stdout, rows)
	}
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of %d failed", failed, measured)
	}
	return err
}
