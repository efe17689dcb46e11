// This file defines the command that lists runs.

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
)

func (a *app) psCommand() *cobra.Command {
	var t targetFlags
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "ps [-target WHERE] [-state DIR] [-json]",
		Short: "List runs",
		Long: `Ps lists the runs with what each of their goroutines waited for at the last commit, or how many
processes they have. A run that is stopped goes on with harkgen resume.`,
		Args: exactArgs(0, ""),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := t.check(cmd); err != nil {
				return err
			}
			return a.on(cmd.Context(), &t, func(t target) error {
				runs, counts, err := t.Runs(cmd.Context())
				if asJSON {
					err = errors.Join(psJSON(a.stdout, runs, counts), err)
				} else if len(runs) > 0 {
					err = errors.Join(psTable(a.stdout, runs, counts, time.Now()), err)
				}
				return err
			})
		},
	}
	t.add(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// processCounts are those of the runs that may have several, by their ids.
type processCounts map[string]*local.Counts

// A psRun is a run as -json prints it.
type psRun struct {
	ID         string        `json:"id"`
	Program    string        `json:"program"`
	Args       []string      `json:"args,omitempty"`
	State      store.State   `json:"state"`
	Exit       *int          `json:"exit,omitempty"`
	Signal     string        `json:"signal,omitempty"`
	Error      string        `json:"error,omitempty"`
	Created    time.Time     `json:"created"`
	Updated    time.Time     `json:"updated"`
	Commits    int64         `json:"commits"`
	Bytes      int64         `json:"bytes"`           // of the state at the last commit
	Written    int64         `json:"written"`         // of these, what the last commit wrote, compressed
	Steps      []int64       `json:"steps,omitempty"` // commits whose state can be read
	Wake       time.Time     `json:"wake,omitzero"`
	Count      int           `json:"goroutineCount"`
	Goroutines []psGoroutine `json:"goroutines"`
	Processes  *local.Counts `json:"processes,omitempty"` // if it may have several
}

type psGoroutine struct {
	ID       int64     `json:"id"`
	State    string    `json:"state,omitempty"`
	Waits    string    `json:"waits,omitempty"`
	Function string    `json:"function,omitempty"`
	Position string    `json:"position,omitempty"`
	Deadline time.Time `json:"deadline,omitzero"`
}

func psJSON(w io.Writer, runs []store.Run, counts processCounts) error {
	out := []psRun{}
	for _, r := range runs {
		p := psRun{
			ID: r.ID, Program: r.Program.Package, Args: r.Program.Args, State: r.State, Signal: r.Signal, Error: r.Error,
			Created: r.Created, Updated: r.Updated, Commits: r.Step, Bytes: r.Snap.Size, Written: r.Wrote, Steps: local.Steps(&r), Wake: r.Wake, Count: r.Count, Goroutines: []psGoroutine{},
			Processes: counts[r.ID],
		}
		if r.Ended() {
			p.Exit = &r.Exit
		}
		for _, g := range r.Gs {
			p.Goroutines = append(p.Goroutines, psGoroutine{g.ID, g.State, g.Op, g.Func, g.Pos, g.Deadline})
		}
		out = append(out, p)
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(out)
}

// psTable prints a row per goroutine; only the first one of a run has the columns of the run.
func psTable(w io.Writer, runs []store.Run, counts processCounts, now time.Time) error {
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "RUN\tPROGRAM\tSTATE\tAGE\tGOROUTINES\tWAITS FOR\tAT")
	for _, r := range runs {
		c := counts[r.ID]
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t", r.ID, r.Program.Package, stateText(&r), age(now.Sub(r.Created)))
		if c == nil {
			fmt.Fprint(t, r.Count)
		}
		if c != nil && r.Error == "" {
			fmt.Fprintf(t, "\t%s\t", countsText(c))
		} else if r.Error != "" {
			fmt.Fprintf(t, "\t%s\t", r.Error)
		} else if len(r.Gs) == 0 {
			fmt.Fprint(t, "\t\t")
		}
		for i, g := range r.Gs {
			if i > 0 || r.Error != "" {
				fmt.Fprint(t, "\n\t\t\t\t")
			}
			fmt.Fprintf(t, "\t%s\t%s", waits(g), place(g))
		}
		if n := r.Count - len(r.Gs); n > 0 && len(r.Gs) > 0 {
			fmt.Fprintf(t, "\n\t\t\t\t\tand %d more\t", n)
		}
		fmt.Fprintln(t)
	}
	return t.Flush()
}

func stateText(r *store.Run) string {
	switch {
	case !r.Ended() || r.Exit == 0:
		return string(r.State)
	case r.Signal != "":
		return fmt.Sprintf("%s (%s)", r.State, r.Signal)
	}
	return fmt.Sprintf("%s (exit %d)", r.State, r.Exit)
}

func waits(g store.G) string {
	text := g.Op
	if text == "" || g.State != "" && g.State != "waiting" {
		text = g.State
	}
	if !g.Deadline.IsZero() {
		text += " until " + g.Deadline.Local().Format("2006-01-02 15:04:05")
	}
	return text
}

// place returns the file and line, without the directories, and the function.
func place(g store.G) string {
	pos := g.Pos
	if filepath.IsAbs(pos) {
		pos = filepath.Join(filepath.Base(filepath.Dir(pos)), filepath.Base(pos))
	}
	if g.Func == "" {
		return pos
	}
	return pos + " " + g.Func
}

// age returns a duration in its largest unit or two.
func age(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%02dh", int(d.Hours())/24, int(d.Hours())%24)
}
