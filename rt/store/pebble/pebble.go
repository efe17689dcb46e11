// Package pebble keeps a store.Store in a directory, with Pebble underneath.
//
// # Keys
//
// One letter says what it is; ids have no space, so a space ends one:
//
//	f                              the version of this layout
//	r id                           record: uvarint version, uvarint length of the token, token, data
//	m mailbox ' ' sender ' ' seq   message; seq in 8 bytes, big endian
//	b owner ' ' hash               blob
//
// (The spaces after the letters are for the eye only.) Letters are part of the format: they are never given another meaning.
//
// # Invariants
//
//  1. A record is read, compared and written under the lock of its id (one of
//     a fixed number of locks), and the batch is in the log before the lock is released. So of
//     several puts over one version one wins. The call returns when the batch is synced, but for those of Unsynced. Whoever
//     sees a version that a crash can take back (an unsynced one, or one whose sync is under way) can lose only what he makes of it as well: see
//     store.Ordered. A repeat that writes nothing syncs what it repeats.
//  2. Blobs that come with a record are in the same batch: they are durable
//     exactly when the record is. The log costs one fsync per put, which
//     Pebble shares among concurrent puts.
//  3. Deletions of blobs and messages are not synced. A crash may bring them back; the
//     order of the log makes sure that it cannot undo what was synced after them.
//  4. Nothing is deleted to get out of an error. A directory that cannot be what this package wrote is reported
//     as damaged and left as it is; in particular no new database is begun where the remains of one lie.
package pebble

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/harkgen/harkgen/rt/store"
)

// ErrLocked says that another process, or another Store of this one, has the directory open.
var ErrLocked = errors.New("the state directory is in use")

// Options are optional.
type Options struct {
	FS vfs.FS // vfs.Default

	// OnFatal is called when the store cannot go on, for instance because
	// writing its log failed; it must not return. The default panics.
	OnFatal func(error)
}

const (
	kindFormat  = 'f'
	kindRecord  = 'r'
	kindMessage = 'm'
	kindBlob    = 'b'

	memTable = 16 << 20 // bytes; most snapshots are replaced before they leave it
	cache    = 16 << 20 // bytes of blocks

	layout = "harkgen state 1"
	marker = "HARKGEN" // file that says: a database was here
)

// Store implements store.Store.
type Store struct {
	dir   string
	db    *pebble.DB
	lock  *pebble.Lock
	log   *logger
	locks [512]sync.Mutex // by hash of the record's or mailbox's id; see the invariants
	seed  maphash.Seed

	closing sync.RWMutex // held for reading by every operation
	closed  bool
}

var _ store.Store = (*Store)(nil)

// Open opens the store in dir, which is created if it is not there. The error
// wraps ErrLocked or store.ErrDamaged, and always names dir.
func Open(dir string, o *Options) (*Store, error) {
	var opts Options
	if o != nil {
		opts = *o
	}
	if opts.FS == nil {
		opts.FS = vfs.Default
		abs, err := filepath.Abs(dir) // Pebble tells its own locks by name
		if err != nil {
			return nil, err
		}
		dir = abs
	}
	if err := opts.FS.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state directory %s: %w", dir, err)
	}
	lock, err := pebble.LockDirectory(dir, opts.FS)
	if err != nil {
		if isLocked(err) {
			return nil, fmt.Errorf("%s: %w", dir, ErrLocked)
		}
		return nil, fmt.Errorf("state directory %s: %w", dir, err)
	}
	s := &Store{dir: dir, lock: lock, seed: maphash.MakeSeed(), log: &logger{dir: dir}}
	if err := s.open(opts); err != nil {
		lock.Close()
		return nil, err
	}
	s.log.ready(opts.OnFatal)
	return s, nil
}

func isLocked(err error) bool {
	return errors.Is(err, syscall.EAGAIN) || errors.Is(err, syscall.EACCES) ||
		strings.Contains(err.Error(), "lock held by current process") || // vfs has no sentinel for it
		strings.Contains(err.Error(), "file is already locked") // vfs.MemFS
}

func (s *Store) open(o Options) (err error) {
	defer func() {
		if f, ok := recover().(fatal); ok {
			err = s.damaged(f)
		}
	}()
	exists, err := s.inspect(o.FS)
	if err != nil {
		return err
	}
	options := func() *pebble.Options {
		return &pebble.Options{
			FS:                 o.FS,
			Lock:               s.lock,
			Logger:             s.log,
			ErrorIfNotExists:   exists,
			FormatMajorVersion: pebble.FormatNewest,
			MemTableSize:       memTable,
			CacheSize:          cache + 2*memTable,                                                        // memtables are charged to it: that in use, and one that is being flushed
			EventListener:      &pebble.EventListener{DataCorruption: func(pebble.DataCorruptionInfo) {}}, // the read returns an error as well
		}
	}
	if !exists {
		// The first log of a new database has the oldest format, in which a damaged log
		// cannot be told from one that ends there. The logs of the second opening have the newest.
		db, err := pebble.Open(s.dir, options())
		if err == nil {
			err = db.Close()
		}
		if err != nil {
			return fmt.Errorf("state directory %s: %w", s.dir, err)
		}
	}
	if s.db, err = pebble.Open(s.dir, options()); err != nil {
		if environmental(err) {
			return fmt.Errorf("state directory %s: %w", s.dir, err)
		}
		return s.damaged(err)
	}
	if err := s.checkLayout(o.FS); err != nil {
		s.db.Close()
		return err
	}
	return nil
}

