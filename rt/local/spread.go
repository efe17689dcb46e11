// This file executes a run whose goroutines are in several processes. Package engine keeps the processes and the exchange; here each process that has something to do
// gets a worker: pool.go, loaded.go.

package local

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/harkgen/harkgen/rt/engine"
	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/runlog"
	"github.com/harkgen/harkgen/rt/store"
)

// A Fleet says how machines together execute a run of several processes: this one has the exchange and process 0, and gives the others away.
type Fleet struct {
	Worker engine.Worker // executes processes, at most Slots at the same time
	Slots  int

	SyncAfter  time.Duration // how long a change may be in memory only if nothing waits for it
	PauseAfter time.Duration // if nothing is to be done for so long, the run is left Waiting, and Execute returns ErrStopped
	PollAfter  time.Duration // how often to look for another machine that takes itself for this one
}

// executeSpread is Execute of a run that may have several processes.
func (r *Run) executeSpread(ctx context.Context) (*Result, error) {
	if err := r.lease.markShown(max(r.lease.shown(), r.rec.Output.Base)); err != nil {
		return nil, err
	}
	o := engine.Options{Store: r.o.Store, Run: r.rec.ID, Show: r.showOutputs, Now: r.o.Clock.Now}
	if f := r.o.Fleet; f != nil {
		o.SyncAfter, o.PauseAfter, o.PollAfter, o.Stay = f.SyncAfter, f.PauseAfter, f.PollAfter, r.o.Stay
	}
	e, err := engine.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	work := context.WithoutCancel(ctx)
	run, fail := context.WithCancelCause(work)
	defer fail(nil)
	defer context.AfterFunc(ctx, func() { r.stopSpread(e, run, fail) })()
	workers := newPool(r, fail, e.Stir)
	workers.begin()
	defer workers.end()
	defer r.attachWorkers(e, workers)()
	if r.mail.waits(nil) {
		e.Stir()
	}
	go r.stirOnEvents(run, e)
	exit, err := e.Run(run)
	failed, _ := errors.AsType[*FailedError](context.Cause(run))
	switch {
	case failed != nil:
		err := r.change(work, func(next *store.Run) { r.progress(next, e); next.State, next.Error = store.Failed, failed.Why })
		return nil, errors.Join(err, failed)
	case err == nil: // it has ended, though ctx may have at the same moment
	case errors.Is(err, engine.ErrPaused), r.o.Fleet != nil && ctx.Err() != nil:
		err := r.change(work, func(next *store.Run) {
			r.progress(next, e)
			next.State, next.Wake = store.Waiting, e.Wake()
			if next.Wake.UnixNano() == wakesOutside {
				next.Wake = time.Time{}
			}
			if ctx.Err() != nil && !next.Wake.IsZero() && !next.Wake.After(r.o.Clock.Now()) {
				next.State, next.Wake = store.Running, time.Time{}
			}
		})
		return nil, errors.Join(err, ErrStopped)
	case ctx.Err() != nil:
		return nil, ErrStopped
	default:
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
	err = r.change(work, func(next *store.Run) {
		r.progress(next, e)
		next.State, next.Exit, next.Reason, next.Error, next.Wake = store.Done, exit.Status, "exit", "", time.Time{}
	})
	if err != nil {
		return nil, err
	}
	if r.o.Fleet != nil {
		clean, cancel := context.WithTimeout(work, r.o.Grace)
		defer cancel()
		e.Delete(clean) // what stays is left to CleanUp
		return r.result(), nil
	}
	return r.result(), r.deleteProcesses(work, r.o.Store)
}

// stopSpread ends the execution. What a fleet does is committed before, if that does not take longer than Grace.
func (r *Run) stopSpread(e *engine.Engine, run context.Context, stop context.CancelCauseFunc) {
	if r.o.Fleet != nil {
		e.Drain()
		select {
		case <-time.After(r.o.Grace):
		case <-run.Done():
		}
	}
	stop(ErrStopped)
}

// attachWorkers gives the engine its workers.
func (r *Run) attachWorkers(e *engine.Engine, here *pool) (detach func()) {
	if r.o.Fleet == nil {
		return e.Attach(here, here.room())
	}
	return e.Attach(&crew{here, r.o.Fleet.Worker}, 1+r.o.Fleet.Slots)
}

// A crew executes process 0 here, and the others there.
type crew struct {
	here  *pool
	there engine.Worker
}

func (c *crew) Execute(ctx context.Context, t *engine.Task) error {
	if t.Process() == 0 {
		return c.here.Execute(ctx, t)
	}
	err := c.there.Execute(ctx, t)
	if failed, ok := errors.AsType[*FailedError](err); ok {
		c.here.fail(failed)
	}
	return err
}

// stirOnEvents has process 0 look for events when some have come.
func (r *Run) stirOnEvents(run context.Context, e *engine.Engine) {
	for {
		select {
		case <-r.appended():
			r.arrived.Store(true)
			e.Stir()
		case <-run.Done():
			return
		}
	}
}

// progress notes how far the run has got.
func (r *Run) progress(next *store.Run, e *engine.Engine) {
	next.Step += int64(e.Commits())
	next.Output.Base = r.lease.shown()
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
		} else if err := r.screen.writeOutput(o); err != nil {
			return fmt.Errorf("showing the output: %w", err)
		}
		if err := r.lease.markShown(int64(o.Seq)); err != nil {
			return err
		}
	}
	return nil
}

// writeOutput writes an output of a run of several processes.
func (s *screen) writeOutput(o exchange.Output) error {
	if s.log != nil {
		return s.log.Write(runlog.Piece{FD: o.FD, Process: uint32(o.From), Step: o.Step, Base: int64(o.Base), Data: o.Data})
	}
	_, err := s.out[o.FD-1].Write(o.Data)
	return err
}
