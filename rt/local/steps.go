// This file defines the earlier steps of a run that stay readable.

package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pages"
)

// keep notes in the next record which earlier steps are kept, and returns the blob of the present one if it becomes an earlier one.
func (r *Run) keep(next *store.Run) ([]store.Blob, error) {
	if next.Step == r.rec.Step {
		return nil, nil
	}
	var blobs []store.Blob
	next.Kept = slices.Clone(r.rec.Kept)
	if next.Keep > 1 && !r.rec.Snap.IsZero() {
		old := r.rec
		old.Output, old.Kept, old.Shared, old.Pending = store.Output{}, nil, nil, nil
		data, err := old.Encode()
		if err != nil {
			return nil, err
		}
		b := store.NewBlob(r.rec.ID, data)
		blobs = append(blobs, b)
		next.Kept = append(next.Kept, store.Kept{Step: old.Step, Blob: b.Name})
	}
	if n := len(next.Kept) - (max(next.Keep, 1) - 1); n > 0 {
		next.Kept = slices.Delete(next.Kept, 0, n)
	}
	return blobs, nil
}

// readKept reads what a run was at an earlier step.
func readKept(ctx context.Context, s store.Store, id string, k store.Kept) (*store.Run, error) {
	data, err := getBlob(ctx, s, id, k.Blob)
	if err != nil {
		return nil, err
	}
	run, err := store.DecodeRun(store.Record{ID: id, Data: data})
	if err != nil {
		return nil, err
	}
	if run.Step != k.Step {
		return nil, store.Damagedf("run %s is damaged: its step %d is step %d; nothing was deleted", id, k.Step, run.Step)
	}
	return run, nil
}

// Steps returns the steps of a run whose memory can be read, oldest first. They are numbered from 1; each commit makes one.
func Steps(run *store.Run) []int64 {
	var steps []int64
	for _, k := range run.Kept {
		steps = append(steps, k.Step)
	}
	if !run.Snap.IsZero() {
		steps = append(steps, run.Step)
	}
	return steps
}

// A NoStepError says that a step cannot be read because it is not kept, or was never made.
type NoStepError struct {
	ID    string
	Step  int64   // 0: the last one
	Steps []int64 // what can be read, oldest first
}

func (e *NoStepError) Error() string {
	what := fmt.Sprintf("run %s does not keep step %d", e.ID, e.Step)
	if e.Step == 0 {
		what = fmt.Sprintf("run %s has no saved state", e.ID)
	}
	switch n := len(e.Steps); n {
	case 0:
		return what
	case 1:
		return fmt.Sprintf("%s; only step %d can be read", what, e.Steps[0])
	default:
		return fmt.Sprintf("%s; %d steps can be read, from %d to %d", what, n, e.Steps[0], e.Steps[n-1])
	}
}

// ReadStep calls f with the run as it was after a step, 0 being the last one, and with its snapshot, whose size is run.Snap.Size. It needs no lease:
// when the run goes on meanwhile and deletes what is being read, f is called again, with what is the step then. The error may be a
// *NoStepError, or wrap store.ErrNotFound or store.ErrDamaged.
func ReadStep(ctx context.Context, s store.Store, id string, step int64, f func(run *store.Run, snapshot io.Reader) error) error {
	for {
		rec, err := s.Get(ctx, id)
		if err != nil {
			return fmt.Errorf("run %s: %w", id, err)
		}
		run, err := store.DecodeRun(rec)
		if err != nil {
			return err
		}
		err = readStep(ctx, s, run, step, f)
		if err == nil || !errors.Is(err, store.ErrDamaged) {
			return err
		}
		if now, err2 := s.Get(ctx, id); err2 != nil || now.Version == rec.Version {
			return err
		}
	}
}

func readStep(ctx context.Context, s store.Store, run *store.Run, step int64, f func(*store.Run, io.Reader) error) error {
	if i := slices.IndexFunc(run.Kept, func(k store.Kept) bool { return k.Step == step }); i >= 0 {
		old, err := readKept(ctx, s, run.ID, run.Kept[i])
		if err != nil {
			return err
		}
		run = old
	} else if run.Snap.IsZero() || step != 0 && step != run.Step {
		return &NoStepError{run.ID, step, Steps(run)}
	}
	r := pages.NewReader(ctx, s, run.ID, run.Step, run.Snap)
	defer r.Close()
	src := &watched{r: r}
	err := f(run, src)
	if src.err != nil {
		return src.err // whatever f made of it
	}
	return err
}
