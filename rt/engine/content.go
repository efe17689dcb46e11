// This file defines how bytes get into records: those of batches, log entries and snapshots.

package engine

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/harkgen/harkgen/rt/store"
)

// newContent returns where data is: in the record, or in a blob of the owner to be put with it.
func newContent(owner string, data []byte) (store.Content, []store.Blob) {
	if len(data) <= store.MaxInline {
		return store.Content{Inline: data}, nil
	}
	b := store.NewBlob(owner, data)
	return store.Content{Blobs: []string{b.Name}}, []store.Blob{b}
}

// readContent returns the data. The error wraps store.ErrNotFound if a blob is not there.
func readContent(ctx context.Context, s store.Store, c store.Content) ([]byte, error) {
	if len(c.Blobs) == 0 {
		return c.Inline, nil
	}
	var data []byte
	for _, name := range c.Blobs {
		b, err := s.GetBlob(ctx, name)
		if err != nil {
			return nil, err
		}
		data = append(data, b...)
	}
	return data, nil
}

func appendBytes(dst, b []byte) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(b))), b...)
}

func appendContent(dst []byte, c store.Content) []byte {
	dst = appendBytes(dst, c.Inline)
	dst = binary.AppendUvarint(dst, uint64(len(c.Blobs)))
	for _, name := range c.Blobs {
		dst = appendBytes(dst, []byte(name))
	}
	return dst
}

func appendSnapshot(dst []byte, s store.Snapshot) []byte {
	dst = binary.AppendUvarint(dst, uint64(s.Size))
	dst = binary.AppendUvarint(dst, uint64(s.Depth))
	dst = appendBytes(dst, s.Inline)
	return appendBytes(dst, s.Pages)
}

var errShort = errors.New("it ends early")

// A decoder reads what was appended. Slices share its memory.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.err, d.b = errShort, nil
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) bytes() []byte {
	n := d.uint()
	if n > uint64(len(d.b)) {
		d.err, d.b = errShort, nil
		return nil
	}
	b := d.b[:n:n]
	d.b = d.b[n:]
	return b
}

func (d *decoder) content() store.Content {
	c := store.Content{Inline: d.bytes()}
	for n := d.uint(); n > 0 && d.err == nil; n-- {
		c.Blobs = append(c.Blobs, string(d.bytes()))
	}
	return c
}

func (d *decoder) snapshot() store.Snapshot {
	s := store.Snapshot{Size: int64(d.uint()), Depth: int(d.uint())}
	s.Inline, s.Pages = d.bytes(), d.bytes()
	return s
}

// format reads the version of a format, of which there is one so far.
func (d *decoder) format(want uint64) {
	if got := d.uint(); got != want && d.err == nil {
		d.err = store.ErrFormat
	}
}

// end returns the first error. Fields may be added at the end: whoever does not know them ignores them.
func (d *decoder) end() error { return d.err }
