// This file defines the commands that execute runs: run and resume.

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/harkgen/harkgen/rt/front"
	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/shared"
	"github.com/harkgen/harkgen/transform"
)

const defaultState = ".hark"

// traceVar names a file to which a line about each commit is appended, for those who measure harkgen.
const traceVar = "HARKTRACE"

// runFlags are the flags of run and resume.
type runFlags struct {
	state   string
	chaos   int
	inproc  bool
	keep    int
	workers int
	verbose bool
}

func (f *runFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.state, "state", defaultState, "keep the state of runs in `DIR`")
	cmd.Flags().BoolVarP(&f.verbose, "verbose", "v", false, "print the id of the run, and with -placement auto, when it is compiled, which goroutines stay in the process that starts them")
	cmd.Flags().IntVar(&f.chaos, "chaos", 0, "kill the program at every `N`th operation, and go on in a new process")
	cmd.Flags().BoolVar(&f.inproc, "inproc", false, "with -chaos, do not kill the process, but restore its memory from what was saved")
	cmd.Flags().IntVar(&f.workers, "workers", 0, "execute at most `N` processes of the run at the same time, besides that of main; by default four for each processor")
	cmd.Flags().IntVar(&f.keep, "keep", 0, "keep the state after each of the last `N` commits readable; by default 1, or what the run was started with")
}

func (f *runFlags) check(cmd *cobra.Command) error {
	switch {
	case f.chaos < 0 || f.chaos == 0 && cmd.Flags().Changed("chaos"):
		return &usageError{cmd, "-chaos needs a positive number"}
	case f.inproc && f.chaos == 0:
		return &usageError{cmd, "-inproc needs -chaos"}
	case (f.keep < 1 || f.keep > store.MaxKeep) && cmd.Flags().Changed("keep"):
		return &usageError{cmd, fmt.Sprintf("-keep needs a number from 1 to %d", store.MaxKeep)}
	case f.workers < 1 && cmd.Flags().Changed("workers"):
		return &usageError{cmd, "-workers needs a positive number"}
	case f.state == "":
		return &usageError{cmd, "-state needs a directory"}
	}
	return nil
}

func (a *app) runCommand() *cobra.Command {
	var f runFlags
	var src sourceFlags
	cmd := &cobra.Command{
		Use:   "run [-all] [-placement WHERE] [-state DIR] [-workers N] [-chaos N [-inproc]] [-keep N] [-v] PKG [args]",
		Short: "Compile and run a program",
		Long: `Run compiles and runs the main package PKG, or the named Go files, as go run does. The run
can be killed at any time and goes on with harkgen resume.

With -workers N, N > 1, goroutines are placed by -placement auto unless -placement says otherwise.`,
		Annotations: map[string]string{"program": "yes"},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return &usageError{cmd, "no package to run"}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			if err := src.check(cmd); err != nil {
				return err
			}
			if f.workers > 1 && !cmd.Flags().Changed("placement") {
				src.placement = transform.PlacementAuto
			}
			src.verbose = f.verbose
			n := 1
			for n < len(args) && strings.HasSuffix(args[0], ".go") && strings.HasSuffix(args[n], ".go") {
				n++
			}
			return a.run(cmd.Context(), &f, &src, args[:n], args[n:])
		},
	}
	cmd.Flags().SetInterspersed(false)
	src.addAll(cmd)
	src.addPlacement(cmd)
	f.add(cmd)
	return cmd
}

func (a *app) resumeCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "resume [-state DIR] [-workers N] [-chaos N [-inproc]] [-keep N] [-v] RUN",
		Short: "Go on with a run",
		Long: `Resume goes on with a run that was stopped or killed, from its last commit. It compiles the
program again; the run fits only the program that started it.`,
		Args: exactArgs(1, "no run to resume; harkgen ps lists them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(cmd); err != nil {
				return err
			}
			return a.resume(cmd.Context(), &f, args[0])
		},
	}
	f.add(cmd)
	return cmd
}

