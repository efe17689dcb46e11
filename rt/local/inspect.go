// This file has a run described by its own program. See rt/inspect.go.

package local

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/wire"
)

// What Inspect returns; see package rt.
type (
	InspectOptions = wire.InspectOptions
	Inspection     = wire.Inspection
	InspectedG     = wire.InspectedG
	InspectedChan  = wire.InspectedChan
	InspectedLock  = wire.InspectedLock
	InspectedTimer = wire.InspectedTimer
	InspectedWait  = wire.InspectedWait

	InspectedOrigin = wire.InspectedOrigin
	Variable        = wire.Variable
	Value           = wire.Value
	Part            = wire.Part
)

// inspectPatience is how long a program may take for a description.
const inspectPatience = 2 * time.Minute

// Inspect describes a run as of the given step, 0 for its last commit. It needs no lease: the run may go on meanwhile. Of the options it
// uses Store, Dir, Worker and Env. The error may be a *NoStepError, or wrap store.ErrNotFound or store.ErrDamaged.
//
// The program is started, which executes its package initialisers, and loads the snapshot; it executes nothing else. What
// it writes is thrown away, and its input is empty.
func Inspect(ctx context.Context, o *Options, id string, step int64, how InspectOptions) (i *Inspection, run *store.Run, err error) {
	last, err := Stored(ctx, o.Dir, o.Store, id)
	if err != nil {
		return nil, nil, err
	}
	if last.Program.Spread {
		i, err := inspectProcess(ctx, o, last, 0, how)
		return i, last, err
	}
	err = ReadStep(ctx, o.Store, id, step, func(r *store.Run, snapshot io.Reader) (err error) {
		run = r
		i, err = inspect(ctx, o, r, snapshot, how)
		return err
	})
	if err == nil {
		run.State = last.State
	}
	return i, run, err
}

// Differences says in what the program that made the last commit of a run differs from o.Worker, which is another build. It starts that, as
// Inspect does.
func Differences(ctx context.Context, o *Options, id string) ([]string, error) {
	i, _, err := Inspect(ctx, o, id, 0, InspectOptions{Build: true})
	if err != nil {
		return nil, err
	}
	return i.Differences, nil
}

// Stored returns what is stored about a run, which others may execute. The error may wrap store.ErrNotFound or store.ErrDamaged.
func Stored(ctx context.Context, dir string, s store.Store, id string) (*store.Run, error) {
	rec, err := record(ctx, dir, s, id)
	if err != nil {
		return nil, err
	}
	run, err := store.DecodeRun(rec)
	if err != nil {
		return nil, err
	}
	if !run.Ended() && run.State != store.Failed && !held(dir, id) {
		run.State = Stopped
	}
	return run, nil
}

// inspect starts the program, gives it the snapshot, and returns what it answers.
func inspect(ctx context.Context, o *Options, run *store.Run, snapshot io.Reader, how InspectOptions) (*Inspection, error) {
	d, err := newDescriber(ctx, o, run)
	if err != nil {
		return nil, err
	}
	defer d.w.end()
	return d.describe(ctx, wire.Start{Run: run.ID, Size: run.Snap.Size, Inspect: &how}, snapshot)
}

// A describer is a program that describes snapshots: one of a run of one process, or of process 0, or any number of other processes.
type describer struct {
	w   *worker
	run *store.Run
}

func newDescriber(ctx context.Context, o *Options, run *store.Run) (*describer, error) {
	args, err := arguments(ctx, o.Store, run)
	if err != nil {
		return nil, err
	}
	opts := o.defaults()
	drop := func([]byte) (string, error) { return "", nil }
	collect := func(stdout, stderr *os.File) *output { return newOutput(stdout, stderr, 0, drop) }
	cwd := run.Program.Cwd
	if _, err := os.Stat(cwd); err != nil {
		cwd = "" // another machine, or it is gone; only initialisers could tell
	}
	w, err := startWorker(&opts, args, cwd, nil, collect)
	return &describer{w, run}, err
}

// describe describes one snapshot.
func (d *describer) describe(ctx context.Context, start wire.Start, snapshot io.Reader) (*Inspection, error) {
	ctx, cancel := context.WithTimeout(ctx, inspectPatience)
	defer cancel()
	for {
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, fmt.Errorf("run %s: the program has not described itself within %s", d.run.ID, inspectPatience)
			}
			return nil, ctx.Err()
		case m, ok := <-d.w.msgs:
			if !ok {
				<-d.w.exited
				return nil, fmt.Errorf("run %s: the program could not load its state (%s): %s", d.run.ID, d.w.cmd.ProcessState, lastLine(d.w.out))
			}
			switch msg := m.msg.(type) {
			case wire.Load:
				err := d.w.conn.Send(start, copier{snapshot})
				if src, ok := errors.AsType[*wire.SourceError](err); ok {
					return nil, src.Err
				} // if it has died, others will tell
			case wire.Inspected:
				if msg.Inspection == nil {
					return nil, wire.ErrProtocol
				}
				return msg.Inspection, nil
			}
		}
	}
}

// lastLine is the last line on the standard error.
func lastLine(o *output) string {
	_, chunks, _, _ := o.take("")
	text := ""
	for _, c := range chunks {
		if c.fd == 2 {
			text += string(c.data)
		}
	}
	text = strings.TrimSpace(text)
	return text[strings.LastIndexByte(text, '\n')+1:]
}

// arguments returns those of the program.
func arguments(ctx context.Context, s store.Store, run *store.Run) (args []string, err error) {
	name := run.Program.ArgsBlob
	if name == "" {
		return run.Program.Args, nil
	}
	js, err := getBlob(ctx, s, run.ID, name)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(js, &args); err != nil {
		return nil, store.Damagedf("run %s is damaged: its arguments: %v; nothing was deleted", run.ID, err)
	}
	return args, nil
}
