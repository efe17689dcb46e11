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

// A garbage is the record of a process that has ended. Of one that another engine has seen to its end only the number is known: there may be
// no record.
type garbage struct {
	p       exchange.ProcessID
	version int64
	alone   bool // it points to no blobs
}

// record returns what there is of the process in the store.
func (t *Task) record() garbage {
	return garbage{t.p, t.version, t.version > 0 && len(t.rec.batch.Blobs)+len(t.rec.state.Pages) == 0}
}

// toDelete asks for the deletion of a record. It stands in e.ended until that is done, and so in every checkpoint: of what ends after the
// checkpoint an engine that begins knows by the log. The caller holds mu.
func (e *Engine) toDelete(g garbage) { // rule: sweep
	e.ended = append(e.ended, g)
	bell(e.toClean)
}

// endedIn returns the process whose record b may leave: it has ended with b, and not in its first step.
func endedIn(b *exchange.Batch) (p exchange.ProcessID, ok bool) {
	return b.From, b.Ended && b.Step > 1
}

// clean deletes records.
func (e *Engine) clean(ctx context.Context) error {
	for {
		e.mu.Lock()
		list := e.ended[:min(len(e.ended), 64)]
		e.mu.Unlock()
		if len(list) == 0 {
			select {
			case <-e.toClean:
				continue
			case <-ctx.Done():
				return nil
			}
		}
		for _, g := range list {
			if err := e.deleteGarbage(ctx, g); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				return fmt.Errorf("deleting process %d: %w", g.p, err)
			}
		}
		e.mu.Lock()
		if e.ended = e.ended[len(list):]; len(e.ended) == 0 {
			e.ended = nil
			bell(e.toTimer)
		}
		e.mu.Unlock()
	}
}

func (e *Engine) deleteGarbage(ctx context.Context, g garbage) error {
	if g.alone && e.store.Delete(ctx, recordID(e.o.Run, g.p), g.version) == nil {
		return nil
	}
	return deleteProcess(ctx, e.store, e.o.Run, g.p)
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

// Delete deletes what the engine knows to be stored of the run, which has ended. That is all, unless something was left by workers and engines that have been
// overtaken: Delete of the package finds that, but has to look for it.
func (e *Engine) Delete(ctx context.Context) error {
	var alone []store.Record // that are deleted with nothing else
	for i := range min(e.fold.next, e.size.ring) {
		last := (e.fold.next - 1 - i) / e.size.ring // round of the last entry in the slot
		alone = append(alone, store.Record{ID: e.log.slotID(i), Version: int64(last) + 1})
	}
	var todo []func() error
	for _, p := range e.Live() {
		todo = append(todo, func() error { return deleteProcess(ctx, e.store, e.o.Run, p) })
	}
	for _, g := range e.ended {
		if g.alone {
			alone = append(alone, store.Record{ID: recordID(e.o.Run, g.p), Version: g.version})
		} else {
			todo = append(todo, func() error { return deleteProcess(ctx, e.store, e.o.Run, g.p) })
		}
	}
	if err := e.deleteRecords(ctx, alone); err != nil {
		return err
	}
	if err := inParallel(todo); err != nil {
		return err
	}
	for _, b := range e.blobs {
		deleteBlobs(ctx, e.store, []string{b.name})
	}
	if e.checkpoint.version == 0 {
		return e.sync(ctx)
	}
	if err := e.deleteRecord(ctx, checkpointID(e.o.Run), e.checkpoint.version); err != nil {
		return err
	}
	var pages []string
	e.checkpoint.set.Names(func(name string) { pages = append(pages, name) })
	deleteBlobs(ctx, e.store, pages)
	return e.sync(ctx)
}

// deleteRecords deletes records, with few requests if the store can.
func (e *Engine) deleteRecords(ctx context.Context, rs []store.Record) error {
	if len(rs) == 0 {
		return nil
	}
	if e.bulk == nil {
		var todo []func() error
		for _, r := range rs {
			todo = append(todo, func() error { return e.deleteRecord(ctx, r.ID, r.Version) })
		}
		return inParallel(todo)
	}
	var ids []string
	for _, r := range rs {
		ids = append(ids, r.ID)
	}
	return store.Retry(ctx, func(bool) error { return e.bulk.DeleteRecords(ctx, ids...) })
}

// deleteRecord deletes a record, unless somebody else has, or has replaced it.
func (e *Engine) deleteRecord(ctx context.Context, id string, version int64) error {
	err := e.store.Delete(ctx, id, version)
	if errors.Is(err, store.ErrNotFound) || errors.Is(err, store.ErrConflict) {
		return nil
	}
	return err
}

// inParallel calls functions, many at the same time, and returns the first error.
func inParallel(todo []func() error) error {
	const most = 32
	errs := make(chan error, len(todo))
	room := make(chan struct{}, most)
	for _, f := range todo {
		room <- struct{}{}
		go func() {
			errs <- f()
			<-room
		}()
	}
	var first error
	for range todo {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
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
