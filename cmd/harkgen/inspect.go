// This file defines the command that shows what a run is doing.

package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/transform"
)

func (a *app) inspectCommand() *cobra.Command {
	var state string
	var at int64
	var asJSON bool
	how := local.InspectOptions{Depth: 4, Elems: 16, String: 200, Goroutines: 1000}
	cmd := &cobra.Command{
		Use:   "inspect [-state DIR] [-at STEP] [-json] [-depth N] [-max N] [-string N] [-v] RUN",
		Short: "Show the goroutines and variables of a run",
		Long: `Inspect shows a run as it was at its last commit, also while it goes on: each goroutine with its calls
and the variables in them that are still needed, the channels with what is in them and who waits for
them, the locks with their owners, the timers, and the package variables that are part of the state.
What can be reached from several places has a number, as #3, which is the same everywhere.

It starts the program that the run belongs to, which executes its package initialisers and nothing
else. The values are shown as they are: so are passwords and keys in variables.`,
		Args: exactArgs(1, "no run to inspect; harkgen ps lists them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case at < 0:
				return &usageError{cmd, "-at needs the number of a step"}
			case how.Depth < 1 || how.Elems < 1 || how.String < 1 || how.Goroutines < 1:
				return &usageError{cmd, "-depth, -max, -string and -goroutines need positive numbers"}
			}
			return a.inspect(cmd.Context(), state, args[0], at, how, asJSON)
		},
	}
	cmd.Flags().StringVar(&state, "state", defaultState, "the run is in `DIR`")
	cmd.Flags().Int64Var(&at, "at", 0, "show the run as of `STEP`, if that is kept, instead of its last commit")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	cmd.Flags().IntVar(&how.Depth, "depth", how.Depth, "show `N` levels of values within values")
	cmd.Flags().IntVar(&how.Elems, "max", how.Elems, "show `N` elements of a slice, map, array or channel")
	cmd.Flags().IntVar(&how.String, "string", how.String, "show `N` bytes of a string")
	cmd.Flags().IntVar(&how.Goroutines, "goroutines", how.Goroutines, "show the first `N` goroutines")
	cmd.Flags().BoolVarP(&how.All, "verbose", "v", false, "show variables, too, that the compiler has made up")
	return cmd
}

func (a *app) inspect(ctx context.Context, state, id string, at int64, how local.InspectOptions, asJSON bool) error {
	s, dir, err := a.openStateOf(state, id)
	if err != nil {
		return err
	}
	defer s.Close()
	run, err := local.Stored(ctx, dir, s, id)
	if err != nil {
		return noRun(err, id, state)
	}
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
	i, run, err := local.Inspect(ctx, o, id, at, how)
	if err != nil {
		return err
	}
	if at == 0 {
		at = run.Step
	}
	if asJSON {
		return inspectJSON(a.stdout, run, at, i)
	}
	out := bufio.NewWriter(a.stdout)
	p := &inspectPrinter{w: out, now: time.Now()}
	p.print(run, at, i)
	return out.Flush()
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

// An inspectDoc is what -json prints.
type inspectDoc struct {
	Run       string      `json:"run"`
	Program   string      `json:"program"`
	State     store.State `json:"state"`
	Error     string      `json:"error,omitempty"`
	Step      int64       `json:"step"`
	Committed time.Time   `json:"committed,omitzero"` // the last commit; left out for an earlier step
	*local.Inspection
}

func inspectJSON(w io.Writer, run *store.Run, step int64, i *local.Inspection) error {
	doc := inspectDoc{Run: run.ID, Program: run.Program.Package, State: run.State, Error: run.Error, Step: step, Inspection: i}
	if step == run.Step {
		doc.Committed = run.Updated
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(doc)
}
