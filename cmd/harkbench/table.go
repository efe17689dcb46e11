package main

// This file makes and prints the table.

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// A row is one line of the table.
type row struct {
	Name     string       `json:"name"`
	Unit     string       `json:"unit,omitempty"`
	Native   float64      `json:"native,omitempty"`   // 0: there is nothing to compare with
	Compiled float64      `json:"compiled,omitempty"` //
	Peers    []peerResult `json:"peers,omitempty"`    //
	Ratio    float64      `json:"ratio,omitempty"`    // compiled to native
	Target   float64      `json:"target,omitempty"`   // highest ratio wanted; 0: none
	AtMost   float64      `json:"at_most,omitempty"`  // highest value of Compiled wanted; 0: none
	AtLeast  float64      `json:"at_least,omitempty"` // lowest
	Met      *bool        `json:"met,omitempty"`      //
	Samples  int          `json:"samples,omitempty"`  // of each
	Comment  string       `json:"comment,omitempty"`  //
	Failed   string       `json:"failed,omitempty"`   // why there are no numbers
	Uses     *used        `json:"uses,omitempty"`     // on AWS; Compiled is their price
	group    *group

	elsewhere int
}

// failed reports whether a number is missing.
func (r *row) failed() bool {
	return r.Failed != "" || slices.ContainsFunc(r.Peers, func(p peerResult) bool { return p.Failed != "" })
}

// compare notes the ratio, and whether it meets the target.
func (r *row) compare(ratio float64) {
	r.Ratio = ratio
	if r.Target > 0 {
		met := r.Ratio <= r.Target
		r.Met = &met
	}
}

// limit notes whether the value meets its limits.
func (r *row) limit() {
	if r.AtMost > 0 || r.AtLeast > 0 {
		met := r.Compiled >= r.AtLeast && (r.AtMost == 0 || r.Compiled <= r.AtMost)
		r.Met = &met
	}
}

// means are rows with the geometric mean of each group that has several rows.
func means(rows []row) []row {
	var out []row
	for _, g := range []*group{plain, coloured, forced} {
		sum, n := 0.0, 0
		for _, r := range rows {
			if r.group == g && r.Failed == "" {
				sum += math.Log(r.Ratio)
				n++
			}
		}
		if n > 1 {
			r := row{Name: g.name, Unit: "geometric mean", Target: g.target}
			r.compare(math.Exp(sum / float64(n)))
			out = append(out, r)
		}
	}
	return out
}

func printTable(w io.Writer, rows []row) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	peers := peerNames(rows)
	line := func(name, unit, native, compiled string, others []string, rest ...string) {
		cells := slices.Concat([]string{name, unit, native, compiled}, others, rest)
		fmt.Fprintln(t, strings.Join(cells, "\t")+"\t")
	}
	line("what", "unit", "native", "compiled", peers, "ratio", "target", "met")
	for _, r := range rows {
		if r.Failed != "" {
			line(r.Name, r.Unit, "failed", "", make([]string, len(peers)), "", "", "")
			continue
		}
		target, met := "", ""
		switch {
		case r.Target > 0:
			target = fmt.Sprintf("<= %.2f", r.Target)
		case r.AtMost > 0:
			target = "<= " + number(r.AtMost)
		case r.AtLeast > 0:
			target = ">= " + number(r.AtLeast)
		}
		if r.Met != nil {
			met = map[bool]string{true: "yes", false: "no"}[*r.Met]
		}
		line(r.Name, r.Unit, number(r.Native), number(r.Compiled), r.peerCells(peers), ratio(r.Ratio), target, met)
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
		for _, p := range r.Peers {
			if p.Failed != "" {
				fmt.Fprintf(w, "%s: %s failed: %s\n", r.Name, p.Name, p.Failed)
			}
		}
	}
	return printUses(w, rows)
}

// number prints three digits or so, and nothing for 0, which is no measurement.
func number(x float64) string {
	switch {
	case x == 0:
		return ""
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

func ratio(x float64) string {
	if x == 0 {
		return ""
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
