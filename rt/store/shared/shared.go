// Package shared lets several OS processes use one state directory as a store.Store.
//
// # Who serves
//
// The directory holds a Pebble database (package rt/store/pebble), which one
// process at a time can open. Whoever gets its lock is the server: it works on
// the database directly and serves the others over a Unix socket in the
// directory. There is no daemon. When the server closes the store or dies,
// each client notices that its connection broke and starts over:
//
//  1. Dial the socket. If somebody answers: be a client.
//  2. Else try to get the lock. If that succeeds: remove the socket that the dead server left,
//     open the database, listen, be the server.
//  3. Else somebody is between 2 and 1, or is dying: wait a little, go to 1.
//
// Only the holder of the lock creates or removes the socket, and it removes it before it gives the
// lock back. So a socket that refuses connections belongs to a dead process, or to one in step 2.
//
// # Lost answers
//
// A call whose connection broke is repeated with whoever serves then. That is right for each
// operation of store.Store: appends, reads, blobs and deletions are
// idempotent, and a conditional put carries a token, chosen before the first attempt, by which
// its repeat is recognised. A deletion of a record whose repeat finds nothing has succeeded.
//
// # The socket
//
// Its path must fit into about 104 bytes. If DIR/sock does not, the socket is made in
// a fresh directory under os.TempDir, and DIR/sock.path has its path.
//
// What it does not do: a server that is stopped (SIGSTOP), not dead, holds up its clients. Opening
// reports that after a while; calls wait until their context ends.
package shared

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pebble"
)

// Options are optional.
type Options struct {
	// OnFatal is called when this process serves and the database cannot go
	// on; it must not return. The default panics.
	OnFatal func(error)

	// Patience is how long to wait for a server that holds the lock but does not answer. The default is 15 seconds.
	Patience time.Duration
}

// Store implements store.Store.
type Store struct {
	dir  string
	opts Options

	sem    chan bool // holds a token while nobody changes the fields below
	cur    backend   // nil: to be connected
	closed bool
}

// A backend is what a Store works on at present: a server or a client.
type backend interface {
	store.Store
	serving() bool
}

var _ store.Store = (*Store)(nil)

// errLost says that the answer of the backend was lost: the operation may have happened or not.
var errLost = errors.New("connection to the process that serves the state directory was lost")

// Open opens the store in dir, creating it if it is not there. The error may wrap store.ErrDamaged.
func Open(dir string, o *Options) (*Store, error) {
	var opts Options
	if o != nil {
		opts = *o
	}
	if opts.Patience == 0 {
		opts.Patience = 15 * time.Second
	}
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(abs, 0o700); err != nil {
		return nil, fmt.Errorf("state directory %s: %w", dir, err)
	}
	s := &Store{dir: abs, opts: opts, sem: make(chan bool, 1)}
	s.sem <- true
	if _, err := s.backend(context.Background()); err != nil {
		return nil, err
	}
	return s, nil
}

// Serving reports whether this process has the database open, and serves others.
func (s *Store) Serving() bool {
	<-s.sem
	defer func() { s.sem <- true }()
	return s.cur != nil && s.cur.serving()
}

// Close releases the store. If this process was the server, a client takes over.
func (s *Store) Close() error {
	<-s.sem
	defer func() { s.sem <- true }()
	s.closed = true
	if s.cur == nil {
		return nil
	}
	b := s.cur
	s.cur = nil
	return b.Close()
}

