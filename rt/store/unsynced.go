// This file defines changes that do not wait for the disk.

package store

import "context"

// An Ordered store makes changes durable in the order in which they were made, as one that keeps one log does. Then a change need not
// wait for the disk: what depends on it is made later, and is lost with it. Only what leaves the store's machine has to wait.
type Ordered interface {
	Store

	// Unsynced returns a view of the same store whose changes take effect at once, for all views, but may be
	// lost in a crash before Sync returns, or a change of the store itself that was made later. Lost are the last ones: a
	// change survives only if all survive that had returned before it was made. Closing the view does nothing.
	Unsynced() Store

	// Sync returns when all changes that had returned before are durable.
	Sync(ctx context.Context) error
}

// Unsynced returns the view, and Sync, of an Ordered store. Changes of any other store are durable when they return: the view is then s itself.
func Unsynced(s Store) (view Store, sync func(context.Context) error) {
	if o, ok := s.(Ordered); ok {
		return o.Unsynced(), o.Sync
	}
	return s, func(ctx context.Context) error { return ctx.Err() }
}