// inspect reports whether there must be a database in the directory.
func (s *Store) inspect(fsys vfs.FS) (bool, error) {
	names, err := fsys.List(s.dir)
	if err != nil {
		return false, fmt.Errorf("state directory %s: %w", s.dir, err)
	}
	desc, err := pebble.Peek(s.dir, fsys)
	if err != nil {
		if environmental(err) {
			return false, fmt.Errorf("state directory %s: %w", s.dir, err)
		}
		return false, s.damaged(err)
	}
	if desc.Exists {
		return true, nil
	}
	// The manifest comes first in a new database: remains without one lost it.
	for _, name := range names {
		if ext := filepath.Ext(name); name == marker || ext == ".sst" || ext == ".log" {
			return false, s.damaged(fmt.Errorf("there is %s but no manifest", name))
		}
	}
	return false, nil
}

// checkLayout makes sure that the database is one of this package, or makes it one if it is new.
func (s *Store) checkLayout(fsys vfs.FS) error {
	switch got, err := s.get([]byte{kindFormat}); {
	case errors.Is(err, store.ErrNotFound):
		it, err := s.db.NewIter(nil)
		if err != nil {
			return s.wrap(err)
		}
		empty := !it.First()
		if err := errors.Join(it.Error(), it.Close()); err != nil {
			return s.wrap(err)
		}
		if _, err := fsys.Stat(fsys.PathJoin(s.dir, marker)); err == nil || !empty {
			return s.damaged(errors.New("it lost the version of its layout"))
		}
		if err := s.db.Set([]byte{kindFormat}, []byte(layout), pebble.Sync); err != nil {
			return s.wrap(err)
		}
	case err != nil:
		return err
	case string(got) != layout:
		return fmt.Errorf("state directory %s has the layout %q, this harkgen understands %q; nothing was changed", s.dir, got, layout)
	}
	return s.mark(fsys)
}

func (s *Store) mark(fsys vfs.FS) error {
	name := fsys.PathJoin(s.dir, marker)
	if _, err := fsys.Stat(name); err == nil {
		return nil
	}
	f, err := fsys.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return fmt.Errorf("state directory %s: %w", s.dir, err)
	}
	_, err = io.WriteString(f, layout+"\nThis directory is a database of harkgen. Do not change it by hand.\n")
	return errors.Join(err, f.Sync(), f.Close())
}

func (s *Store) damaged(err error) error {
	return &DamagedError{Dir: s.dir, Err: err}
}

// A DamagedError wraps store.ErrDamaged and what was found.
type DamagedError struct {
	Dir string
	Err error
}

func (e *DamagedError) Error() string {
	what, _, _ := strings.Cut(e.Err.Error(), "\n") // Pebble adds lines with nothing in them
	return fmt.Sprintf("state directory %s is damaged: %s; nothing was deleted", e.Dir, strings.TrimPrefix(what, "pebble: "))
}

func (e *DamagedError) Unwrap() []error { return []error{store.ErrDamaged, e.Err} }

// environmental tells errors of the machine from those of the content.
func environmental(err error) bool {
	for _, target := range []error{fs.ErrPermission, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EIO} {
		if errors.Is(err, target) {
			return true
		}
	}
	return false
}

// wrap makes the store's error of one of Pebble's.
func (s *Store) wrap(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pebble.ErrNotFound):
		return store.ErrNotFound
	case errors.Is(err, pebble.ErrClosed):
		return store.ErrClosed
	case pebble.IsCorruptionError(err):
		return s.damaged(err)
	}
	return fmt.Errorf("state directory %s: %w", s.dir, err)
}

// begin is called by every operation; end is to be called if it succeeds.
func (s *Store) begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.closing.RLock()
	if s.closed {
		s.closing.RUnlock()
		return store.ErrClosed
	}
	return nil
}

func (s *Store) end() { s.closing.RUnlock() }

// Close waits for the operations under way, and releases the directory.
func (s *Store) Close() error {
	s.closing.Lock()
	defer s.closing.Unlock()
	if s.closed {
		return nil
	}
	s.closed = true
	return errors.Join(s.db.Close(), s.lock.Close())
}

func (s *Store) lockOf(id string) *sync.Mutex {
	return &s.locks[maphash.String(s.seed, id)%uint64(len(s.locks))]
}

// get returns a copy of the value under a key.
func (s *Store) get(key []byte) ([]byte, error) {
	v, closer, err := s.db.Get(key)
	if err != nil {
		return nil, s.wrap(err)
	}
	defer closer.Close()
	return append([]byte(nil), v...), nil
}

func encodeRecord(version int64, token string, data []byte) []byte {
	b := make([]byte, 0, len(data)+len(token)+2*binary.MaxVarintLen64)
	b = binary.AppendUvarint(b, uint64(version))
	b = binary.AppendUvarint(b, uint64(len(token)))
	b = append(b, token...)
	return append(b, data...)
}

func (s *Store) decodeRecord(id string, b []byte) (store.Record, error) {
	v, n := binary.Uvarint(b)
	if n <= 0 || v == 0 {
		return store.Record{}, s.damaged(fmt.Errorf("record %s has no version", id))
	}
	b = b[n:]
	l, n := binary.Uvarint(b)
	if n <= 0 || l > uint64(len(b)-n) {
		return store.Record{}, s.damaged(fmt.Errorf("record %s has no token", id))
	}
	b = b[n:]
	return store.Record{ID: id, Version: int64(v), Token: string(b[:l]), Data: b[l:]}, nil
}
