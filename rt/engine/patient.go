// This file defines what is done about lost answers of the store: the same again.

package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/harkgen/harkgen/rt/store"
)

// A patient store repeats what has no answer. That is right for every operation; see package store. Mailboxes are not used.
type patient struct{ store.Store }

func (s patient) Get(ctx context.Context, id string) (r store.Record, err error) {
	err = store.Retry(ctx, func(bool) (err error) { r, err = s.Store.Get(ctx, id); return })
	return r, err
}

func (s patient) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (version int64, err error) {
	r.Token = store.NewToken() // all attempts have the same
	err = store.Retry(ctx, func(bool) (err error) { version, err = s.Store.Put(ctx, r, blobs...); return })
	return version, err
}

func (s patient) Delete(ctx context.Context, id string, version int64) error {
	return store.Retry(ctx, func(again bool) error {
		err := s.Store.Delete(ctx, id, version)
		if again && errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
}

func (s patient) List(ctx context.Context, prefix, page string, limit int) (rs []store.Record, next string, err error) {
	err = store.Retry(ctx, func(bool) (err error) { rs, next, err = s.Store.List(ctx, prefix, page, limit); return })
	return rs, next, err
}

func (s patient) PutBlob(ctx context.Context, b store.Blob) error {
	return store.Retry(ctx, func(bool) error { return s.Store.PutBlob(ctx, b) })
}

func (s patient) GetBlob(ctx context.Context, name string) (data []byte, err error) {
	err = store.Retry(ctx, func(bool) (err error) { data, err = s.Store.GetBlob(ctx, name); return })
	return data, err
}

func (s patient) DeleteBlob(ctx context.Context, name string) error {
	return store.Retry(ctx, func(bool) error { return s.Store.DeleteBlob(ctx, name) })
}

func (s patient) Blobs(ctx context.Context, owner, page string, limit int) (names []string, next string, err error) {
	err = store.Retry(ctx, func(bool) (err error) { names, next, err = s.Store.Blobs(ctx, owner, page, limit); return })
	return names, next, err
}

// deleteBlobs deletes blobs. What fails is left to Delete of the run.
func deleteBlobs(ctx context.Context, s store.Store, names []string) {
	for _, name := range names {
		if s.DeleteBlob(ctx, name) != nil {
			return
		}
	}
}

func damaged(run, what string, err error) error {
	if errors.Is(err, store.ErrFormat) {
		return fmt.Errorf("run %s: %s: %w", run, what, err)
	}
	return store.Damagedf("run %s is damaged: %s: %v; nothing was deleted", run, what, err)
}
