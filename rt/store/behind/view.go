package behind

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/harkgen/harkgen/rt/store"
)

// This file defines the view whose changes are made in memory.

// A view is what Unsynced returns.
type view struct{ *Store }

var _ store.Amender = view{}

// Unsynced implements store.Ordered.
func (s *Store) Unsynced() store.Store { return view{s} }

// Close implements store.Store.
func (v view) Close() error { return nil }

// Put implements store.Store.
func (v view) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (int64, error) {
	if err := store.CheckPut(r, blobs); err != nil {
		return 0, err
	}
	if r.Token == "" {
		r.Token = store.NewToken()
	}
	size := 0
	for _, b := range blobs {
		size += len(b.Data)
	}
	made, err := v.expect(ctx, r, size)
	if err != nil || made {
		return r.Version + 1, err
	}
	defer v.mu.Unlock()
	for _, b := range blobs {
		v.open.putBlob(b)
	}
	r.Data = bytes.Clone(r.Data)
	v.open.put(r)
	return r.Version + 1, nil
}

// Delete implements store.Store.
func (v view) Delete(ctx context.Context, id string, version int64) error {
	if err := store.CheckID(id); err != nil {
		return err
	}
	if _, err := v.expect(ctx, store.Record{ID: id, Version: version}, 0); err != nil {
		return err
	}
	defer v.mu.Unlock()
	v.open.delete(id, version)
	return nil
}

// expect locks mu for a change that replaces r.Version, with so many bytes of blobs. It does not if it reports that r was put before, or with an error: ErrNotFound and ErrConflict
// are answers to a deletion, which has no token, and a put.
func (v view) expect(ctx context.Context, r store.Record, blobs int) (made bool, err error) {
	for {
		if err := v.begin(ctx, len(r.Data), blobs); err != nil {
			return false, err
		}
		now, seen := v.known[r.ID]
		c := v.pending(r.ID)
		if c != nil {
			now, seen = c.New, true
		}
		if !seen || now == r.Version {
			return false, nil
		}
		v.mu.Unlock()
		stored := store.Record{}
		if c != nil {
			stored = store.Record{Version: c.New, Token: c.Token}
		} else if stored, err = v.below.Get(ctx, r.ID); err != nil && !errors.Is(err, store.ErrNotFound) { // somebody else may have changed it
			return false, err
		}
		switch {
		case store.IsRepeat(stored, r):
			return true, nil
		case stored.Version == 0 && r.Token == "":
			return false, fmt.Errorf("record %s: %w", r.ID, store.ErrNotFound)
		case stored.Version != r.Version:
			return false, fmt.Errorf("record %s, version %d: %w", r.ID, r.Version, store.ErrConflict)
		}
		v.mu.Lock()
		if v.known[r.ID] == now { // else it has been changed here meanwhile
			v.known[r.ID] = stored.Version
		}
		v.mu.Unlock()
	}
}

// Amend implements store.Amender.
func (v view) Amend(id string, version int64, data []byte) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	c := v.open.records[id]
	if c == nil || c.New != version || v.failed != nil || v.open.size-len(c.Data)+len(data) > store.MaxApply {
		return false
	}
	r := *c
	r.Data = bytes.Clone(data)
	v.open.set(&r)
	return true
}

// PutBlob implements store.Store.
func (v view) PutBlob(ctx context.Context, b store.Blob) error {
	if err := store.CheckPut(store.Record{ID: "x"}, []store.Blob{b}); err != nil {
		return err
	}
	if err := v.begin(ctx, 0, len(b.Data)); err != nil {
		return err
	}
	defer v.mu.Unlock()
	v.open.putBlob(b)
	return nil
}

// DeleteBlob implements store.Store.
func (v view) DeleteBlob(ctx context.Context, name string) error {
	if err := store.CheckBlobName(name); err != nil {
		return err
	}
	if err := v.begin(ctx, 0, 0); err != nil {
		return err
	}
	defer v.mu.Unlock()
	v.open.deleteBlob(name)
	return nil
}
