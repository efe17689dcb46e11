package lambdahost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/harkgen/harkgen/rt/engine"
	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
)

// This file defines how the processes of a run are executed by step invocations: both sides.
//
// The coordinator, which has the lease of the run, makes a ticket (package engine) and invokes the function. The other side executes the process until it has
// nothing to do, or until the time in the ticket, puts its record, and answers with the outcome.
//
//	fault                                       is mended by
//	the step invocation dies, or fails          the process is executed again from its last commit; the run fails after five times in a row
//	Lambda throttles, or answers with 5xx       the coordinator asks again, as long as it has time
//	the answer is lost                          the same: the coordinator finds the commit in the record, but for that of a process that has ended
//	the coordinator dies                        the next one loads what is runnable; what a step invocation has put meanwhile is found in the records
//	two coordinators, two step invocations      one put of a record wins

// maxDirect is how much of a ticket or an outcome goes along with the invocation; its payload has room for 6 MB, in base64.
const maxDirect = 4 << 20

// A stepEvent asks for a step.
type stepEvent struct {
	Program store.Program `json:"program"` // what is needed of it
	Build   string        `json:"build"`   // identity of the coordinator's
	parcel
}

// A stepAnswer is what has become of it: the outcome, or one of the others.
type stepAnswer struct {
	parcel
	Fenced  bool   `json:"fenced,omitzero"`  // somebody else has stepped the process
	Unsaved bool   `json:"unsaved,omitzero"` // it was not saved in time
	Failed  string `json:"failed,omitzero"`  // why the run fails

	Cost store.Cost `json:"cost,omitzero"`
}

// A parcel is bytes that may be too large for a payload.
type parcel struct {
	Data []byte `json:"data,omitempty"`
	Blob string `json:"blob,omitzero"`
}

// pack returns data as a parcel. What is large is stored for a process that is part of the run.
func (h *host) pack(ctx context.Context, k *engine.Ticket, data []byte) (parcel, error) {
	if len(data) <= maxDirect {
		return parcel{Data: data}, nil
	}
	b := store.NewBlob(k.Owner(), data)
	return parcel{Blob: b.Name}, h.store.PutBlob(ctx, b)
}

func (h *host) unpack(ctx context.Context, p parcel) ([]byte, error) {
	if p.Blob == "" {
		return p.Data, nil
	}
	return h.store.GetBlob(ctx, p.Blob)
}

func (h *host) discard(ctx context.Context, p parcel) {
	if p.Blob != "" {
		h.store.DeleteBlob(ctx, p.Blob) // what stays is deleted with the run
	}
}

// A fleet is the step invocations of a coordinator. It implements engine.Worker.
type fleet struct {
	h     *host
	run   *store.Run
	until time.Time // when steps are to be over
}

// Execute implements engine.Worker.
func (f *fleet) Execute(ctx context.Context, t *engine.Task) error {
	for {
		k, err := t.Ticket(ctx, f.until)
		if err != nil {
			return err
		}
		o, err := f.step(ctx, t.Class(), k)
		if err != nil {
			return err
		}
		if last, err := t.Adopt(ctx, o); last || err != nil {
			return err
		}
	}
}

// step has a ticket executed.
func (f *fleet) step(ctx context.Context, class string, k *engine.Ticket) (*engine.Outcome, error) {
	p, err := f.h.pack(ctx, k, k.Append(nil))
	if err != nil {
		return nil, err
	}
	defer f.h.discard(ctx, p)
	_, build := splitBuild(f.h.build)
	a, err := f.call(ctx, class, &stepEvent{Program: f.program(), Build: build, parcel: p})
	if err != nil {
		return nil, err
	}
	f.h.meter.add(a.Cost)
	switch {
	case a.Fenced:
		return nil, engine.ErrFenced
	case a.Unsaved:
		return nil, engine.ErrDrain
	case a.Failed != "":
		return nil, &local.FailedError{ID: f.run.ID, Why: a.Failed}
	}
	defer f.h.discard(ctx, a.parcel)
	data, err := f.h.unpack(ctx, a.parcel)
	if err != nil {
		return nil, err
	}
	return engine.DecodeOutcome(data)
}

