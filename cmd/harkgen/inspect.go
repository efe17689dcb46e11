// This file defines the command that shows what a run is doing.

package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/transform"
)

func (a *app) inspectCommand() *cobra.Command {
	var t targetFlags
	var at int64
	var asJSON bool
	process, most := -1, 100
	how := local.InspectOptions{Depth: 4, Elems: 16, String: 200, Goroutines: 1000}
	cmd := &cobra.Command{
		Use:   "inspect [-target WHERE] [-state DIR] [-at STEP | -process N] [-json] [-depth N] [-max N] [-string N] [-v] RUN",
		Short: "Show the goroutines and variables of a run",
		Long: `Inspect shows a run as it was at its last commit, also while it goes on: each goroutine with its calls
and the variables in them that are still needed, the channels with what is in them and who waits for
them, the locks with their owners, the timers, and the package variables that are part of the state.
What can be reached from several places has a number, as #3, which is the same everywhere.

Of a run whose goroutines are in several processes it lists the processes, with what their goroutines
wait for and the go statements that have started them, and what the processes share: channels, locks,
WaitGroups, memory. -process N shows one process as above.

It starts the program that the run belongs to, which executes its package initialisers and nothing
else. The values are shown as they are: so are passwords and keys in variables.`,
		Args: exactArgs(1, "no run to inspect; harkgen ps lists them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case at < 0:
				return &usageError{cmd, "-at needs the number of a step"}
			case cmd.Flags().Changed("process") && (process < 0 || int64(process) > math.MaxUint32):
				return &usageError{cmd, "-process needs the number of a process"}
			case most < 1:
				return &usageError{cmd, "-processes needs a positive number"}
			case at > 0 && process >= 0:
				return &usageError{cmd, "-at is for runs of one process, -process for others"}
			case how.Depth < 1 || how.Elems < 1 || how.String < 1 || how.Goroutines < 1:
				return &usageError{cmd, "-depth, -max, -string and -goroutines need positive numbers"}
			}
			if err := t.check(cmd); err != nil {
				return err
			}
			f := &inspectFlags{at: at, process: process, most: most, asJSON: asJSON}
			return a.on(cmd.Context(), &t, func(t target) error { return t.Inspect(cmd.Context(), f, args[0], how) })
		},
	}
	t.add(cmd)
	cmd.Flags().Int64Var(&at, "at", 0, "show the run as of `STEP`, if that is kept, instead of its last commit")
	cmd.Flags().IntVar(&process, "process", process, "show process `N` of a run that has several")
	cmd.Flags().IntVar(&most, "processes", most, "list the first `N` processes of such a run")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().IntVar(&how.Depth, "depth", how.Depth, "show `N` levels of values within values")
	cmd.Flags().IntVar(&how.Elems, "max", how.Elems, "show `N` elements of a slice, map, array or channel")
	cmd.Flags().IntVar(&how.String, "string", how.String, "show `N` bytes of a string")
	cmd.Flags().IntVar(&how.Goroutines, "goroutines", how.Goroutines, "show the first `N` goroutines")
	cmd.Flags().BoolVarP(&how.All, "verbose", "v", false, "show variables, too, that the compiler has made up")
	return cmd
}

// inspectFlags say what to show.
type inspectFlags struct {
	state   string
	at      int64
	process int // -1: none
	most    int // processes
	asJSON  bool
}

func (a *app) inspect(ctx context.Context, f *inspectFlags, id string, how local.InspectOptions) error {
	s, dir, err := a.openStateOf(f.state, id)
	if err != nil {
		return err
	}
	defer s.Close()
	run, err := local.Stored(ctx, dir, s, id)
	if err != nil {
		return noRun(err, id, f.state)
	}
	at := f.at
	if run.Ended() && at == 0 {
		steps := local.Steps(run)
		if len(steps) == 0 {
			return fmt.Errorf("run %s is done (%s); nothing of it is left to inspect", id, exitText(run))
		}
		first, last := steps[0], steps[len(steps)-1]
		which := fmt.Sprintf("steps %d to %d are kept", first, last)
		if first == last {
			which = fmt.Sprintf("step %d is kept", last)
		}
		return fmt.Errorf("run %s is done (%s); %s: harkgen inspect -at %d %s", id, exitText(run), which, last, id)
	}
	w, err := a.workerOf(ctx, run)
	if err != nil {
		return err
	}
	o := &local.Options{Store: s, Dir: dir, Worker: w.path}
	w.environ(o)
	if run.Program.Spread {
		return a.inspectSpread(ctx, f, o, id, how)
	}
	if f.process > 0 {
		return fmt.Errorf("run %s has one process; leave -process out", id)
	}
	i, run, err := local.Inspect(ctx, o, id, at, how)
	if err != nil {
		return err
	}
	return a.showRun(f, run, i)
}

