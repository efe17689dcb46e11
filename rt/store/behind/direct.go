package behind

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/harkgen/harkgen/rt/store"
)

// This file defines the calls that go to the store: changes and lists after what came before.

// learn notes the version of a record.
func (s *Store) learn(id string, version int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[id] = version
}

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, id string) (store.Record, error) {
	s.mu.Lock()
	c, err := s.pending(id), s.failed
	s.mu.Unlock()
	switch {
	case err != nil:
		return store.Record{}, err
	case c == nil:
		return s.read(ctx, id)
	case c.New == 0:
		return store.Record{}, fmt.Errorf("record %s: %w", id, store.ErrNotFound)
	}
	return store.Record{ID: id, Version: c.New, Token: c.Token, Data: bytes.Clone(c.Data)}, ctx.Err()
}

// read reads a record of which nothing is in memory.
func (s *Store) read(ctx context.Context, id string) (store.Record, error) {
	r, err := s.below.Get(ctx, id)
	if err == nil || errors.Is(err, store.ErrNotFound) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if _, seen := s.known[id]; !seen { // what was written here may be newer
			s.known[id] = r.Version
		}
	}
	return r, err
}

// GetBlob implements store.Store.
func (s *Store) GetBlob(ctx context.Context, name string) ([]byte, error) {
	s.mu.Lock()
	data, there := s.pendingBlob(name)
	err := s.failed
	s.mu.Unlock()
	switch {
	case err != nil:
		return nil, err
	case !there:
		return s.below.GetBlob(ctx, name)
	case data == nil:
		return nil, fmt.Errorf("blob %s: %w", name, store.ErrNotFound)
	}
	return bytes.Clone(data), ctx.Err()
}

// Put implements store.Store.
func (s *Store) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (version int64, err error) {
	if err := s.Sync(ctx); err != nil {
		return 0, err
	}
	version, err = s.below.Put(ctx, r, blobs...)
	if err == nil {
		s.learn(r.ID, version)
	}
	return version, err
}

// Delete implements store.Store.
func (s *Store) Delete(ctx context.Context, id string, version int64) error {
	if err := s.Sync(ctx); err != nil {
		return err
	}
	err := s.below.Delete(ctx, id, version)
	if err == nil {
		s.learn(id, 0)
	}
	return err
}

// DeleteRecords implements store.Bulk.
func (s *Store) DeleteRecords(ctx context.Context, ids ...string) error {
	if err := s.Sync(ctx); err != nil {
		return err
	}
	err := s.below.DeleteRecords(ctx, ids...)
	for _, id := range ids {
		s.learn(id, 0) // if it is wrong the store is asked
	}
	return err
}

// List implements store.Store.
func (s *Store) List(ctx context.Context, prefix, page string, limit int) ([]store.Record, string, error) {
	if err := s.Sync(ctx); err != nil {
		return nil, "", err
	}
	return s.below.List(ctx, prefix, page, limit)
}

// Append implements store.Store.
func (s *Store) Append(ctx context.Context, mailbox string, ms ...store.Message) error {
	if err := s.Sync(ctx); err != nil {
		return err
	}
	return s.below.Append(ctx, mailbox, ms...)
}

// Messages implements store.Store. None are in memory.
func (s *Store) Messages(ctx context.Context, mailbox string, after store.Key, limit int) ([]store.Message, error) {
	return s.below.Messages(ctx, mailbox, after, limit)
}

// DeleteMessages implements store.Store.
func (s *Store) DeleteMessages(ctx context.Context, mailbox string, keys ...store.Key) error {
	if err := s.Sync(ctx); err != nil {
		return err
	}
	return s.below.DeleteMessages(ctx, mailbox, keys...)
}

// PutBlob implements store.Store.
func (s *Store) PutBlob(ctx context.Context, b store.Blob) error {
	if err := s.Sync(ctx); err != nil {
		return err
	}
	return s.below.PutBlob(ctx, b)
}

// DeleteBlob implements store.Store.
func (s *Store) DeleteBlob(ctx context.Context, name string) error {
	if err := s.Sync(ctx); err != nil {
		return err
	}
	return s.below.DeleteBlob(ctx, name)
}

// Blobs implements store.Store.
func (s *Store) Blobs(ctx context.Context, owner, page string, limit int) ([]string, string, error) {
	if err := s.Sync(ctx); err != nil {
		return nil, "", err
	}
	return s.below.Blobs(ctx, owner, page, limit)
}
