// This file defines what is done about lost answers of the store: the same again.

package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/harkgen/harkgen/rt/store"
)

// attempts is how often an operation is tried; the pauses between add up to about 15 s.
const attempts = 20

// A patient store repeats what has no answer. That is right for every operation; see package store. Mailboxes are not used.
type patient struct{ store.Store }

// retry calls f until the store answers, or ctx ends.
func retry(ctx context.Context, f func(again bool) error) error {
	pause := time.Millisecond
	for n := 1; ; n++ {
		err := f(n > 1)
		if err == nil || answered(err) || n == attempts {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
		pause = min(2*pause, time.Second)
	}
}

// answered reports whether the error is an answer of the store.
func answered(err error) bool {
	for _, s := range []error{store.ErrConflict, store.ErrNotFound, store.ErrTooLarge, store.ErrBadID, store.ErrDamaged, store.ErrClosed} {
		if errors.Is(err, s) {
			return true
		}
	}
	return false
}

func (s patient) Get(ctx context.Context, id string) (r store.Record, err error) {
	err = retry(ctx, func(bool) (err error) { r, err = s.Store.Get(ctx, id); return })
	return r, err
}

func (s patient) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (version int64, err error) {
	r.Token = store.NewToken() // all attempts have the same
	err = retry(ctx, func(bool) (err error) { version, err = s.Store.Put(ctx, r, blobs...); return })
	return version, err
}

func (s patient) Delete(ctx context.Context, id string, version int64) error {
	return retry(ctx, func(again bool) error {
		err := s.Store.Delete(ctx, id, version)
		if again && errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
}

func (s patient) List(ctx context.Context, prefix, page string, limit int) (rs []store.Record, next string, err error) {
	err = retry(ctx, func(bool) (err error) { rs, next, err = s.Store.List(ctx, prefix, page, limit); return })
	return rs, next, err
}

func (s patient) PutBlob(ctx context.Context, b store.Blob) error {
	return retry(ctx, func(bool) error { return s.Store.PutBlob(ctx, b) })
}

func (s patient) GetBlob(ctx context.Context, name string) (data []byte, err error) {
	err = retry(ctx, func(bool) (err error) { data, err = s.Store.GetBlob(ctx, name); return })
	return data, err
}

func (s patient) DeleteBlob(ctx context.Context, name string) error {
	return retry(ctx, func(bool) error { return s.Store.DeleteBlob(ctx, name) })
}

func (s patient) Blobs(ctx context.Context, owner, page string, limit int) (names []string, next string, err error) {
	err = retry(ctx, func(bool) (err error) { names, next, err = s.Store.Blobs(ctx, owner, page, limit); return })
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
