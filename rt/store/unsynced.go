// This file defines changes that do not wait for the disk, or for whatever keeps them.

package store

import (
	"context"
	"errors"
)

// An Ordered store makes changes durable in the order in which they were made, as one that keeps one log does. Then a change need not
// wait for the disk: what depends on it is made later, and is lost with it. Only what leaves the store's machine has to wait.
type Ordered interface {
	Store

	// Unsynced returns a view of the same store whose changes take effect at once, for all views, but may be
	// lost in a crash before Sync returns, or a change of the store itself that was made later. Lost are the last ones: a
	// change survives only if all survive that had returned before it was made. Closing the view does nothing.
	Unsynced() Store

	// Sync returns when all changes that had returned before are durable. The error wraps ErrLost if they never will be.
	Sync(ctx context.Context) error
}

// ErrLost says that changes of an unsynced view are lost though nothing has crashed: somebody else has changed one of the records before they got there.
// From then on the store fails: what was made of it is void, and whoever goes on does so from what is stored.
var ErrLost = errors.New("store: another writer came first; changes that were not durable are lost")

// Unsynced returns the view, and Sync, of an Ordered store. Changes of any other store are durable when they return: the view is then s itself.
func Unsynced(s Store) (view Store, sync func(context.Context) error) {
	if o, ok := s.(Ordered); ok {
		return o.Unsynced(), o.Sync
	}
	return s, func(ctx context.Context) error { return ctx.Err() }
}

// An Amender is an unsynced view whose changes are in memory for a while.
type Amender interface {
	// Amend replaces the data of a record as the view has put it with this version, if that put can still be made so. It reports whether it has.
	Amend(id string, version int64, data []byte) bool
}
