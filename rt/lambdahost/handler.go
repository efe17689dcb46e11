package lambdahost

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
)

// This file defines what the handler does with an event.

// serve does what is asked for.
func (h *host) serve(ctx context.Context, r *request) (any, error) {
	switch {
	case r.Start != nil:
		return h.start(ctx, r.Start)
	case r.Step != nil:
		return h.step(ctx, r.Step)
	case r.Wake != nil:
		return nil, h.wakeUp(ctx, *r.Wake)
	case r.Inspect != nil:
		return h.inspect(ctx, r.Inspect)
	case r.Cancel != nil:
		return h.cancel(ctx, r.Cancel)
	case r.Sweep != nil:
		return h.sweep(ctx)
	}
	return nil, errors.New("the request is empty")
}

// start creates the run, or finds it if the event is a repeat, and executes it.
func (h *host) start(ctx context.Context, e *StartEvent) (Result, error) {
	id := e.Run
	if id == "" {
		if id = requestID(ctx); id == "" {
			return Result{}, errors.New("the event names no run and the invocation has no id")
		}
	}
	if err := store.CheckID(id); err != nil {
		return Result{}, fmt.Errorf("run: %w", err)
	}
	run, version, err := h.get(ctx, id)
	fresh := errors.Is(err, store.ErrNotFound)
	if fresh {
		run, version, err = h.create(ctx, &birth{id: id, args: e.Args, input: e.Input})
	}
	if err != nil {
		return Result{}, err
	}
	if !slices.Equal(run.Program.Args, e.Args) && run.Program.ArgsBlob == "" {
		return Result{}, fmt.Errorf("run %s exists, with other arguments", id)
	}
	switch {
	case ended(run) || version > 1 && h.left(run) > 0 || version == 0:
		return result(run), nil
	case !h.fits(run):
		return h.passOn(ctx, run, version, wakeUp{Run: id})
	}
	if !fresh {
		if err := h.insure(ctx, id); err != nil {
			return Result{}, err
		}
	}
	return h.execute(ctx, run, version, wakeUp{})
}

// left returns how long it is until there is something to do for the run: the time of a program's waits is that of the clock, and that of an invocation real.
func (h *host) left(run *store.Run) time.Duration {
	if run.State == store.Running {
		return time.Until(run.Wake)
	}
	return run.Wake.Sub(h.clock.Now())
}

// A birth says what a run begins with.
type birth struct {
	id    string
	args  []string
	input string
	event *delivery // nil: none
}

// create stores a new run. When somebody else has just created it, version is 0: it is theirs to execute.
func (h *host) create(ctx context.Context, b *birth) (run *store.Run, version int64, err error) {
	// Before the record: see invariant 1.
	if err := h.insure(ctx, b.id); err != nil {
		return nil, 0, err
	}
	if b.input != "" {
		if err := local.PutInput(ctx, h.store, b.id, []byte(b.input)); err != nil {
			return nil, 0, err
		}
	}
	now := h.clock.Now()
	run = &store.Run{
		ID:      b.id,
		Program: store.Program{Package: h.program, Args: b.args, Spread: h.spread},
		Stdin:   store.Stdin{Attached: b.input != ""},
		Build:   h.build,
		State:   store.Running,
		Created: now,
		Updated: now,
		Wake:    h.gone(ctx),
	}
	if b.event != nil {
		if err := h.attach(ctx, run, b.event); err != nil {
			return nil, 0, err
		}
	}
	blobs, err := run.PackArgs()
	if err != nil {
		return nil, 0, err
	}
	run.Bare = h.entry.Kind != KindServer && !h.spread && b.input == "" && len(blobs)+len(eventBlobs(run)) == 0
	version, err = store.PutRun(ctx, h.store, run, 0, blobs...)
	if errors.Is(err, store.ErrConflict) {
		run, _, err = h.get(ctx, b.id)
		return run, 0, err
	}
	if err == nil {
		h.tally.started++
	}
	return run, version, err
}

// eventBlobs returns the blobs of the event that starts a run.
func eventBlobs(run *store.Run) (names []string) {
	for _, e := range []*store.Event{run.Program.Event, run.Origin} {
		if e != nil {
			names = append(names, e.Blobs...)
		}
	}
	return names
}

// insure sends a wake-up for the case that this invocation is killed while it executes the run, which no message has asked it for. One that comes a little early is sent on; a schedule
// for the second after the longest delay would cost a request of another service.
func (h *host) insure(ctx context.Context, run string) error {
	gone := h.gone(ctx)
	return h.wakeIn(ctx, wakeUp{Run: run, Step: beforeAny, Until: gone.UnixMilli()}, min(time.Until(gone)+time.Second, maxDelay))
}

// attach gives a new run its event.
func (h *host) attach(ctx context.Context, run *store.Run, d *delivery) error {
	e, err := store.NewEvent(ctx, h.store, run.ID, startID, d.kind, d.data)
	if err != nil {
		return err
	}
	run.Program.Event = &e
	if d.origin == nil {
		return nil
	}
	o, err := store.NewEvent(ctx, h.store, run.ID, "origin", d.kind, d.origin)
	run.Origin = &o
	return err
}

// beforeAny is the step of a wake-up that is stale for every run that waits.
const beforeAny = -1

