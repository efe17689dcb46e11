// This file defines a process as it is stored: its record, its state, and how the next ones are put.

package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pages"
)

// A stored is a process as of its last commit.
type stored struct {
	store store.Store
	run   string
	p     exchange.ProcessID

	committing sync.Mutex // guards these
	version    int64      // of the record; 0: there is none
	rec        record
	set        *pages.Set // nil: not opened
}

// Process returns the number of the process.
func (t *stored) Process() exchange.ProcessID { return t.p }

// Step returns the number of the last commit, 0 if there was none.
func (t *stored) Step() uint64 {
	t.committing.Lock()
	defer t.committing.Unlock()
	return t.rec.step
}

// Consumed returns the number of the last reply that the state has taken.
func (t *stored) Consumed() uint64 {
	t.committing.Lock()
	defer t.committing.Unlock()
	return t.rec.consumed
}

// Origin returns when the first step of the process began, and where it comes from, as OpSpawn says it. Only a Guest knows.
func (t *stored) Origin() (began time.Time, origin string) {
	t.committing.Lock()
	defer t.committing.Unlock()
	return time.Unix(0, t.rec.began), t.rec.origin
}

// State returns a reader of the state as of the last commit, nil if there was none: the process begins, with ReplyStart if it is not process 0.
func (t *stored) State(ctx context.Context) io.ReadCloser {
	t.committing.Lock()
	defer t.committing.Unlock()
	switch snap := t.rec.state; {
	case t.rec.step == 0:
		return nil
	case len(snap.Pages) == 0:
		return io.NopCloser(bytes.NewReader(snap.Inline))
	default:
		return pages.NewReader(ctx, t.store, t.owner(), int64(t.rec.step), snap)
	}
}

// StateSize returns how many bytes State has.
func (t *stored) StateSize() int64 {
	t.committing.Lock()
	defer t.committing.Unlock()
	return t.rec.state.Size
}

// read reads the record.
func (t *stored) read(ctx context.Context) error {
	rec, err := t.store.Get(ctx, recordID(t.run, t.p))
	if errors.Is(err, store.ErrNotFound) {
		t.version, t.rec = 0, record{}
		return nil
	}
	if err != nil {
		return err
	}
	return t.decode(rec.Version, rec.Data)
}

func (t *stored) decode(version int64, data []byte) error {
	r, err := decodeRecord(data)
	if err != nil {
		return damaged(t.run, fmt.Sprintf("the record of process %d", t.p), err)
	}
	t.version, t.rec = version, *r
	return nil
}

// put puts the record of the next step. The error is ErrFenced if somebody else has stepped the process.
func (t *stored) put(ctx context.Context, b *exchange.Batch, encoded []byte, state io.WriterTo) error {
	next := record{step: b.Step, consumed: b.Consumed, began: t.rec.began, origin: t.rec.origin}
	draft, err := t.draft(ctx, state, &next.state)
	if err != nil {
		return err
	}
	var blobs []store.Blob
	next.batch, blobs = newContent(t.owner(), encoded)
	if draft != nil {
		blobs = append(blobs, draft.Blobs...)
	}
	data := next.encode()
	if len(data) > store.MaxRecord {
		return fmt.Errorf("the record of process %d has %d bytes", t.p, len(data))
	}
	version, err := t.store.Put(ctx, store.Record{ID: recordID(t.run, t.p), Version: t.version, Data: data}, blobs...) // rule: one-put
	if errors.Is(err, store.ErrConflict) {                                                                             // rule: fenced-worker
		return ErrFenced
	}
	if err != nil {
		return err
	}
	garbage := t.rec.batch.Blobs
	if t.set != nil {
		garbage = append(garbage, t.set.Commit(int64(next.step), draft, func(int64) bool { return false })...)
	}
	t.version, t.rec = version, next
	deleteBlobs(ctx, t.store, garbage)
	return nil
}

// owner owns the blobs of the process. There are few, so that Delete can name them all.
func (t *stored) owner() string { return owner(t.run, uint32(t.p)%owners) }

const owners = 64

func owner(run string, n uint32) string { return fmt.Sprintf("%s/p/%02x", run, n) }
