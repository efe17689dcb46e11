// This file defines changes that do not wait for the disk. Pebble has one log: records of it that a crash takes are its last ones, and a log
// is synced before the next is begun.

package pebble

import (
	"context"

	"github.com/cockroachdb/pebble/v2"

	"github.com/harkgen/harkgen/rt/store"
)

var _ store.Ordered = (*Store)(nil)

// An unsynced is a Store whose changes are not synced.
type unsynced struct{ *Store }

// Unsynced implements store.Ordered.
func (s *Store) Unsynced() store.Store { return unsynced{s} }

// Sync implements store.Ordered.
func (s *Store) Sync(ctx context.Context) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	return s.sync(pebble.Sync)
}

// sync makes what was changed before durable, if how is pebble.Sync.
func (s *Store) sync(how *pebble.WriteOptions) error {
	if !how.Sync {
		return nil
	}
	return s.wrap(s.db.LogData(nil, pebble.Sync))
}

func (s unsynced) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (int64, error) {
	return s.put(ctx, pebble.NoSync, r, blobs)
}

func (s unsynced) Delete(ctx context.Context, id string, version int64) error {
	return s.delete(ctx, pebble.NoSync, id, version)
}

func (s unsynced) Append(ctx context.Context, mailbox string, ms ...store.Message) error {
	return s.append(ctx, pebble.NoSync, mailbox, ms)
}

func (s unsynced) PutBlob(ctx context.Context, b store.Blob) error {
	return s.putBlob(ctx, pebble.NoSync, b)
}

// Close implements store.Store.
func (s unsynced) Close() error { return nil }