func (f *fleet) program() store.Program {
	p := f.run.Program
	return store.Program{Args: p.Args, ArgsBlob: p.ArgsBlob, Cwd: p.Cwd}
}

// call invokes the function, or that of the class, again if there are too many invocations, or Lambda is in trouble: if a step was made all the same, the next one is told that it is fenced.
func (f *fleet) call(ctx context.Context, class string, e *stepEvent) (*stepAnswer, error) {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		data, err := f.invoke(ctx, class, own(request{Step: e}))
		if err == nil {
			a := new(stepAnswer)
			return a, json.Unmarshal(data, a)
		}
		if !errors.Is(err, errThrottled) && !errors.Is(err, errTrouble) {
			return nil, err
		}
		if time.Now().After(f.until) {
			return nil, engine.ErrDrain
		}
		if !sleep(ctx, pause/2+rand.N(pause)) {
			return nil, context.Cause(ctx)
		}
	}
}

func (f *fleet) invoke(ctx context.Context, class string, payload any) ([]byte, error) {
	if class == "" {
		return f.h.self.call(ctx, f.h.version, payload)
	}
	arn := f.h.classes[class]
	if arn == "" {
		return nil, &local.FailedError{ID: f.run.ID, Why: "the function's " + EnvClasses + " has no function for goroutines of class " + class + "; deploy with the template that harkgen has written"}
	}
	return f.h.self.invoke(ctx, arn, "", payload, true)
}

// step executes the process of a ticket.
func (h *host) step(ctx context.Context, e *stepEvent) (*stepAnswer, error) {
	a, err := h.stepOnce(ctx, e)
	if a != nil {
		a.Cost = h.meter.read()
	}
	return a, err
}

func (h *host) stepOnce(ctx context.Context, e *stepEvent) (*stepAnswer, error) {
	if _, ours := splitBuild(h.build); e.Build != ours {
		return nil, fmt.Errorf("this is build %s, and the step is one of build %s; a saved process fits no other build", ours, e.Build)
	}
	data, err := h.unpack(ctx, e.parcel)
	if err != nil {
		return nil, fmt.Errorf("the ticket: %w", err)
	}
	k, err := engine.DecodeTicket(data)
	if err != nil {
		return nil, err
	}
	if err := h.prepare(ctx, k.Run, e.Program); err != nil {
		return nil, err
	}
	h.about(ctx, k.Run)
	gone := h.gone(ctx)
	margin := h.margin(time.Until(gone))
	if own := gone.Add(-margin); own.Before(k.Until) {
		k.Until = own
	}
	working, cancel := context.WithDeadline(ctx, k.Until.Add(margin/2))
	defer cancel()
	o, err := h.stepper.Step(working, k)
	if err == nil {
		p, err := h.pack(ctx, k, o.Append(nil))
		return &stepAnswer{parcel: p}, err
	}
	h.endSteps() // the worker may be in any state
	if failed, ok := errors.AsType[*local.FailedError](err); ok {
		return &stepAnswer{Failed: failed.Why}, nil
	}
	switch {
	case errors.Is(err, engine.ErrFenced):
		return &stepAnswer{Fenced: true}, nil
	case errors.Is(err, engine.ErrDrain), working.Err() != nil:
		return &stepAnswer{Unsaved: true}, nil
	}
	return nil, err
}

// prepare sees to it that the stepper is that of the run.
func (h *host) prepare(ctx context.Context, run string, program store.Program) (err error) {
	if h.stepper != nil && h.stepping == run {
		return nil
	}
	h.endSteps()
	o := h.options(h.store)
	o.OnStep = h.traces.steps(run)
	h.stepper, err = local.NewStepper(ctx, o, run, program)
	h.stepping = run
	return err
}

func (h *host) endSteps() {
	if h.stepper != nil {
		h.stepper.Close()
		h.stepper = nil
	}
}
