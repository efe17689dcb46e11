// This file defines the target that is a deployment.

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/harkgen/harkgen/internal/deployed"
	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/runlog"
	"github.com/harkgen/harkgen/rt/store"
)

type remote struct {
	app *app
	*deployed.Deployment
}

// Invoke prints the answer of the function, or if async is set the id of the request, which a run that it starts has unless it is given another.
func (r *remote) Invoke(ctx context.Context, entry string, payload []byte, async bool) error {
	id, answer, err := r.Deployment.Invoke(ctx, entry, payload, async)
	if err != nil {
		return err
	}
	if async {
		fmt.Fprintln(r.app.stdout, id)
		return nil
	}
	fmt.Fprintf(r.app.stdout, "%s\n", answer)
	var res struct {
		Run, State string
		Status     int
	}
	if json.Unmarshal(answer, &res) == nil && res.Run != "" && (res.Status != 0 || res.State == string(store.Failed)) {
		r.app.status = 1
	}
	return nil
}

func (r *remote) Runs(ctx context.Context) ([]store.Run, processCounts, error) {
	runs, err := r.Deployment.Runs(ctx)
	counts, err2 := countProcesses(ctx, r.Store(), runs)
	return runs, counts, errors.Join(err, err2)
}

// Inspect has the run's version of the function describe it.
func (r *remote) Inspect(ctx context.Context, f *inspectFlags, id string, how local.InspectOptions) error {
	args := map[string]any{"most": f.most, "how": how}
	if f.at != 0 {
		args["step"] = f.at
	}
	if f.process >= 0 {
		args["process"] = f.process
	}
	text, err := r.Deployment.Inspect(ctx, id, args)
	if err != nil {
		return err
	}
	var answer struct {
		Run    *store.Run
		Memory *local.Inspection
		Spread *local.Spread
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Run == nil {
		return fmt.Errorf("the function answers %.200q, which is no description of a run; it was deployed with another harkgen", text)
	}
	switch {
	case answer.Spread != nil:
		return r.app.showSpread(f, answer.Run, answer.Spread)
	case answer.Run.Program.Spread:
		return r.app.showProcess(f, answer.Run, answer.Memory)
	}
	return r.app.showRun(f, answer.Run, answer.Memory)
}

func (r *remote) Logs(ctx context.Context, id string, f *logsFlags) error {
	return r.Deployment.Logs(ctx, id, f.follow, func(line *runlog.Record) error { return r.app.showLine(line, f.json) })
}

// showLine prints a line of a run's log: what the program wrote to standard output there, all else to standard error.
func (a *app) showLine(r *runlog.Record, asJSON bool) error {
	if asJSON {
		line, err := r.Append(nil)
		if err == nil {
			_, err = a.stdout.Write(line)
		}
		return err
	}
	if r.Place == nil {
		_, err := fmt.Fprintf(a.stderr, "harkgen: %s: %s\n", r.Level, r.Text())
		return err
	}
	w, end := a.stderr, "\n"
	if r.Stream == "stdout" {
		w = a.stdout
	}
	if r.Partial {
		end = ""
	}
	_, err := io.WriteString(w, r.Text()+end)
	return err
}

func (r *remote) Replay(ctx context.Context, ids []string) ([]deployed.DeadLetter, error) {
	return r.Deployment.Replay(ctx, ids...)
}
