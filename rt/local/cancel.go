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
	out := [...]io.Writer{stdout, stderr}
	err = lastChunks(ctx, s, run, func(c chunk, _ int64) error {
		if c.fd == fdResponse {
			return nil
		}
		_, err := out[c.fd-1].Write(c.data)
		return err
	})
	return run.Output.Base, err
}

// LogOutput logs what a run wrote in its last step.
func LogOutput(ctx context.Context, s store.Store, run *store.Run, log *runlog.Writer) error {
	return lastChunks(ctx, s, run, func(c chunk, base int64) error {
		if c.fd == fdResponse {
			return nil
		}
		return log.Write(runlog.Piece{FD: int(c.fd), Step: uint64(run.Step), Base: base, Data: c.data})
	})
}

// Responses calls f with the responses of the last step of a run, which may have been passed on or not.
func Responses(ctx context.Context, s store.Store, run *store.Run, f func(id string, data []byte) error) error {
	return lastChunks(ctx, s, run, func(c chunk, _ int64) error {
		if c.fd != fdResponse {
			return nil
		}
		id, data, err := decodeResponse(c.data)
		if err != nil {
			return err
		}
		return f(id, data)
	})
}

// lastChunks calls f with what is kept of the output of a run, and how many bytes are before each.
func lastChunks(ctx context.Context, s store.Store, run *store.Run, f func(c chunk, base int64) error) error {
	chunks, base, err := (&Run{rec: *run, o: Options{Store: s}}).committedOutput(ctx)
	for _, c := range chunks {
		if err == nil {
			err = f(c, base)
		}
		base += int64(len(c.data))
	}
	return err
}
