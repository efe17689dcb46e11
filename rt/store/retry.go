// This file defines what is done about lost answers of a store: the same again, which is right for every operation.

package store

import (
	"context"
	"errors"
	"time"
)

// attempts is how often an operation is tried; the pauses between add up to about 15 s.
const attempts = 20

// Retry calls f until the store answers, or ctx ends, and returns the last error. again says that f was called before.
func Retry(ctx context.Context, f func(again bool) error) error {
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
	for _, s := range []error{ErrConflict, ErrNotFound, ErrTooLarge, ErrBadID, ErrDamaged, ErrClosed, ErrLost} {
		if errors.Is(err, s) {
			return true
		}
	}
	return false
}
