// This file executes a run whose goroutines are in several processes. Package engine keeps the processes and the exchange; here each process that has something to do
// gets a worker: pool.go, loaded.go.

package local

import (
	"context"
	"errors"
	"fmt"

	"github.com/harkgen/harkgen/rt/engine"
	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
)

// executeSpread is Execute of a run that may have several processes.
func (r *Run) executeSpread(ctx context.Context) (*Result, error) {
	e, err := engine.Open(ctx, engine.Options{Store: r.o.Store, Run: r.rec.ID, Show: r.showOutputs})
	if err != nil {
		return nil, err
	}
	run, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	workers := newPool(r, fail, e.Stir)
	defer workers.end()
	detach := e.Attach(workers, workers.room())
	defer detach()
	if r.mail.waits(nil) {
		e.Stir()
	}
	go func() {
		for {
			select {
			case <-r.appended():
				r.arrived.Store(true)
				e.Stir()
			case <-run.Done():
				return
			}
		}
	}()
	exit, err := e.Run(run)
	failed, _ := errors.AsType[*FailedError](context.Cause(run))
	switch {
	case failed != nil:
		err := r.change(context.WithoutCancel(ctx), func(next *store.Run) { next.State, next.Error = store.Failed, failed.Why })
		return nil, errors.Join(err, failed)
	case ctx.Err() != nil:
		return nil, ErrStopped
	case err != nil:
		return nil, err
	}
	if exit.Waits != nil && r.rec.Lingers {
		exit = &exchange.Exit{}
	}
	if exit.Text != "" {
		fmt.Fprintln(r.o.Stderr, exit.Text)
	}
	if exit.Waits != nil {
		r.traceAll(ctx, e.Live(), exit.Waits)
	}
	work := context.WithoutCancel(ctx)
	err = r.change(work, func(next *store.Run) {
		next.State, next.Exit, next.Reason, next.Error = store.Done, exit.Status, "exit", ""
	})
	if err != nil {
		return nil, err
	}
	return r.result(), r.deleteProcesses(work, r.o.Store)
}

// change puts the record of a run of several processes. The last step of process 0 may still be under way when the run ends.
func (r *Run) change(ctx context.Context, change func(next *store.Run)) error {
	r.changing.Lock()
	defer r.changing.Unlock()
	next := r.rec
	change(&next)
	return r.put(ctx, &next, nil)
}

// deleteProcesses deletes what is stored of the processes of a run that has ended. If the supervisor dies before that, whoever opens the run does it.
func (r *Run) deleteProcesses(ctx context.Context, s store.Store) error {
	if !r.rec.Program.Spread {
		return nil
	}
	return engine.Delete(ctx, s, r.rec.ID)
}

const onlySpread = "it has goroutines that run in processes of their own, and was not started so; compile it with -placement local, without comments //hark:go remote"

// showOutputs shows what the run has written, and marks how far it has got by the numbers of outputs.
func (r *Run) showOutputs(list []exchange.Output) error {
	for _, o := range list {
		if int64(o.Seq) <= r.lease.shown() {
			continue
		}
		if o.FD == fdResponse {
			if err := r.screen.respond(o.Data); err != nil {
				return err
			}
		} else if _, err := r.screen.out[o.FD-1].Write(o.Data); err != nil {
			return fmt.Errorf("showing the output: %w", err)
		}
		if err := r.lease.markShown(int64(o.Seq)); err != nil {
			return err
		}
	}
	return nil
}