// run compiles, creates a run and executes it.
func (a *app) run(ctx context.Context, f *runFlags, src *sourceFlags, patterns, args []string) error {
	cwd, err := os.Getwd()
	if err != nil {
		return err
	}
	w, err := a.worker(ctx, cwd, patterns, src)
	if err != nil {
		return err
	}
	s, dir, err := a.openState(f.state, true)
	if err != nil {
		return err
	}
	defer s.Close()
	prog := store.Program{Package: w.entry.Package, Patterns: patterns, Dir: cwd, All: src.all, Spread: w.distributed, Args: args, Cwd: cwd}
	if src.placement != transform.PlacementLocal {
		prog.Placement = src.placement
	}
	r, err := local.Create(ctx, dir, s, prog, w.build)
	if err != nil {
		return err
	}
	defer r.Close()
	return a.execute(ctx, f, r, &local.Options{Store: s, Dir: dir}, w)
}

// resume goes on with a run, if its program is still what it was.
func (a *app) resume(ctx context.Context, f *runFlags, id string) error {
	s, dir, err := a.openStateOf(f.state, id)
	if err != nil {
		return err
	}
	defer s.Close()
	r, err := local.Open(ctx, dir, s, id)
	if err != nil {
		return noRun(err, id, f.state)
	}
	defer r.Close()
	rec := r.Record()
	o := &local.Options{Store: s, Dir: dir}
	if rec.Ended() {
		if r.Unshown() {
			return a.execute(ctx, f, r, o, &worker{})
		}
		fmt.Fprintf(a.stderr, "run %s is done (%s)\n", id, exitText(rec))
		return nil
	}
	w, err := a.worker(ctx, rec.Program.Dir, rec.Program.Patterns, sourceOf(&rec.Program))
	if err != nil {
		return err
	}
	if w.build != rec.Build {
		return a.otherBuild(ctx, rec, o, w)
	}
	return a.execute(ctx, f, r, o, w)
}

// openStateOf opens the state in which a run is to be.
func (a *app) openStateOf(state, id string) (store.Store, string, error) {
	s, dir, err := a.openState(state, false)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("there is no run %s: %s does not exist", id, state)
	}
	return s, dir, err
}

// noRun is err, of getting a run, in words if there is none.
func noRun(err error, id, state string) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("there is no run %s in %s", id, state)
	}
	return err
}

// maxDifferences is how many the refusal of another build names.
const maxDifferences = 20

// otherBuild says why the run does not go on with w, which differs from the program that made its state.
func (a *app) otherBuild(ctx context.Context, rec *store.Run, o *local.Options, w *worker) error {
	opts := *o
	opts.Worker = w.path
	w.environ(&opts)
	text := ""
	list, err := local.Differences(ctx, &opts, rec.ID)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil && rec.Step > 0:
		text = "\n  in what it differs cannot be told: " + err.Error()
	}
	for i, d := range list {
		if i == maxDifferences {
			text += fmt.Sprintf("\n  and %d more", len(list)-i)
			break
		}
		text += "\n  " + d
	}
	return fmt.Errorf("run %s was started by another build of %s (was %.12s, is %.12s)%s\nits state fits only the program that made it; restore that source, or start a new run",
		rec.ID, rec.Program.Package, rec.Build, w.build, text)
}

func exitText(r *store.Run) string {
	if r.Signal != "" {
		return r.Signal
	}
	return fmt.Sprint("exit status ", r.Exit)
}

