// This file defines the operations of store.Store. See the package's documentation for the invariants.

package pebble

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/cockroachdb/pebble/v2"

	"github.com/harkgen/harkgen/rt/store"
)

func recordKey(id string) []byte { return append([]byte{kindRecord}, id...) }

func boxPrefix(mailbox string) []byte {
	return append(append([]byte{kindMessage}, mailbox...), ' ')
}

func messageKey(mailbox string, k store.Key) []byte {
	b := append(boxPrefix(mailbox), k.Sender...)
	return binary.BigEndian.AppendUint64(append(b, ' '), k.Seq)
}

func blobKey(name string) []byte {
	i := strings.LastIndexByte(name, '/')
	return append([]byte{kindBlob}, name[:i]+" "+name[i+1:]...)
}

// Get implements store.Store.
func (s *Store) Get(ctx context.Context, id string) (store.Record, error) {
	if err := s.begin(ctx); err != nil {
		return store.Record{}, err
	}
	defer s.end()
	return s.record(id)
}

func (s *Store) record(id string) (store.Record, error) {
	b, err := s.get(recordKey(id))
	if err != nil {
		return store.Record{}, err
	}
	return s.decodeRecord(id, b)
}

// Put implements store.Store.
func (s *Store) Put(ctx context.Context, r store.Record, blobs ...store.Blob) (int64, error) {
	return s.put(ctx, pebble.Sync, r, blobs)
}

func (s *Store) put(ctx context.Context, how *pebble.WriteOptions, r store.Record, blobs []store.Blob) (int64, error) {
	if err := store.CheckPut(r, blobs); err != nil {
		return 0, err
	}
	if r.Token == "" {
		r.Token = store.NewToken()
	}
	if err := s.begin(ctx); err != nil {
		return 0, err
	}
	defer s.end()
	mu := s.lockOf(r.ID)
	mu.Lock()
	defer mu.Unlock()

	switch stored, err := s.record(r.ID); {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return 0, err
	case store.IsRepeat(stored, r):
		return stored.Version, s.sync(how)
	case stored.Version != r.Version: // 0 if not found
		return 0, fmt.Errorf("%w: %s has version %d, expected %d", store.ErrConflict, r.ID, stored.Version, r.Version)
	}
	b := s.db.NewBatch()
	defer b.Close()
	for _, blob := range blobs {
		if err := b.Set(blobKey(blob.Name), blob.Data, nil); err != nil {
			return 0, s.wrap(err)
		}
	}
	if err := b.Set(recordKey(r.ID), encodeRecord(r.Version+1, r.Token, r.Data), nil); err != nil {
		return 0, s.wrap(err)
	}
	return r.Version + 1, s.wrap(b.Commit(how))
}

// Delete implements store.Store.
func (s *Store) Delete(ctx context.Context, id string, version int64) error {
	return s.delete(ctx, pebble.Sync, id, version)
}

func (s *Store) delete(ctx context.Context, how *pebble.WriteOptions, id string, version int64) error {
	if err := store.CheckID(id); err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	mu := s.lockOf(id)
	mu.Lock()
	defer mu.Unlock()

	stored, err := s.record(id)
	if err != nil {
		return err
	}
	if stored.Version != version {
		return fmt.Errorf("%w: %s has version %d, expected %d", store.ErrConflict, id, stored.Version, version)
	}
	return s.wrap(s.db.Delete(recordKey(id), how))
}

// List implements store.Store. Its pages are in order of the ids.
func (s *Store) List(ctx context.Context, prefix, page string, limit int) ([]store.Record, string, error) {
	if err := s.begin(ctx); err != nil {
		return nil, "", err
	}
	defer s.end()
	var rs []store.Record
	next := ""
	err := s.scan(ctx, recordKey(prefix), recordKey(page), func(key, value []byte) (bool, error) {
		if len(rs) == limit {
			next = rs[limit-1].ID
			return false, nil
		}
		r, err := s.decodeRecord(string(key[1:]), append([]byte(nil), value...))
		rs = append(rs, r)
		return true, err
	})
	if err != nil {
		return nil, "", err
	}
	return rs, next, nil
}

// Append implements store.Store.
func (s *Store) Append(ctx context.Context, mailbox string, ms ...store.Message) error {
	return s.append(ctx, pebble.Sync, mailbox, ms)
}

func (s *Store) append(ctx context.Context, how *pebble.WriteOptions, mailbox string, ms []store.Message) error {
	if err := store.CheckMessages(mailbox, ms); err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	mu := s.lockOf(mailbox)
	mu.Lock()
	defer mu.Unlock()

	b := s.db.NewIndexedBatch() // indexed, because a key may come twice in ms
	defer b.Close()
	for _, m := range ms {
		key := messageKey(mailbox, m.Key)
		_, closer, err := b.Get(key)
		if err == nil {
			closer.Close()
			continue
		}
		if !errors.Is(err, pebble.ErrNotFound) {
			return s.wrap(err)
		}
		if err := b.Set(key, m.Data, nil); err != nil {
			return s.wrap(err)
		}
	}
	if b.Empty() {
		return s.sync(how) // whoever stored them may not have synced them
	}
	return s.wrap(b.Commit(how))
}

