package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// This file defines how a snapshot travels: as chunks
//
//	uint32, big endian   length, not 0
//	bytes
//
// until one of
//
//	uint32 0             the end
//	uint32 2^32-1        the sender cannot go on: what was sent is of no use

const (
	endOfChunks = 0
	abortChunks = math.MaxUint32

	// chunkSize is the size of chunks that are collected from small writes.
	chunkSize = 64 << 10
	// maxChunk is the size up to which a large write becomes one chunk, uncopied.
	maxChunk = 1 << 30
)

// ErrAborted is returned by a Body when the sender could not go on.
var ErrAborted = errors.New("wire: the sender has given up")

// ErrCut is returned by a Body when the connection ends within the snapshot.
var ErrCut = errors.New("wire: the connection ended within a snapshot")

// A SourceError says that a snapshot failed to write itself.
type SourceError struct{ Err error }

func (e *SourceError) Error() string { return e.Err.Error() }
func (e *SourceError) Unwrap() error { return e.Err }

// sendChunks writes a snapshot and its end. buf has room for a chunk, and 4 bytes.
func sendChunks(w io.Writer, snapshot io.WriterTo, buf []byte) error {
	c := &chunkWriter{w: w, buf: buf}
	_, err := snapshot.WriteTo(c)
	last := uint32(endOfChunks)
	if err != nil {
		last = abortChunks
	}
	c.flush()
	c.put(binary.BigEndian.AppendUint32(nil, last))
	switch {
	case c.err != nil:
		return fmt.Errorf("wire: %w", c.err)
	case err != nil:
		return &SourceError{err}
	}
	return nil
}

// A chunkWriter makes chunks of what is written to it. Its first error stays.
type chunkWriter struct {
	w   io.Writer
	buf []byte // four bytes for the length, and what is collected
	err error
}

func (c *chunkWriter) Write(p []byte) (n int, err error) {
	n = len(p)
	if len(c.buf)+n > cap(c.buf) {
		c.flush()
	}
	for len(p) > chunkSize {
		b := p[:min(len(p), maxChunk)]
		c.put(binary.BigEndian.AppendUint32(nil, uint32(len(b))))
		c.put(b)
		p = p[len(b):]
	}
	c.buf = append(c.buf, p...)
	if c.err != nil {
		return 0, c.err
	}
	return n, nil
}

func (c *chunkWriter) flush() {
	if n := len(c.buf) - 4; n > 0 {
		binary.BigEndian.PutUint32(c.buf, uint32(n))
		c.put(c.buf)
		c.buf = c.buf[:4]
	}
}

func (c *chunkWriter) put(b []byte) {
	if c.err == nil {
		_, c.err = c.w.Write(b)
	}
}

// A Body is a snapshot as it arrives. Read returns io.EOF at its end only.
type Body struct {
	r    *bufio.Reader
	left uint32 // of the chunk
	err  error  // once left is 0
	done chan struct{}
}

func newBody(r *bufio.Reader) *Body {
	b := &Body{r: r, done: make(chan struct{})}
	b.next()
	return b
}

// Done is closed when nothing more will be read from the connection for it: after the last byte, or an error.
func (b *Body) Done() <-chan struct{} { return b.done }

// next reads the length of the next chunk. It does so as soon as the last one has been read, so that the
// end is seen also by a reader that knows the size and stops there.
func (b *Body) next() {
	var head [4]byte
	if _, err := io.ReadFull(b.r, head[:]); err != nil {
		b.fail(err)
		return
	}
	switch n := binary.BigEndian.Uint32(head[:]); n {
	case endOfChunks:
		b.end(io.EOF)
	case abortChunks:
		b.end(ErrAborted)
	default:
		b.left = n
	}
}

func (b *Body) fail(err error) {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		err = ErrCut
	}
	b.end(err)
}

func (b *Body) end(err error) {
	b.left, b.err = 0, err
	close(b.done)
}

func (b *Body) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, b.err
	}
	n, err := b.r.Read(p[:min(len(p), int(b.left))])
	b.left -= uint32(n)
	switch {
	case err != nil:
		b.fail(err)
	case b.left == 0:
		b.next()
	}
	return n, nil
}
