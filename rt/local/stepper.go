// This file executes processes for a run that is executed elsewhere.

package local

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt/engine"
	"github.com/harkgen/harkgen/rt/store"
)

// A Stepper executes processes of a run for the machine that has its exchange, one after the other. Its worker lives on between them.
type Stepper struct {
	pool *pool

	mu   sync.Mutex
	fail context.CancelCauseFunc // of the present step
}

// stepperKeeps is how long a worker is kept for the next step.
const stepperKeeps = 15 * time.Minute

// NewStepper returns a Stepper for the run with this id and program. Of the options it uses Store, Worker, Stderr, Env and Patience.
func NewStepper(ctx context.Context, o *Options, id string, program store.Program) (*Stepper, error) {
	run := &store.Run{ID: id, Program: program}
	args, err := arguments(ctx, o.Store, run)
	if err != nil {
		return nil, err
	}
	s := &Stepper{}
	s.pool = newPool(&Run{o: o.defaults(), rec: *run, args: args}, func(err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.fail(err)
	}, nil)
	s.pool.once, s.pool.keep = true, stepperKeeps
	s.pool.begin()
	return s, nil
}

// Step executes the process of a ticket until it has made a commit, for which it is asked at k.Until. The error is a *FailedError if the run cannot go on, and
// that of ctx if the process could not be saved until that ended.
func (s *Stepper) Step(ctx context.Context, k *engine.Ticket) (*engine.Outcome, error) {
	g, err := engine.OpenTicket(s.pool.r.o.Store, k)
	if err != nil {
		return nil, err
	}
	ctx, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	s.mu.Lock()
	s.fail = fail
	s.mu.Unlock()
	defer time.AfterFunc(time.Until(k.Until), g.Drain).Stop()
	err = s.pool.execute(ctx, g)
	if o, done := g.Outcome(); done {
		return o, nil
	}
	if failed, ok := errors.AsType[*FailedError](context.Cause(ctx)); ok {
		return nil, failed
	}
	return nil, err
}

// Close ends the worker.
func (s *Stepper) Close() { s.pool.end() }
