// This file deletes what is not needed any more.

package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pages"
)

// A garbage is the record of a process that has ended.
type garbage struct {
	p       exchange.ProcessID
	version int64
	alone   bool // it points to no blobs
}

// toDelete asks for the deletion of the record of t, which has ended. A crash leaves it to Delete.
func (t *Task) toDelete() {
	g := garbage{t.p, t.version, len(t.rec.batch.Blobs)+len(t.rec.state.Pages) == 0}
	t.e.mu.Lock()
	t.e.ended = append(t.e.ended, g)
	t.e.mu.Unlock()
	bell(t.e.toClean)
}

// clean deletes records.
func (e *Engine) clean(ctx context.Context) error {
	for {
		select {
		case <-e.toClean:
		case <-ctx.Done():
			return nil
		}
		e.mu.Lock()
		list := e.ended
		e.ended = nil
		e.mu.Unlock()
		for _, g := range list {
			if g.alone && e.store.Delete(ctx, recordID(e.o.Run, g.p), g.version) == nil {
				continue
			}
			if err := deleteProcess(ctx, e.store, e.o.Run, g.p); err != nil && ctx.Err() == nil {
				return fmt.Errorf("deleting process %d: %w", g.p, err)
			}
		}
	}
}

// deleteProcess deletes the record of a process that has ended, and its blobs.
func deleteProcess(ctx context.Context, s store.Store, run string, p exchange.ProcessID) error {
	for {
		rec, err := s.Get(ctx, recordID(run, p))
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		r, err := decodeRecord(rec.Data)
		if err != nil {
			return err
		}
		blobs := r.batch.Blobs
		if len(r.state.Pages) > 0 {
			set, err := pages.Open(ctx, s, owner(run, uint32(p)%owners), map[int64]store.Snapshot{int64(r.step): r.state})
			if err != nil {
				return err
			}
			set.Names(func(name string) { blobs = append(blobs, name) })
		}
		err = s.Delete(ctx, rec.ID, rec.Version)
		if errors.Is(err, store.ErrConflict) {
			continue // a worker that does not know that it has ended
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		deleteBlobs(ctx, s, blobs)
		return nil
	}
}

// Delete deletes all that is stored of a run. No engine may execute it any more.
func Delete(ctx context.Context, s store.Store, run string) error {
	view, sync := store.Unsynced(s)
	view = patient{view}
	for page := ""; ; {
		rs, next, err := view.List(ctx, run+"/", page, 1000)
		if err != nil {
			return err
		}
		for _, r := range rs {
			err := view.Delete(ctx, r.ID, r.Version)
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		if page = next; page == "" {
			break
		}
	}
	list := []string{logOwner(run), checkpointID(run)}
	for n := range uint32(owners) {
		list = append(list, owner(run, n))
	}
	for _, o := range list {
		for page := ""; ; {
			names, next, err := view.Blobs(ctx, o, page, 1000)
			if err != nil {
				return err
			}
			if err := pages.Delete(ctx, view, names); err != nil {
				return err
			}
			if page = next; page == "" {
				break
			}
		}
	}
	return sync(ctx)
}
