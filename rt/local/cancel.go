// This file ends runs, and shows what is left of their output and responses.

package local

import (
	"context"
	"fmt"
	"io"

	"github.com/harkgen/harkgen/rt/runlog"
	"github.com/harkgen/harkgen/rt/store"
)

// Canceled is the Signal of a run that was cancelled.
const Canceled = "canceled"

// Cancel ends a run that has not ended, for good, and deletes its state. Of the options it uses Store and Dir.
func (r *Run) Cancel(ctx context.Context, o *Options) error {
	r.o = o.defaults()
	if r.rec.Ended() {
		return fmt.Errorf("run %s is done", r.rec.ID)
	}
	if err := r.openPages(ctx); err != nil {
		return err
	}
	if err := r.endBy(ctx, Canceled); err != nil {
		return err
	}
	if err := r.deleteProcesses(ctx, r.o.Store); err != nil {
		return err
	}
	return r.cleanUp(ctx)
}

// LastOutput writes what a run wrote in its last step, which is all that is kept of its output, and returns the number of bytes before it.
func LastOutput(ctx context.Context, s store.Store, run *store.Run, stdout, stderr io.Writer) (before int64, err error) {
	r := &Run{rec: *run, o: Options{Store: s}}
	chunks, before, err := r.committedOutput(ctx)
	if err != nil {
		return 0, err
	}
	out := [...]io.Writer{stdout, stderr}
	for _, c := range chunks {
		if c.fd == fdResponse {
			continue
		}
		if _, err := out[c.fd-1].Write(c.data); err != nil {
			return before, err
		}
	}
	return before, nil
}

// LogOutput logs what a run wrote in its last step.
func LogOutput(ctx context.Context, s store.Store, run *store.Run, log *runlog.Writer) error {
	r := &Run{rec: *run, o: Options{Store: s}}
	chunks, base, err := r.committedOutput(ctx)
	for _, c := range chunks {
		if c.fd != fdResponse && err == nil {
			err = log.Write(runlog.Piece{FD: int(c.fd), Step: uint64(run.Step), Base: base, Data: c.data})
		}
		base += int64(len(c.data))
	}
	return err
}

// Responses calls f with the responses of the last step of a run, which may have been passed on or not.
func Responses(ctx context.Context, s store.Store, run *store.Run, f func(id string, data []byte) error) error {
	r := &Run{rec: *run, o: Options{Store: s}}
	chunks, _, err := r.committedOutput(ctx)
	for _, c := range chunks {
		if c.fd != fdResponse {
			continue
		}
		id, data, err := decodeResponse(c.data)
		if err == nil {
			err = f(id, data)
		}
		if err != nil {
			return err
		}
	}
	return err
}
