// This file defines the log of the exchange.
//
// Entry k is the record of slot k mod ring, put on the condition that the slot has version k div ring, which is what entry k-ring left. So of
// several engines that try entry k one wins, and the others read it. An entry is overwritten, never deleted: a deletion would give an engine that
// was away for long an empty slot to win.

package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
)

// A size says how long the log is.
type size struct {
	ring       uint64 // slots, which bounds the entries after a checkpoint; part of the format
	checkpoint int    // bytes of entries between checkpoints at least
}

// The ring is so long because entries of a run with many processes may be small, and a checkpoint has them all.
var normalSize = size{ring: 16384, checkpoint: 256 << 10}

const entryFormat = 1

// errBehind says that the entry has been folded into a checkpoint: this engine has slept.
var errBehind = errors.New("engine: the log has gone on without this engine")

// A logStore reads and writes entries.
type logStore struct {
	store store.Store
	run   string
	ring  uint64

	amender store.Amender // nil: an entry stays as it is
	last    *draftEntry   // the last one, if it was made here and may take more batches
}

func newLog(view store.Store, run string, ring uint64) logStore {
	amender, _ := view.(store.Amender)
	return logStore{store: patient{view}, run: run, ring: ring, amender: amender}
}

// A draftEntry is an entry that may not have left memory yet.
type draftEntry struct {
	k       uint64
	encoded [][]byte // its batches
	size    int      // of its content
}

// An entry is batches that the exchange took together. Its encoding is
//
//	record   uvarint format; content
//	content  uvarint k, then the batches, each with its length before it
type entry struct {
	k       uint64
	batches []*exchange.Batch
	size    int    // bytes of the content
	blob    string // where the content is, if it is not in the record
}

func (l *logStore) slotID(k uint64) string { return fmt.Sprintf("%s/l/%04d", l.run, k%l.ring) }

// logOwner owns the blobs of entries.
func logOwner(run string) string { return run + "/l" }

func encodeEntry(k uint64, batches [][]byte) []byte {
	n := binary.MaxVarintLen64
	for _, b := range batches {
		n += binary.MaxVarintLen64 + len(b)
	}
	content := binary.AppendUvarint(make([]byte, 0, n), k)
	for _, b := range batches {
		content = appendBytes(content, b)
	}
	return content
}

func encodeEntryRecord(c store.Content) []byte {
	return appendContent(binary.AppendUvarint(nil, entryFormat), c)
}

// append makes entry k of the batches. If there is one already, that is returned, and won is false. The error may be errBehind.
func (l *logStore) append(ctx context.Context, k uint64, batches []*exchange.Batch, encoded [][]byte) (e *entry, won bool, err error) {
	data := encodeEntry(k, encoded)
	c, blobs := newContent(logOwner(l.run), data)
	rec := store.Record{ID: l.slotID(k), Version: int64(k / l.ring)} // rule: fenced-engine
	rec.Data = encodeEntryRecord(c)
	_, err = l.store.Put(ctx, rec, blobs...) // rule: one-create
	if err == nil {
		e := &entry{k: k, batches: batches, size: len(data)}
		if len(c.Blobs) > 0 {
			e.blob = c.Blobs[0]
		} else if l.amender != nil {
			l.last = &draftEntry{k, encoded, len(data)}
		}
		return e, true, nil
	}
	if !errors.Is(err, store.ErrConflict) {
		return nil, false, err
	}
	e, err = l.read(ctx, k)
	if err == nil && e == nil {
		err = damaged(l.run, fmt.Sprintf("entry %d of its log", k), errors.New("an earlier one is missing"))
	}
	if err == nil && len(c.Blobs) > 0 && c.Blobs[0] != e.blob {
		deleteBlobs(ctx, l.store, c.Blobs) // nobody else makes one with this content: k is in it
	}
	return e, false, err
}

// extend adds batches to entry k, if that was made here, and has not left memory. It returns them as an entry, nil if they need one of their own.
func (l *logStore) extend(k uint64, batches []*exchange.Batch, encoded [][]byte) *entry { // rule: one-create
	if l.last == nil || l.last.k != k {
		return nil
	}
	all := append(slices.Clip(l.last.encoded), encoded...)
	data := encodeEntry(k, all)
	record := encodeEntryRecord(store.Content{Inline: data})
	if len(data) > store.MaxInline || !l.amender.Amend(l.slotID(k), int64(k/l.ring)+1, record) {
		l.last = nil
		return nil
	}
	e := &entry{k: k, batches: batches, size: len(data) - l.last.size}
	l.last.encoded, l.last.size = all, len(data)
	return e
}

// seal makes the last entry stay as it is.
func (l *logStore) seal() { l.last = nil }

// read returns entry k, nil if there is none yet. The error may be errBehind.
func (l *logStore) read(ctx context.Context, k uint64) (*entry, error) {
	rec, err := l.store.Get(ctx, l.slotID(k))
	switch want := int64(k/l.ring) + 1; {
	case errors.Is(err, store.ErrNotFound) || err == nil && rec.Version < want:
		return nil, nil
	case err != nil:
		return nil, err
	case rec.Version > want:
		return nil, errBehind
	}
	d := &decoder{b: rec.Data}
	d.format(entryFormat)
	c := d.content()
	if err := d.end(); err != nil {
		return nil, damaged(l.run, fmt.Sprintf("entry %d of its log", k), err)
	}
	data, err := readContent(ctx, l.store, c)
	if errors.Is(err, store.ErrNotFound) {
		return nil, errBehind // blobs are deleted after a checkpoint
	}
	if err != nil {
		return nil, err
	}
	e := &entry{k: k, size: len(data)}
	if len(c.Blobs) > 0 {
		e.blob = c.Blobs[0]
	}
	d = &decoder{b: data}
	if got := d.uint(); got != k {
		return nil, damaged(l.run, fmt.Sprintf("entry %d of its log", k), fmt.Errorf("it is entry %d", got))
	}
	for len(d.b) > 0 && d.err == nil {
		b, err := exchange.DecodeBatch(d.bytes())
		if err != nil {
			return nil, damaged(l.run, fmt.Sprintf("entry %d of its log", k), err)
		}
		e.batches = append(e.batches, b)
	}
	if err := d.end(); err != nil {
		return nil, damaged(l.run, fmt.Sprintf("entry %d of its log", k), err)
	}
	return e, nil
}

// ahead is how many entries are read at the same time, once there have been some.
const ahead = 16

// readFrom calls f for the entries from k on, in order, and returns the number of the first that is not there.
func (l *logStore) readFrom(ctx context.Context, k uint64, f func(k uint64, e *entry)) (uint64, error) {
	type result struct {
		e   *entry
		err error
	}
	for n := 1; ; n = min(2*n, ahead) {
		results := make([]chan result, n)
		for i := range results {
			results[i] = make(chan result, 1)
			go func() {
				e, err := l.read(ctx, k+uint64(i))
				results[i] <- result{e, err}
			}()
		}
		for i := range results {
			r := <-results[i]
			if r.e == nil || r.err != nil {
				return k + uint64(i), r.err
			}
			f(k+uint64(i), r.e)
		}
		k += uint64(n)
	}
}