// backend returns the present backend, connecting if there is none.
func (s *Store) backend(ctx context.Context) (backend, error) {
	select {
	case <-s.sem:
		defer func() { s.sem <- true }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s.closed {
		return nil, store.ErrClosed
	}
	if s.cur == nil {
		b, err := connect(ctx, s.dir, s.opts)
		if err != nil {
			return nil, err
		}
		s.cur = b
	}
	return s.cur, nil
}

// drop forgets a backend that was lost, unless somebody has done so already.
func (s *Store) drop(b backend) {
	<-s.sem
	defer func() { s.sem <- true }()
	if s.cur == b {
		b.Close()
		s.cur = nil
	}
}

// connect goes through the steps in the package's documentation until it is a client or the server.
func connect(ctx context.Context, dir string, o Options) (backend, error) {
	deadline := time.Now().Add(o.Patience)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		c, err := dial(ctx, dir, deadline)
		if err == nil {
			return c, nil
		}
		if !errors.Is(err, errLost) {
			return nil, err
		}
		db, err2 := pebble.Open(filepath.Join(dir, "db"), &pebble.Options{OnFatal: o.OnFatal})
		if err2 == nil {
			return serve(dir, db)
		}
		if !errors.Is(err2, pebble.ErrLocked) {
			return nil, err2
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("state directory %s is in use by a process that does not answer: %w", dir, err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// do calls f with the backend, again and again while the answer gets lost. again is true from the second attempt on.
func (s *Store) do(ctx context.Context, f func(b store.Store, again bool) error) error {
	for again := false; ; again = true {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := s.backend(ctx)
		if err != nil {
			return err
		}
		err = f(b, again)
		if !errors.Is(err, errLost) {
			return err
		}
		s.drop(b)
	}
}

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, id string) (r store.Record, err error) {
	err = s.do(ctx, func(b store.Store, _ bool) (err error) { r, err = b.Get(ctx, id); return })
	return
}

// Put implements store.Store.
func (s *Store) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (v int64, err error) {
	if err := store.CheckPut(r, blobs); err != nil {
		return 0, err
	}
	if r.Token == "" {
		r.Token = store.NewToken() // here, so that all attempts have the same
	}
	err = s.do(ctx, func(b store.Store, _ bool) (err error) { v, err = b.Put(ctx, r, blobs...); return })
	return
}

// Delete implements store.Store.
func (s *Store) Delete(ctx context.Context, id string, version int64) error {
	return s.do(ctx, func(b store.Store, again bool) error {
		err := b.Delete(ctx, id, version)
		if again && errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
}

// List implements store.Store.
func (s *Store) List(ctx context.Context, prefix, page string, limit int) (rs []store.Record, next string, err error) {
	err = s.do(ctx, func(b store.Store, _ bool) (err error) { rs, next, err = b.List(ctx, prefix, page, limit); return })
	return
}

// Append implements store.Store.
func (s *Store) Append(ctx context.Context, mailbox string, ms ...store.Message) error {
	if err := store.CheckMessages(mailbox, ms); err != nil {
		return err
	}
	return s.do(ctx, func(b store.Store, _ bool) error { return b.Append(ctx, mailbox, ms...) })
}

// Messages implements store.Store.
func (s *Store) Messages(ctx context.Context, mailbox string, after store.Key, limit int) (ms []store.Message, err error) {
	err = s.do(ctx, func(b store.Store, _ bool) (err error) { ms, err = b.Messages(ctx, mailbox, after, limit); return })
	return
}

// DeleteMessages implements store.Store.
func (s *Store) DeleteMessages(ctx context.Context, mailbox string, keys ...store.Key) error {
	return s.do(ctx, func(b store.Store, _ bool) error { return b.DeleteMessages(ctx, mailbox, keys...) })
}

// PutBlob implements store.Store.
func (s *Store) PutBlob(ctx context.Context, blob store.Blob) error {
	return s.do(ctx, func(b store.Store, _ bool) error { return b.PutBlob(ctx, blob) })
}

// GetBlob implements store.Store.
func (s *Store) GetBlob(ctx context.Context, name string) (data []byte, err error) {
	err = s.do(ctx, func(b store.Store, _ bool) (err error) { data, err = b.GetBlob(ctx, name); return })
	return
}

// DeleteBlob implements store.Store.
func (s *Store) DeleteBlob(ctx context.Context, name string) error {
	return s.do(ctx, func(b store.Store, _ bool) error { return b.DeleteBlob(ctx, name) })
}

// Blobs implements store.Store.
func (s *Store) Blobs(ctx context.Context, owner, page string, limit int) (names []string, next string, err error) {
	err = s.do(ctx, func(b store.Store, _ bool) (err error) { names, next, err = b.Blobs(ctx, owner, page, limit); return })
	return
}