// Messages implements store.Store.
func (s *Store) Messages(ctx context.Context, mailbox string, after store.Key, limit int) ([]store.Message, error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.end()
	prefix, from := boxPrefix(mailbox), []byte(nil)
	if after != (store.Key{}) {
		from = messageKey(mailbox, after)
	}
	var ms []store.Message
	err := s.scan(ctx, prefix, from, func(key, value []byte) (bool, error) {
		if len(ms) == limit {
			return false, nil
		}
		rest := key[len(prefix):]
		i := len(rest) - 9
		if i < 1 || rest[i] != ' ' {
			return false, s.damaged(fmt.Errorf("key %q is not one of a message", key))
		}
		k := store.Key{Sender: string(rest[:i]), Seq: binary.BigEndian.Uint64(rest[i+1:])}
		ms = append(ms, store.Message{Key: k, Data: append([]byte(nil), value...)})
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return ms, nil
}

// DeleteMessages implements store.Store.
func (s *Store) DeleteMessages(ctx context.Context, mailbox string, keys ...store.Key) error {
	if err := store.CheckID(mailbox); err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	b := s.db.NewBatch()
	defer b.Close()
	for _, k := range keys {
		if err := b.Delete(messageKey(mailbox, k), nil); err != nil {
			return s.wrap(err)
		}
	}
	return s.wrap(b.Commit(pebble.NoSync))
}

// PutBlob implements store.Store.
func (s *Store) PutBlob(ctx context.Context, b store.Blob) error {
	return s.putBlob(ctx, pebble.Sync, b)
}

func (s *Store) putBlob(ctx context.Context, how *pebble.WriteOptions, b store.Blob) error {
	if err := store.CheckBlobName(b.Name); err != nil {
		return err
	}
	if len(b.Data) > store.MaxBlob {
		return fmt.Errorf("%w: blob %s has %d bytes", store.ErrTooLarge, b.Name, len(b.Data))
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	return s.wrap(s.db.Set(blobKey(b.Name), b.Data, how))
}

// GetBlob implements store.Store.
func (s *Store) GetBlob(ctx context.Context, name string) ([]byte, error) {
	if err := store.CheckBlobName(name); err != nil {
		return nil, err
	}
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	defer s.end()
	data, err := s.get(blobKey(name))
	if err != nil {
		return nil, err
	}
	if err := store.CheckBlob(name, data); err != nil {
		return nil, s.damaged(err)
	}
	return data, nil
}

// DeleteBlob implements store.Store.
func (s *Store) DeleteBlob(ctx context.Context, name string) error {
	if err := store.CheckBlobName(name); err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	defer s.end()
	return s.wrap(s.db.Delete(blobKey(name), pebble.NoSync))
}

// Blobs implements store.Store.
func (s *Store) Blobs(ctx context.Context, owner, page string, limit int) ([]string, string, error) {
	if err := s.begin(ctx); err != nil {
		return nil, "", err
	}
	defer s.end()
	prefix, from := []byte(string(kindBlob)+owner+" "), []byte(nil)
	if page != "" {
		from = blobKey(page)
	}
	var names []string
	next := ""
	err := s.scan(ctx, prefix, from, func(key, _ []byte) (bool, error) {
		if len(names) == limit {
			next = names[limit-1]
			return false, nil
		}
		names = append(names, owner+"/"+string(key[len(prefix):]))
		return true, nil
	})
	if err != nil {
		return nil, "", err
	}
	return names, next, nil
}

// scan calls f for the keys with the prefix above after, in order, until it returns false. The slices
// given to f are valid during the call only.
func (s *Store) scan(ctx context.Context, prefix, after []byte, f func(key, value []byte) (bool, error)) error {
	end := append([]byte(nil), prefix...)
	end[len(end)-1]++ // ids and letters are below 0x7f
	start := prefix
	if string(after) > string(prefix) {
		start = append(after, 0)
	}
	it, err := s.db.NewIter(&pebble.IterOptions{LowerBound: start, UpperBound: end})
	if err != nil {
		return s.wrap(err)
	}
	for ok := it.First(); ok; ok = it.Next() {
		if err = ctx.Err(); err != nil {
			break
		}
		var value []byte
		if value, err = it.ValueAndErr(); err != nil {
			err = s.wrap(err)
			break
		}
		var more bool
		if more, err = f(it.Key(), value); err != nil || !more {
			break
		}
	}
	if err == nil {
		err = s.wrap(it.Error())
	}
	return errors.Join(err, s.wrap(it.Close()))
}
