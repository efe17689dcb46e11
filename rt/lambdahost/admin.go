package lambdahost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/harkgen/harkgen/rt/engine"
	"github.com/harkgen/harkgen/rt/local"
	"github.com/harkgen/harkgen/rt/store"
)

// This file defines what people ask of a run, and what is done about what was lost.

// An InspectEvent asks what a run is doing.
type InspectEvent struct {
	Run     string               `json:"run"`
	Process *uint32              `json:"process,omitempty"` // one of a run of several; nil: all
	Step    int64                `json:"step,omitempty"`    // 0: the last
	Most    int                  `json:"most,omitempty"`    // processes to be described
	How     local.InspectOptions `json:"how"`
}

// An Inspected answers it. Of a run of several processes it has Spread, unless it was asked for one of them.
type Inspected struct {
	Run    *store.Run        `json:"run"` // without its memory
	Memory *local.Inspection `json:"memory,omitempty"`
	Spread *local.Spread     `json:"spread,omitempty"`
}

// inspect has the version of the run describe it.
func (h *host) inspect(ctx context.Context, e *InspectEvent) (any, error) {
	run, _, err := h.get(ctx, e.Run)
	if err != nil {
		return nil, err
	}
	if !h.fits(run) {
		theirs, _ := splitBuild(run.Build)
		answer, err := h.self.call(ctx, theirs, own(request{Inspect: e}))
		if errors.Is(err, errGone) || theirs == h.version {
			err = fmt.Errorf("run %s: %s", run.ID, h.lost(run))
		}
		return json.RawMessage(answer), err
	}
	o := h.options(h.store)
	answer := &Inspected{}
	switch {
	case run.Program.Spread && e.Process == nil:
		answer.Spread, _, err = local.InspectSpread(ctx, o, run.ID, e.Most)
	case run.Program.Spread:
		answer.Memory, _, err = local.InspectProcess(ctx, o, run.ID, *e.Process, e.How)
	default:
		answer.Memory, _, err = local.Inspect(ctx, o, run.ID, e.Step, e.How)
	}
	run.Snap, run.Output = store.Snapshot{}, store.Output{}
	answer.Run = run
	return answer, err
}

// A CancelEvent ends a run.
type CancelEvent struct {
	Run string `json:"run"`
}

// Canceled is the Signal of a run that was cancelled.
const Canceled = "canceled"

// cancel ends a run: its record says so, which whoever executes it finds out with the next commit.
func (h *host) cancel(ctx context.Context, e *CancelEvent) (any, error) {
	for {
		run, version, err := h.get(ctx, e.Run)
		if err != nil {
			return nil, err
		}
		if run.State == store.Done {
			return result(run), nil
		}
		free := run.State != store.Running || h.left(run) <= 0 // nobody executes it
		run.State, run.Exit, run.Signal, run.Reason, run.Error = store.Done, -1, Canceled, "exit", ""
		run.Updated, run.Wake = h.clock.Now(), time.Time{}
		run.Snap, run.Wrote, run.Gs, run.Count, run.Kept = store.Snapshot{}, 0, nil, 0, nil
		run.Output = store.Output{Base: run.Output.Base + run.Output.Size}
		data, err := run.Encode()
		if err != nil {
			return nil, err
		}
		_, err = h.store.Put(ctx, store.Record{ID: run.ID, Version: version, Data: data, Expires: h.expires(run)})
		if errors.Is(err, store.ErrConflict) {
			continue
		}
		if err != nil {
			return nil, err
		}
		h.traces.run(run)
		switch {
		case free:
			err = local.CleanUp(ctx, h.store, run)
		case run.Program.Spread:
			err = engine.Cancel(ctx, h.store, run.ID) // what is left is swept
		}
		return result(run), err
	}
}

// A SweepEvent asks for what was lost.
type SweepEvent struct{}

// Swept says what was found.
type Swept struct {
	Woken   int `json:"woken"`   // runs that nobody would have woken
	Cleaned int `json:"cleaned"` // runs that have ended, of which something was left
}

const (
	overdue   = 5 * time.Minute  // when a wake-up is taken for lost
	abandoned = 15 * time.Minute // when no invocation is left that executed a run
	sweepEach = time.Hour        // how often this is done, about
)

// sweep looks at all runs of the entry: it wakes those that are overdue, since their wake-up or the invocation that executed them was lost, and deletes what is left of those that have ended.
func (h *host) sweep(ctx context.Context) (*Swept, error) {
	res := &Swept{}
	parts := map[string]bool{} // ids of runs that have records beside their own
	var ended []*store.Run
	for page := ""; ; {
		rs, next, err := h.store.List(ctx, "", page, 500)
		if err != nil {
			return nil, err
		}
		for _, rec := range rs {
			if id, _, part := strings.Cut(rec.ID, "/"); part {
				parts[id] = true
				continue
			}
			run, err := store.DecodeRun(rec)
			if err != nil {
				h.logf("%v", err)
				continue
			}
			if run.Program.Package != h.program {
				continue // another entry's
			}
			due, err := h.tend(ctx, run)
			if err != nil {
				return nil, err
			}
			if over(run) {
				ended = append(ended, run)
			} else if due {
				if err := h.wakeIn(ctx, wakeUp{Run: run.ID, Step: run.Step}, 0); err != nil {
					return nil, err
				}
				res.Woken++
			}
		}
		if page = next; page == "" {
			break
		}
	}
	for _, run := range ended {
		age := h.clock.Now().Sub(run.Updated)
		if run.Bare || age < abandoned || age > abandoned+2*sweepEach && !parts[run.ID] {
			continue
		}
		if err := local.CleanUp(ctx, h.store, run); err != nil {
			return nil, err
		}
		res.Cleaned++
	}
	return res, nil
}

// tend does what a run needs now and then, and reports whether it should be woken.
func (h *host) tend(ctx context.Context, run *store.Run) (bool, error) {
	if h.entry.Kind != KindServer {
		return h.isOverdue(run), nil
	}
	if err := h.forgetResponses(ctx, run.ID); err != nil {
		return false, err
	}
	due, err := h.serverDue(ctx, run)
	return h.isOverdue(run) || due && run.State == store.Waiting, err
}

// isOverdue reports whether the run should have been woken long ago.
func (h *host) isOverdue(run *store.Run) bool {
	switch {
	case run.State == store.Failed || run.State == store.Waiting && run.Wake.IsZero():
		return false
	case run.Wake.IsZero(): // its last invocation was about to send a wake-up
		return h.clock.Now().Sub(run.Updated) > overdue
	}
	return h.left(run) < -overdue
}
