// Harkbench measures programs run plainly against the same programs compiled by
// harkgen, side by side in one run, and prints a table of medians.
//
//	harkbench [-n N] [-run REGEXP] [-json]
//
// The programs are below cmd/harkbench/programs: ordinary Go programs that time
// their own loops. Native and compiled executions alternate, so that what else
// the machine does hits both alike. Rows have these units:
//
//	user ns/op   processor time of the process itself, in its loop
//	ns/op        time on the clock, in the loop
//	ms           time on the clock
//	steps/s      saves of the whole state, each one committed to disk
//
// It must be started inside the repository.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"text/tabwriter"
)

// A row is one line of the table.
type row struct {
	Name     string  `json:"name"`
	Unit     string  `json:"unit"`
	Native   float64 `json:"native,omitempty"`  // 0: there is nothing to compare with
	Compiled float64 `json:"compiled"`          //
	Ratio    float64 `json:"ratio,omitempty"`   // compiled to native
	Target   float64 `json:"target,omitempty"`  // highest ratio wanted; 0: none
	Met      *bool   `json:"met,omitempty"`     //
	Samples  int     `json:"samples"`           // of each
	Comment  string  `json:"comment,omitempty"` //
	Failed   string  `json:"failed,omitempty"`  // why there are no numbers
}

func main() {
	n := flag.Int("n", 3, "take the median of `N` repetitions")
	only := flag.String("run", "", "only the rows whose names match `REGEXP`")
	asJSON := flag.Bool("json", false, "print JSON")
	flag.Parse()
	re, err := regexp.Compile(*only)
	if err != nil || flag.NArg() > 0 || *n < 1 {
		fmt.Fprintln(os.Stderr, "harkbench: wrong usage:", err, flag.Args())
		flag.Usage()
		os.Exit(2)
	}
	if err := run(*n, re, *asJSON); err != nil {
		fmt.Fprintln(os.Stderr, "harkbench:", err)
		os.Exit(1)
	}
}

func run(n int, only *regexp.Regexp, asJSON bool) error {
	b, err := newBench(n)
	if err != nil {
		return err
	}
	defer b.close()
	var rows []row
	failed := 0
	for _, bm := range benchmarks {
		if !only.MatchString(bm.name) {
			continue
		}
		r := b.measure(bm)
		if r.Failed != "" {
			failed++
		}
		rows = append(rows, r)
	}
	b.progress("")
	if asJSON {
		enc := json.NewEncoder(os.Stdout)
		enc.SetIndent("", "  ")
		err = enc.Encode(rows)
	} else {
		err = printTable(os.Stdout, rows)
	}
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d of %d failed", failed, len(rows))
	}
	return err
}

func printTable(w io.Writer, rows []row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "what\tunit\tnative\tcompiled\tratio\ttarget\tmet\t")
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t%s\t", r.Name, r.Unit)
		if r.Failed != "" {
			fmt.Fprintf(t, "failed\t\t\t\t\t\n")
			continue
		}
		native, ratio, target, met := "", "", "", ""
		if r.Native > 0 {
			native, ratio = number(r.Native), fmt.Sprintf("%.2f", r.Ratio)
		}
		if r.Target > 0 {
			target = fmt.Sprintf("<= %.1f", r.Target)
		}
		if r.Met != nil {
			met = map[bool]string{true: "yes", false: "no"}[*r.Met]
		}
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t\n", native, number(r.Compiled), ratio, target, met)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, r := range rows {
		if r.Comment != "" {
			fmt.Fprintf(w, "%s: %s\n", r.Name, r.Comment)
		}
		if r.Failed != "" {
			fmt.Fprintf(w, "%s failed: %s\n", r.Name, r.Failed)
		}
	}
	return nil
}

// number prints three digits or so.
func number(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	if n := len(xs); n%2 == 0 {
		return (xs[n/2-1] + xs[n/2]) / 2
	}
	return xs[len(xs)/2]
}
