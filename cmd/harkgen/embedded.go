// This file defines the target that is a state directory here.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/harkgen/harkgen/internal/deployed"
	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/transform"
)

type embedded struct {
	*app
	state  string
	output string
	flags  *runFlags // of resume
}

func (e *embedded) Close() error { return nil } // each call opens the store for itself

// start is what a payload says that starts a main.
type start struct {
	Run   string   `json:"run"`
	Args  []string `json:"args"`
	Input *string  `json:"input"`
}

// Invoke is harkgen run of the entry.
func (e *embedded) Invoke(ctx context.Context, entry string, payload []byte, async bool) error {
	if async {
		return errors.New("-async: nothing executes runs in the background of a state directory; use harkgen cloud and -target cloud")
	}
	var s start
	d := json.NewDecoder(bytes.NewReader(payload))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return fmt.Errorf(`what a run is started with is {"args": ["..."], "input": "..."}, both optional; other events need -target cloud: %w`, err)
	}
	if s.Run != "" {
		return errors.New("with -target local the id of a run is given by harkgen; leave it out")
	}
	p, err := readPlan(e.output)
	if err != nil {
		return err
	}
	named := entryNamed(p, entry)
	if named == nil {
		var names []string
		for i := range p.Entries {
			names = append(names, p.Entries[i].Name)
		}
		return fmt.Errorf("%s has no entry point %s; it has %s", e.output, entry, strings.Join(names, ", "))
	}
	e.stdin = io.Reader(strings.NewReader(""))
	if s.Input != nil {
		e.stdin = strings.NewReader(*s.Input)
	}
	return e.run(ctx, &runFlags{state: e.state}, &sourceFlags{placement: transform.PlacementLocal}, []string{named.Package}, append(named.Args, s.Args...))
}

func (e *embedded) Runs(ctx context.Context) ([]store.Run, processCounts, error) {
	s, dir, err := e.openState(e.state, false)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	defer s.Close()
	runs, err := local.List(ctx, dir, s)
	counts, err2 := countProcesses(ctx, s, runs)
	return runs, counts, errors.Join(err, err2)
}

func (e *embedded) Resume(ctx context.Context, id string) error {
	return e.resume(ctx, e.flags, id)
}

func (e *embedded) Cancel(ctx context.Context, id string) error {
	s, dir, err := e.openStateOf(e.state, id)
	if err != nil {
		return err
	}
	defer s.Close()
	r, err := local.Open(ctx, dir, s, id)
	if errors.Is(err, local.ErrBusy) {
		return fmt.Errorf("%w; interrupt that first", err)
	}
	if err != nil {
		return noRun(err, id, e.state)
	}
	defer r.Close()
	if rec := r.Record(); rec.Ended() {
		return fmt.Errorf("run %s is done (%s); there is nothing to cancel", id, exitText(rec))
	}
	return r.Cancel(ctx, &local.Options{Store: s, Dir: dir})
}

func (e *embedded) Inspect(ctx context.Context, f *inspectFlags, id string, how local.InspectOptions) error {
	f.state = e.state
	return e.inspect(ctx, f, id, how)
}

// Logs shows the last step: output is shown as it happens, and not kept.
func (e *embedded) Logs(ctx context.Context, id string, f *logsFlags) error {
	if f.json || f.follow {
		return errors.New("-json and -f are for -target cloud and aws: a state directory has no log")
	}
	s, dir, err := e.openStateOf(e.state, id)
	if err != nil {
		return err
	}
	defer s.Close()
	run, err := local.Stored(ctx, dir, s, id)
	if err != nil {
		return noRun(err, id, e.state)
	}
	if run.Program.Spread {
		return fmt.Errorf("run %s: the output of a run of several processes is shown as it happens, and not kept", id)
	}
	before, err := local.LastOutput(ctx, s, run, e.stdout, e.stderr)
	if err == nil && before > 0 {
		fmt.Fprintf(e.stderr, "harkgen: this is the last step of run %s; the %d bytes that it wrote before were shown as it went on, and are not kept\n", id, before)
	}
	return err
}

var errNoQueues = errors.New("a state directory has no queues, so there are no dead letters; use -target cloud or aws")

func (e *embedded) DeadLetters(context.Context) ([]deployed.DeadLetter, error) {
	return nil, errNoQueues
}

func (e *embedded) Replay(context.Context, []string) ([]deployed.DeadLetter, error) {
	return nil, errNoQueues
}

func (e *embedded) Pinned(*store.Run) string {
	return "goes on only with the source that it was started from"
}

// countProcesses counts those of the runs that may have several.
func countProcesses(ctx context.Context, s store.Store, runs []store.Run) (processCounts, error) {
	counts := processCounts{}
	var errs []error
	for i := range runs {
		if r := &runs[i]; r.Program.Spread && !r.Ended() {
			c, err := local.CountProcesses(ctx, s, r.ID)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			counts[r.ID] = &c
		}
	}
	return counts, errors.Join(errs...)
}

// payloadOf is the payload of a command line: the argument, or with "-" what is on standard input.
func (a *app) payloadOf(args []string) ([]byte, error) {
	text := []byte("{}")
	if len(args) > 0 {
		text = []byte(args[0])
	}
	if string(text) == "-" {
		var err error
		if text, err = io.ReadAll(a.stdin); err != nil {
			return nil, err
		}
	}
	if !json.Valid(text) {
		return nil, fmt.Errorf("%.200q is not JSON", text)
	}
	return text, nil
}
