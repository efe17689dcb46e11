// This file deletes what is not needed any more.

package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

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
		select {
		case <-e.toClean:
		case <-ctx.Done():
			return nil
		}
		if e.bulk != nil { // those that end meanwhile share the request
			select {
			case <-time.After(e.o.SyncAfter):
			case <-ctx.Done():
				return nil
			}
		}
		if err := e.cleanAll(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// cleanAll deletes the records of all processes that have ended.
func (e *Engine) cleanAll(ctx context.Context) error {
	for {
		e.mu.Lock()
		list := e.ended[:min(len(e.ended), bulkSize)]
		if len(list) == 0 {
			e.ended = nil
			bell(e.toTimer)
			e.mu.Unlock()
			return nil
		}
		e.mu.Unlock()
		if err := e.deleteEnded(ctx, list); err != nil {
			return fmt.Errorf("deleting processes that have ended: %w", err)
		}
		e.mu.Lock()
		e.ended = e.ended[len(list):]
		e.mu.Unlock()
	}
}

func (e *Engine) deleteEnded(ctx context.Context, list []garbage) error {
	var ids []string
	for _, g := range list {
		switch {
		case g.alone && e.bulk != nil:
			ids = append(ids, recordID(e.o.Run, g.p))
		case g.alone && e.store.Delete(ctx, recordID(e.o.Run, g.p), g.version) == nil:
		default:
			if err := deleteProcess(ctx, e.store, e.o.Run, g.p); err != nil {
				return err
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return e.deleteBulk(ctx, ids)
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
	todo := e.deleteSlots(ctx)
	for _, p := range e.Live() {
		todo = append(todo, func() error { return deleteProcess(ctx, e.store, e.o.Run, p) })
	}
	for list := range slices.Chunk(e.ended, bulkSize) {
		todo = append(todo, func() error { return e.deleteEnded(ctx, list) })
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

// deleteSlots returns what deletes the slots of the log.
func (e *Engine) deleteSlots(ctx context.Context) (todo []func() error) {
	var ids []string
	for i := range min(e.fold.next, e.size.ring) {
		last := (e.fold.next - 1 - i) / e.size.ring // round of the last entry in the slot
		if ids = append(ids, e.log.slotID(i)); e.bulk == nil {
			todo = append(todo, func() error { return e.deleteRecord(ctx, e.log.slotID(i), int64(last)+1) })
		}
	}
	for ids := range slices.Chunk(ids, bulkSize) {
		if e.bulk != nil {
			todo = append(todo, func() error { return e.deleteBulk(ctx, ids) })
		}
	}
	return todo
}

// bulkSize is how many records are deleted by one call; the calls go side by side.
const bulkSize = 100

func (e *Engine) deleteBulk(ctx context.Context, ids []string) error {
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
