// This file defines changes that do not wait for the disk. Only the process that serves can have them: when it dies, a client lives on, and would
// have seen what was lost.

package shared

import (
	"context"

	"github.com/harkgen/harkgen/rt/store"
)

var _ store.Ordered = (*Store)(nil)

// An unsynced is a Store whose changes are not synced while this process serves, which it does until it closes the store. While it is a
// client, they are durable when they return.
type unsynced struct{ *Store }

// Unsynced implements store.Ordered.
func (s *Store) Unsynced() store.Store { return unsynced{s} }

// Sync implements store.Ordered.
func (s *Store) Sync(ctx context.Context) error {
	b, err := s.backend(ctx)
	if err != nil {
		return err
	}
	if o, ok := b.(store.Ordered); ok {
		return o.Sync(ctx)
	}
	return nil
}

// to returns where changes go.
func (s unsynced) to(ctx context.Context) (store.Store, error) {
	b, err := s.backend(ctx)
	if err != nil {
		return nil, err
	}
	if o, ok := b.(store.Ordered); ok {
		return o.Unsynced(), nil
	}
	return s.Store, nil // which repeats what gets lost
}

func (s unsynced) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (int64, error) {
	to, err := s.to(ctx)
	if err != nil {
		return 0, err
	}
	return to.Put(ctx, r, blobs...)
}

func (s unsynced) Delete(ctx context.Context, id string, version int64) error {
	to, err := s.to(ctx)
	if err != nil {
		return err
	}
	return to.Delete(ctx, id, version)
}

func (s unsynced) Append(ctx context.Context, mailbox string, ms ...store.Message) error {
	to, err := s.to(ctx)
	if err != nil {
		return err
	}
	return to.Append(ctx, mailbox, ms...)
}

func (s unsynced) PutBlob(ctx context.Context, b store.Blob) error {
	to, err := s.to(ctx)
	if err != nil {
		return err
	}
	return to.PutBlob(ctx, b)
}

// Close implements store.Store.
func (s unsynced) Close() error { return nil }
