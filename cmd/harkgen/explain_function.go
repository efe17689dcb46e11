// This file tells what the compiler knows of one function.

package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/harkgen/harkgen/transform"
)

// aboutPatterns are the packages to compile if the first argument is a function or a place, else nil. A file is in the package of its directory.
func aboutPatterns(args []string) []string {
	place, isPlace := transform.ParsePlace(args[0])
	switch {
	case len(args) > 1 && (isPlace || transform.IsFunction(args[0])):
		return args[1:]
	case isPlace && filepath.IsAbs(place.File):
		return []string{filepath.Dir(place.File)}
	case isPlace:
		return []string{"./" + filepath.ToSlash(filepath.Dir(place.File))}
	case transform.IsFunction(args[0]):
		return []string{"./..."}
	}
	return nil
}

func (a *app) about(ctx context.Context, what string, patterns []string, src *sourceFlags, asJSON bool) error {
	res, err := a.compile(ctx, &transform.Options{Patterns: patterns, Placement: src.placement, Lambda: true, About: what})
	if err != nil {
		return err
	}
	if asJSON {
		out := []about{}
		for _, f := range res.About {
			out = append(out, aboutOf(f))
		}
		return writeJSON(a.stdout, out)
	}
	for i, f := range res.About {
		if i > 0 {
			fmt.Fprintln(a.stdout)
		}
		p := &aboutPrinter{a.stdout}
		p.print(f)
	}
	return nil
}

// aboutPrinter prints what is known of a function for people.
type aboutPrinter struct{ w io.Writer }

func (p *aboutPrinter) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// table prints rows with their columns aligned, after an indentation.
func (p *aboutPrinter) table(indent string, rows [][]string) {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 8, 2, ' ', 0)
	for _, r := range rows {
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	w.Flush()
	for line := range strings.Lines(b.String()) {
		p.printf("%s%s\n", indent, strings.TrimRight(line, " \n"))
	}
}

func (p *aboutPrinter) print(f *transform.About) {
	p.printf("%s\n\t%s\n", f.Name, relative(f.Pos))
	if f.Suspends {
		p.printf("\nmay suspend: it\n")
		p.chain("\t", f.Chain)
	} else {
		p.printf("\nnever suspends\n")
	}
	p.routes(f.Routes)
	for _, s := range f.Points {
		p.point(&s)
	}
	for _, s := range f.Starts {
		p.printf("\n%s\n", sourceError(s.Diagnostic))
		p.costs(s.Costs)
	}
	for i, n := range f.Notes {
		if i == 0 {
			p.printf("\n")
		}
		p.printf("%s\n", sourceError(n.Diagnostic))
	}
}

func (p *aboutPrinter) chain(indent string, chain []transform.Link) {
	var rows [][]string
	for _, l := range chain {
		rows = append(rows, []string{l.What, l.Pos})
	}
	p.table(indent, rows)
}

func (p *aboutPrinter) routes(routes []transform.Route) {
	if len(routes) == 0 {
		p.printf("\nno entry point reaches it\n")
	}
	for _, r := range routes {
		if len(r.Chain) == 0 {
			p.printf("\nthe entry point %s is this function\n", r.Entry)
			continue
		}
		p.printf("\nthe entry point %s\n", r.Entry)
		p.chain("\t", r.Chain)
	}
}

func (p *aboutPrinter) point(s *transform.Point) {
	p.printf("\nsuspension: %s\n\t%s\n", s.Op, s.Pos)
	if len(s.Chain) > 0 {
		p.printf("\twhich\n")
		p.chain("\t\t", s.Chain)
	}
	if len(s.Frame) == 0 {
		p.printf("\tframe: nothing\n")
	} else {
		p.printf("\tframe: %d bytes\n", s.Size)
	}
	var rows [][]string
	for _, v := range s.Frame {
		rows = append(rows, []string{cmp.Or(v.Name, "(no name)"), v.Type, heldText(&v)})
	}
	p.table("\t\t", rows)
	p.costs(s.Costs)
}