// openState opens the state directory, which must be there unless create is set.
func (a *app) openState(name string, create bool) (store.Store, string, error) {
	dir, err := filepath.Abs(name)
	if err != nil {
		return nil, "", err
	}
	if _, err := os.Stat(dir); err != nil && !create {
		return nil, "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, "", err
	}
	if ignore := filepath.Join(dir, ".gitignore"); create {
		if _, err := os.Stat(ignore); err != nil {
			os.WriteFile(ignore, []byte("*\n"), 0o600) // a convenience, so it may fail
		}
	}
	s, err := shared.Open(dir, &shared.Options{OnFatal: func(err error) {
		fmt.Fprintln(os.Stderr, "harkgen:", err)
		os.Exit(1)
	}})
	return s, dir, err
}

// execute executes the run and ends as go run would.
func (a *app) execute(ctx context.Context, f *runFlags, r *local.Run, o *local.Options, w *worker) error {
	// A write to a pipe that nobody reads is to be an error, not the end of this process.
	pipes := make(chan os.Signal, 1)
	signal.Notify(pipes, syscall.SIGPIPE)
	defer signal.Stop(pipes)

	switch {
	case !r.Record().Program.Spread:
	case f.keep > 0:
		return errors.New("-keep: the goroutines of this program run in several processes; each has steps of its own, and one without those of the others at that time tells little; leave it out, or use -placement local")
	case f.inproc:
		return errors.New("-inproc: the goroutines of this program run in several processes, which are restored in other workers; leave it out, or use -placement local")
	}
	id := r.Record().ID
	if f.verbose {
		fmt.Fprintln(a.stderr, "run", id)
	}
	o.Worker, o.Chaos, o.InProc, o.Visits = w.path, f.chaos, f.inproc, r.Record().Program.All
	o.Keep, o.Workers = f.keep, cmp.Or(f.workers, 4*runtime.NumCPU())
	if name := os.Getenv(traceVar); name != "" {
		trace, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			return fmt.Errorf("%s: %w", traceVar, err)
		}
		defer trace.Close()
		o.Trace = trace
	}
	w.environ(o)
	o.Stdout, o.Stderr = a.progress.writer(a.stdout), a.progress.writer(a.stderr)
	if w.entry.Stdin {
		o.Stdin = a.stdin
	}
	clients := front.New(o.Store, id)
	defer clients.Close()
	o.Events = clients
	stop := a.watch(o)
	res, err := r.Execute(ctx, o)
	stop()
	var failed *local.FailedError
	switch {
	case errors.Is(err, local.ErrStopped):
		state := ""
		if f.state != defaultState {
			state = " -state " + f.state
		}
		fmt.Fprintf(a.stderr, "run %s stopped; harkgen resume%s %s\n", id, state, id)
		return errInterrupted
	case errors.As(err, &failed):
		return fmt.Errorf("%s\nharkgen: run %s failed; its last commit remains", failed.Why, id)
	case err != nil:
		return err
	case res.Signal != "":
		fmt.Fprintln(a.stderr, res.Signal)
		a.status = 1
	case res.Exit != 0:
		fmt.Fprintln(a.stderr, "exit status", res.Exit)
		a.status = 1
	}
	return nil
}

// watch shows that the program runs while it writes nothing, unless the user is to write.
func (a *app) watch(o *local.Options) (stop func()) {
	if o.Stdin != nil {
		return func() {}
	}
	var mu sync.Mutex
	var last store.Run
	o.OnCommit = func(r *store.Run) {
		mu.Lock()
		defer mu.Unlock()
		last = *r
	}
	return a.progress.during(func(elapsed time.Duration) string {
		if elapsed < 2*time.Second || a.progress.quiet() < 2*time.Second {
			return ""
		}
		mu.Lock()
		defer mu.Unlock()
		text := fmt.Sprintf("running %s", elapsed.Round(time.Second))
		if last.Step > 0 {
			text += fmt.Sprintf(", %d commits, %d goroutines", last.Step, last.Count)
		}
		if last.State == store.Waiting && !last.Wake.IsZero() {
			text += fmt.Sprintf(", nothing to do before %s", last.Wake.Format(time.TimeOnly))
		}
		return text
	})
}