func (h *host) get(ctx context.Context, id string) (*store.Run, int64, error) {
	rec, err := h.store.Get(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	run, err := store.DecodeRun(rec)
	return run, rec.Version, err
}

// gone returns when the invocation will be over, whatever happens.
func (h *host) gone(ctx context.Context) time.Time {
	if d, ok := ctx.Deadline(); ok {
		return d
	}
	return time.Now().Add(maxDelay)
}

// wakeUps handles the records of a batch. Those that failed are shown again after a while, and in
// the end become dead letters.
func (h *host) wakeUps(ctx context.Context, e *events.SQSEvent) events.SQSEventResponse {
	res := events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{}}
	for _, m := range e.Records {
		w, err := decodeWakeUp(m.Body)
		if err == nil {
			w.again = received(m) > 1
			err = h.wakeUp(ctx, w)
		}
		if err != nil {
			h.logf("%v", err)
			h.again(ctx, m, w, err)
			res.BatchItemFailures = append(res.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: m.MessageId})
		}
	}
	return res
}

// maxReceives is how often the queue shows a message before it is a dead letter. The template says so.
const maxReceives = 5

// again makes a failed message come back sooner than after the visibility timeout: after half a minute, then twice as long, and so on. Before it becomes a dead
// letter, the record of the run is told why.
func (h *host) again(ctx context.Context, m events.SQSMessage, w wakeUp, why error) {
	n := received(m)
	if n >= maxReceives {
		h.note(ctx, w, why)
	}
	delay := 30 * time.Second << min(max(n-1, 0), 5)
	if err := h.queue.again(ctx, m.ReceiptHandle, delay); err != nil {
		h.logf("the message is shown again only after the visibility timeout: %v", err)
	}
}

func received(m events.SQSMessage) int {
	n, _ := strconv.Atoi(m.Attributes["ApproximateReceiveCount"])
	return n
}

// note writes into the record of a run, unless somebody executes it, why its wake-ups fail.
func (h *host) note(ctx context.Context, w wakeUp, why error) {
	run, version, err := h.get(ctx, w.Run)
	if err != nil || ended(run) || h.left(run) > 0 {
		return
	}
	run.Error = fmt.Sprintf("its wake-up has failed %d times, and is among the dead letters: %v", maxReceives, why)
	if _, err := store.PutRun(ctx, h.store, run, version); err != nil {
		h.logf("run %s: %v", run.ID, err)
	}
}

// wakeUp handles one message. See "Wake-ups".
func (h *host) wakeUp(ctx context.Context, w wakeUp) error {
	h.about(ctx, w.Run)
	run, version, err := h.get(ctx, w.Run)
	if errors.Is(err, store.ErrNotFound) {
		h.logf("a wake-up for run %s, which does not exist", w.Run)
		return nil // its start event failed, or somebody has deleted it
	}
	if err != nil {
		return err
	}
	wait := h.left(run)
	switch {
	case over(run) || run.State == store.Failed && w.Step != 0:
		return h.relog(ctx, run, w.again)
	case wait >= time.Second && run.State == store.Running && w.again: // whoever had it may have taken the lease, and have been killed
		w.Step, w.Until = beforeAny, run.Wake.UnixMilli()
		return h.wakeIn(ctx, w, wait)
	case h.entry.Kind == KindServer && run.State == store.Running && wait >= time.Second:
		return nil // who has the lease sees to the rest
	case h.entry.Kind == KindServer && run.State == store.Waiting && run.Wake.IsZero() && w.Step != 0:
		if due, err := h.serverDue(ctx, run); err != nil || !due {
			return err
		}
		return h.wakeUp(ctx, wakeUp{Run: w.Run, Tries: w.Tries})
	case wait >= time.Second && w.stale(run):
		return h.relog(ctx, run, w.again)
	case wait >= time.Second && w.ahead(run):
		return h.wakeIn(ctx, w, min(wait, soon))
	case wait >= time.Second:
		if w.Step == 0 { // by hand: it has done its part
			w.Step = beforeAny
		}
		w.Until = run.Wake.UnixMilli()
		return h.wakeIn(ctx, w, wait)
	case !h.fits(run):
		_, err = h.passOn(ctx, run, version, w)
		return err
	case time.Until(h.gone(ctx)) < minTime:
		return h.wakeIn(ctx, w, 0) // earlier records of the batch have used up the time
	}
	h.woken(run)
	_, err = h.execute(ctx, run, version, w)
	return err
}

// stale reports whether a wake-up that is not due is one of several: whoever made the run wait, or has taken its lease since, sees to it that there is another.
func (w *wakeUp) stale(run *store.Run) bool {
	switch {
	case w.Step == 0: // by hand
		return false
	case run.State == store.Running && w.Until != 0:
		return w.Until < run.Wake.UnixMilli()
	}
	return w.Step < run.Step
}

// ahead reports whether a wake-up has come before the commit with which the run begins to wait: that is put after it is sent.
func (w *wakeUp) ahead(run *store.Run) bool {
	return run.State == store.Running && w.Until == 0 && w.Step > 0
}

// soon is when a wake-up that is ahead is looked at again.
const soon = 10 * time.Second

// ended reports whether nothing more is to be done for the run here; one that has failed is resumed by people only.
func ended(r *store.Run) bool { return r.State == store.Done || r.State == store.Failed }

// over reports whether nothing more will be done for the run: its program has ended, even if its handler has failed.
func over(r *store.Run) bool {
	return r.State == store.Done || r.State == store.Failed && failedAnswer(r.Answer)
}

// minTime is what is left of an invocation at least when a run is executed in it.
const minTime = 3 * time.Second
