// This file writes the state of a process: into its record if it is small, else into pages.

package engine

import (
	"context"
	"io"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pages"
)

// draft writes the state. The draft is nil if it fits the record.
func (t *stored) draft(ctx context.Context, state io.WriterTo, snap *store.Snapshot) (*pages.Draft, error) {
	w := &spill{ctx: ctx, t: t}
	_, err := state.WriteTo(w)
	if w.pipe == nil {
		*snap = store.Snapshot{Size: int64(len(w.head)), Inline: w.head}
		return nil, err
	}
	w.pipe.CloseWithError(err) // nil: the end
	r := <-w.done
	if err == nil {
		err = r.err
	}
	if err != nil {
		return nil, err
	}
	*snap = r.draft.Snapshot
	return r.draft, nil
}

// A spill collects what is written, and gives it to a pages.Set when it becomes too much for a record.
type spill struct {
	ctx  context.Context
	t    *stored
	head []byte
	pipe *io.PipeWriter // nil while all fits
	done chan drafted
}

type drafted struct {
	draft *pages.Draft
	err   error
}

func (w *spill) Write(p []byte) (int, error) {
	if w.pipe != nil {
		return w.pipe.Write(p)
	}
	if len(w.head)+len(p) <= store.MaxInline {
		w.head = append(w.head, p...)
		return len(p), nil
	}
	if err := w.t.open(w.ctx); err != nil {
		return 0, err
	}
	r, pipe := io.Pipe()
	w.pipe, w.done = pipe, make(chan drafted, 1)
	go func() {
		d, err := w.t.set.Write(w.ctx, r)
		r.CloseWithError(err)
		w.done <- drafted{d, err}
	}()
	if _, err := w.pipe.Write(w.head); err != nil {
		return 0, err
	}
	w.head = nil
	return w.pipe.Write(p)
}

// open opens the set of pages.
func (t *stored) open(ctx context.Context) error {
	if t.set != nil {
		return nil
	}
	steps := map[int64]store.Snapshot{}
	if t.rec.step > 0 {
		steps[int64(t.rec.step)] = t.rec.state
	}
	set, err := pages.Open(ctx, t.store, t.owner(), steps)
	if err == nil {
		t.set = set
	}
	return err
}