// showRun shows a run of one process, as of the step that was asked for.
func (a *app) showRun(f *inspectFlags, run *store.Run, i *local.Inspection) error {
	at := cmp.Or(f.at, run.Step)
	if f.asJSON {
		return inspectJSON(a.stdout, run, at, i)
	}
	return a.printInspection(func(p *inspectPrinter) {
		p.head(run, at)
		p.print(i)
	})
}

func (a *app) printInspection(print func(*inspectPrinter)) error {
	out := bufio.NewWriter(a.stdout)
	print(&inspectPrinter{w: out, now: time.Now()})
	return out.Flush()
}

// inspectSpread shows a run that may have several processes, or one of them.
func (a *app) inspectSpread(ctx context.Context, f *inspectFlags, o *local.Options, id string, how local.InspectOptions) error {
	if f.at != 0 {
		return fmt.Errorf("-at: run %s may have several processes, each of which has steps of its own; no earlier ones are kept", id)
	}
	if f.process >= 0 {
		i, run, err := local.InspectProcess(ctx, o, id, uint32(f.process), how)
		if err != nil {
			return err
		}
		return a.showProcess(f, run, i)
	}
	spread, run, err := local.InspectSpread(ctx, o, id, f.most)
	if err != nil {
		return err
	}
	return a.showSpread(f, run, spread)
}

// showProcess shows one process of a run.
func (a *app) showProcess(f *inspectFlags, run *store.Run, i *local.Inspection) error {
	if f.asJSON {
		return writeJSON(a.stdout, processDoc{docOf(run), f.process, i})
	}
	return a.printInspection(func(p *inspectPrinter) {
		p.printf("process %d of run %s of %s, %s, step %d\n", f.process, run.ID, run.Program.Package, run.State, run.Step)
		p.origin(i.Origin)
		p.print(i)
	})
}

// showSpread shows the processes of a run.
func (a *app) showSpread(f *inspectFlags, run *store.Run, spread *local.Spread) error {
	if f.asJSON {
		return writeJSON(a.stdout, spreadDoc{docOf(run), spread})
	}
	return a.printInspection(func(p *inspectPrinter) { p.spread(run, spread) })
}

// workerOf returns the program that the run belongs to: from the cache, or compiled again.
func (a *app) workerOf(ctx context.Context, run *store.Run) (*worker, error) {
	p := run.Program
	if len(run.Build) < 16 {
		return nil, store.Damagedf("the record of run %s is damaged: build %q; nothing was deleted", run.ID, run.Build)
	}
	exes, _ := filepath.Glob(filepath.Join(binPath(cachePath(p.Dir, p.Patterns, sourceOf(&p)), run.Build), "*"))
	for _, exe := range exes {
		if sum, err := hashFile(exe); err == nil && sum == run.Build {
			return &worker{path: exe, build: sum}, nil
		}
	}
	w, err := a.worker(ctx, p.Dir, p.Patterns, sourceOf(&p))
	if source := (transform.Errors)(nil); errors.As(err, &source) {
		fmt.Fprintf(a.stderr, "harkgen: the program of run %s is not in the cache any more, and cannot be compiled:\n", run.ID)
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("the program of run %s is not in the cache any more, and cannot be compiled: %w", run.ID, err)
	}
	if w.build != run.Build {
		return nil, fmt.Errorf("the program of run %s is not in the cache any more, and %s is another build now (was %.12s, is %.12s); only the program that made a state can read it; restore that source",
			run.ID, p.Package, run.Build, w.build)
	}
	return w, nil
}

// A runDoc is what -json prints first.
type runDoc struct {
	Run     string      `json:"run"`
	Program string      `json:"program"`
	State   store.State `json:"state"`
	Error   string      `json:"error,omitempty"`
}

func docOf(r *store.Run) runDoc { return runDoc{r.ID, r.Program.Package, r.State, r.Error} }

// What -json prints: of a run of one process, of several, and of one of these.
type inspectDoc struct {
	runDoc
	Step      int64     `json:"step"`
	Committed time.Time `json:"committed,omitzero"` // the last commit; left out for an earlier step
	*local.Inspection
}

type spreadDoc struct {
	runDoc
	*local.Spread
}

type processDoc struct {
	runDoc
	Process int `json:"process"`
	*local.Inspection
}

func inspectJSON(w io.Writer, run *store.Run, step int64, i *local.Inspection) error {
	doc := inspectDoc{runDoc: docOf(run), Step: step, Inspection: i}
	if step == run.Step {
		doc.Committed = run.Updated
	}
	return writeJSON(w, doc)
}

func writeJSON(w io.Writer, doc any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(doc)
}
