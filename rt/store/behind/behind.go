// Package behind writes behind: it makes a [store.Ordered] of a store in which each request takes long, DynamoDB, for the one process that may change what is in it.
//
// # Groups
//
// Changes of the unsynced view are made in memory, in the open group. A group is written at once, so that a crash leaves all of it or nothing:
//
//	blobs that it puts            first, since nothing points to them yet
//	changes of records            one request: store.Atomic
//	blobs that it deletes         last, since nothing points to them any more; they may be forgotten
//
// and groups one after the other. So what a crash leaves is what there was at the end of a group, and no change without those before it.
//
// Within a group changes are merged: of several puts of a record only the last one is written, over the version that the first one has replaced; what was put
// and deleted was never there. So nothing of a group may be written alone.
//
//	            Put, Delete, PutBlob, DeleteBlob            Sync, or it is full
//	view ----------------------------------------> open -------------------------> full, full --> store
//	  <-------------------------------------------   |                                |             |
//	     Get, GetBlob: the first that knows          +--------------------------------+-------------+
//
// Nothing is written before somebody waits for it (Sync), or a group is full. While one is being written, all that happens shares the next. If too many
// are full, changes wait.
//
// # Conflicts
//
// A change of the view is made on the condition that the version is the one which the store was last seen to have, by this process. Whether somebody else has changed the record is
// found when the group is written. Then all that was not written is lost, and the Store fails with [store.ErrLost] from then on: it is as if the process had crashed, and
// who goes on begins with a new Store. Only a deletion that comes too late is just not made: what was to be deleted is somebody else's garbage then.
//
// # The store itself
//
// Changes that are made without the view, and lists and mailboxes with it as well, are made at once, after all that came before was written. Reads see what is in memory.
package behind

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt/store"
)

// A Store implements [store.Ordered].
type Store struct {
	below  store.Atomic
	ctx    context.Context // of requests for groups
	cancel context.CancelFunc
	writes sync.WaitGroup

	mu      sync.Mutex
	open    *group
	full    []*group         // to be written before it; the first may be under way
	wanted  bool             // open is to be written as well
	writing bool             // somebody does
	known   map[string]int64 // versions of records that were written or read here; 0: there is none
	failed  error            // what all calls return
}

var _ store.Ordered = (*Store)(nil)

// maxFull is how many groups may be full before changes wait.
const maxFull = 2

// New returns a Store over s, which it does not close.
func New(s store.Atomic) *Store {
	b := &Store{below: s, open: newGroup(), known: map[string]int64{}}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

// closeTime is how long what is under way may take when the Store is closed: mostly the deletion of blobs.
const closeTime = time.Second

// Close ends what is under way. What is not durable is lost.
func (s *Store) Close() error {
	s.mu.Lock()
	s.fail(store.ErrClosed)
	s.mu.Unlock()
	defer time.AfterFunc(closeTime, s.cancel).Stop()
	s.writes.Wait()
	s.cancel()
	return nil
}

// Sync implements store.Ordered.
func (s *Store) Sync(ctx context.Context) error {
	s.mu.Lock()
	last := s.last()
	if last == s.open {
		s.wanted = true
		s.write()
	}
	err := s.failed
	s.mu.Unlock()
	if err != nil || last == nil {
		return either(err, ctx)
	}
	return last.wait(ctx)
}

// either returns err, or that of ctx.
func either(err error, ctx context.Context) error {
	if err != nil {
		return err
	}
	return ctx.Err()
}

// last returns the last group that has anything in it, nil if there is none. The caller holds mu.
func (s *Store) last() *group {
	switch {
	case !s.open.empty():
		return s.open
	case len(s.full) > 0:
		return s.full[len(s.full)-1]
	}
	return nil
}

// begin locks mu for a change with so many bytes of a record, and of blobs, when the open group has room for it. After an error mu is not locked.
func (s *Store) begin(ctx context.Context, size, blobs int) error {
	s.mu.Lock()
	for s.failed == nil && ctx.Err() == nil && !s.open.fits(size, blobs) {
		if len(s.full) < maxFull {
			s.seal()
			s.write()
			break
		}
		first := s.full[0]
		s.mu.Unlock()
		first.wait(ctx)
		s.mu.Lock()
	}
	if err := either(s.failed, ctx); err != nil {
		s.mu.Unlock()
		return err
	}
	return nil
}

// seal makes the open group a full one. The caller holds mu.
func (s *Store) seal() {
	s.full = append(s.full, s.open)
	s.open, s.wanted = newGroup(), false
}

// fail makes all calls fail from now on, unless they do. The caller holds mu.
func (s *Store) fail(err error) {
	if s.failed != nil {
		return
	}
	s.failed = err
	for _, g := range append(slices.Clip(s.full), s.open) {
		g.end(err)
	}
	s.full, s.open = nil, newGroup()
}

// pending returns the change of a record that is not written yet, nil if there is none. The caller holds mu.
func (s *Store) pending(id string) *store.Change {
	if c := s.open.records[id]; c != nil {
		return c
	}
	for _, g := range slices.Backward(s.full) {
		if c := g.records[id]; c != nil {
			return c
		}
	}
	return nil
}

// pendingBlob is the same of a blob. data is nil if it is to be deleted. The caller holds mu.
func (s *Store) pendingBlob(name string) (data []byte, there bool) {
	if data, there = s.open.blob(name); there {
		return data, true
	}
	for _, g := range slices.Backward(s.full) {
		if data, there = g.blob(name); there {
			return data, true
		}
	}
	return nil, false
}