// heldText is what there is to say about a variable of a frame.
func heldText(v *transform.Held) string {
	text := fmt.Sprint(v.Size)
	if v.Captured {
		text = "captured"
	}
	if v.Cannot != "" {
		text += "  cannot be saved: " + v.Cannot
	}
	return text
}

func (p *aboutPrinter) costs(costs []transform.Estimate) {
	var rows [][]string
	for _, c := range costs {
		rows = append(rows, []string{c.When, priceText(&c)})
	}
	if len(rows) == 1 && costs[0].When == "" {
		p.printf("\ton AWS: %s\n", rows[0][1])
	} else if len(rows) > 0 {
		p.printf("\ton AWS\n")
		p.table("\t\t", rows)
	}
}

// priceText is what an estimate says of one time.
func priceText(c *transform.Estimate) string {
	if c.HighestPrice == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%s, %s, %s per million", counted(c.Store(), "store request"), counted(c.Invocations, "invocation"), c.Price())
}

func counted(n float64, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%.3g %s", n, what)
}

// An about is a transform.About as -json prints it.
type about struct {
	Name        string       `json:"name"`
	File        string       `json:"file"`
	Line        int          `json:"line"`
	Column      int          `json:"column"`
	Suspends    bool         `json:"suspends"`
	Chain       []link       `json:"chain,omitempty"`
	Entries     []route      `json:"entries"`     // the entry points that reach it
	Suspensions []suspension `json:"suspensions"` // in source order
	Starts      []started    `json:"starts"`      // its go statements
	Notes       []note       `json:"notes"`       // kinds pin and warning
}

type route struct {
	Entry string `json:"entry"`
	Chain []link `json:"chain,omitempty"`
}

type suspension struct {
	Op    string     `json:"op"`
	Pos   string     `json:"position"`
	Chain []link     `json:"chain,omitempty"`
	Size  int64      `json:"size"` // of the frame, in bytes
	Frame []held     `json:"frame"`
	Costs []estimate `json:"costs,omitempty"`
}

type held struct {
	Name     string `json:"name,omitempty"`
	Type     string `json:"type"`
	Size     int64  `json:"size"`
	Captured bool   `json:"captured,omitempty"`
	Cannot   string `json:"cannot,omitempty"` // why it cannot be saved
}

type started struct {
	note
	Costs []estimate `json:"costs"`
}

type estimate struct {
	When        string  `json:"when,omitempty"`
	What        string  `json:"what"` // the row of docs/costs.md
	Store       float64 `json:"storeRequests"`
	Invocations float64 `json:"invocations"`
	Lowest      float64 `json:"lowestPrice"` // dollars per million
	Highest     float64 `json:"highestPrice"`
}

func aboutOf(f *transform.About) about {
	at := relative(f.Pos)
	out := about{
		Name: f.Name, File: at.Filename, Line: at.Line, Column: at.Column, Suspends: f.Suspends, Chain: linksOf(f.Chain),
		Entries: []route{}, Suspensions: []suspension{}, Starts: []started{}, Notes: notesOf(f.Notes),
	}
	for _, r := range f.Routes {
		out.Entries = append(out.Entries, route{r.Entry, linksOf(r.Chain)})
	}
	for _, p := range f.Points {
		s := suspension{Op: p.Op, Pos: p.Pos, Chain: linksOf(p.Chain), Size: p.Size, Frame: []held{}, Costs: estimatesOf(p.Costs)}
		for _, v := range p.Frame {
			s.Frame = append(s.Frame, held(v))
		}
		out.Suspensions = append(out.Suspensions, s)
	}
	for _, s := range f.Starts {
		out.Starts = append(out.Starts, started{noteOf(s.Note), estimatesOf(s.Costs)})
	}
	return out
}

func estimatesOf(costs []transform.Estimate) (out []estimate) {
	for _, c := range costs {
		out = append(out, estimate{c.When, c.Name, c.Store(), c.Invocations, c.LowestPrice, c.HighestPrice})
	}
	return out
}
