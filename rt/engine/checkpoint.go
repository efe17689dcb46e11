// This file defines checkpoints: the state of the exchange as of an entry of its log.

package engine

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"

	"github.com/harkgen/harkgen/rt/exchange"
	"github.com/harkgen/harkgen/rt/store"
	"github.com/harkgen/harkgen/rt/store/pages"
)

const checkpointFormat = 2

// A fold is the state that the log makes.
type fold struct {
	next    uint64 // entry
	x       *exchange.Exchange
	outputs []exchange.Output    // that may not have been shown
	ended   []exchange.ProcessID // whose records may not have been deleted; only as it is loaded and saved
}

// A checkpoint is a fold in the store. Its encoding is
//
//	record  uvarint format, next; snapshot
//	state   uvarint number of outputs; each uvarint Seq, Base, From, Step, FD, data with its length before it; uvarint number of ended; each uvarint;
//	        then that of the exchange
type checkpoint struct {
	store   store.Store
	run     string
	version int64
	next    uint64
	size    int // of the state
	set     *pages.Set
}

func checkpointID(run string) string { return run + "/c" }

func (f *fold) encode(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(f.outputs)))
	for _, o := range f.outputs {
		for _, n := range []uint64{o.Seq, o.Base, uint64(o.From), o.Step, uint64(o.FD)} {
			b = binary.AppendUvarint(b, n)
		}
		b = appendBytes(b, o.Data)
	}
	b = binary.AppendUvarint(b, uint64(len(f.ended)))
	for _, p := range f.ended {
		b = binary.AppendUvarint(b, uint64(p))
	}
	return f.x.Append(b)
}

func decodeFold(next uint64, b []byte) (*fold, error) {
	f := &fold{next: next}
	d := &decoder{b: b}
	for n := d.uint(); n > 0 && d.err == nil; n-- {
		f.outputs = append(f.outputs, exchange.Output{
			Seq: d.uint(), Base: d.uint(), From: exchange.ProcessID(d.uint()), Step: d.uint(), FD: int(d.uint()), Data: bytes.Clone(d.bytes()),
		})
	}
	for n := d.uint(); n > 0 && d.err == nil; n-- {
		f.ended = append(f.ended, exchange.ProcessID(d.uint()))
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	var err error
	f.x, err = exchange.Decode(d.b)
	return f, err
}

// load reads the last checkpoint. It returns that of a run that begins if there is none.
func (c *checkpoint) load(ctx context.Context) (*fold, error) {
	const what = "the checkpoint of its exchange"
	rec, err := c.store.Get(ctx, checkpointID(c.run))
	if errors.Is(err, store.ErrNotFound) {
		c.version, c.next, c.size = 0, 0, 0
		c.set, err = pages.Open(ctx, c.store, checkpointID(c.run), nil)
		return &fold{x: exchange.New()}, err
	}
	if err != nil {
		return nil, err
	}
	d := &decoder{b: rec.Data}
	d.format(checkpointFormat)
	next, snap := d.uint(), d.snapshot()
	if err := d.end(); err != nil {
		return nil, damaged(c.run, what, err)
	}
	var state []byte
	set, err := pages.Open(ctx, c.store, checkpointID(c.run), map[int64]store.Snapshot{rec.Version: snap})
	if err == nil {
		r := pages.NewReader(ctx, c.store, checkpointID(c.run), rec.Version, snap)
		state, err = io.ReadAll(r)
		r.Close()
	}
	if errors.Is(err, store.ErrDamaged) {
		now, err := c.store.Get(ctx, checkpointID(c.run))
		if err != nil {
			return nil, err
		}
		if now.Version != rec.Version {
			return nil, errBehind // its pages were deleted meanwhile
		}
	}
	if err != nil {
		return nil, err
	}
	f, err := decodeFold(next, state)
	if err != nil {
		return nil, damaged(c.run, what, err)
	}
	c.version, c.next, c.size, c.set = rec.Version, next, len(state), set
	return f, nil
}

// save stores a state as of entry next. The error is store.ErrConflict if another engine has stored one; load goes on from there.
func (c *checkpoint) save(ctx context.Context, next uint64, state []byte) error {
	d, err := c.set.Write(ctx, bytes.NewReader(state))
	if err != nil {
		return err
	}
	data := binary.AppendUvarint(nil, checkpointFormat)
	data = binary.AppendUvarint(data, next)
	data = appendSnapshot(data, d.Snapshot)
	v, err := c.store.Put(ctx, store.Record{ID: checkpointID(c.run), Version: c.version, Data: data}, d.Blobs...) // rule: checkpoint
	if err != nil {
		return err
	}
	c.version, c.next, c.size = v, next, len(state)
	deleteBlobs(ctx, c.store, c.set.Commit(v, d, func(int64) bool { return false }))
	return nil
}
