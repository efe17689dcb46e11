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

// sendChunks writes a snapshot and its end.
func sendChunks(b *buffer, snapshot io.WriterTo) error {
	c := &chunkWriter{b: b}
	_, err := snapshot.WriteTo(c)
	c.end()
	last := uint32(endOfChunks)
	if err != nil {
		last = abortChunks
	}
	b.number(last)
	switch {
	case b.err != nil:
		return b.failed()
	case err != nil:
		return &SourceError{err}
	}
	return nil
}

// A chunkWriter makes chunks of what is written to it.
type chunkWriter struct {
	b  *buffer
	at int // where in b the length of the chunk that is being collected stands; 0 if there is none
}

func (c *chunkWriter) Write(p []byte) (n int, err error) {
	n = len(p)
	for len(p) > chunkSize {
		c.end()
		head := p[:min(len(p), maxChunk)]
		c.b.number(uint32(len(head)))
		c.b.flush()
		c.b.put(head)
		p = p[len(head):]
	}
	if c.at > 0 && len(c.b.buf)-c.at+len(p) > chunkSize {
		c.end()
		c.b.flush()
	}
	if len(p) > 0 {
		if c.at == 0 {
			c.b.number(0)
			c.at = len(c.b.buf)
		}
		c.b.buf = append(c.b.buf, p...)
	}
	return n, c.b.err
}

// end ends the chunk that is being collected.
func (c *chunkWriter) end() {
	if c.at > 0 {
		binary.BigEndian.PutUint32(c.b.buf[c.at-4:], uint32(len(c.b.buf)-c.at))
		c.at = 0
	}
}

// A buffer collects what is to be written. Its first error stays.
type buffer struct {
	w   io.Writer
	buf []byte
	err error
}

// Write appends p, and writes if that becomes much. It is not called while a chunk is collected.
func (b *buffer) Write(p []byte) (int, error) {
	if len(b.buf)+len(p) > chunkSize {
		b.flush()
	}
	if len(p) > chunkSize {
		b.put(p)
	} else {
		b.buf = append(b.buf, p...)
	}
	return len(p), b.err
}

func (b *buffer) number(n uint32) { b.buf = binary.BigEndian.AppendUint32(b.buf, n) }

func (b *buffer) flush() {
	if len(b.buf) > 0 {
		b.put(b.buf)
		b.buf = b.buf[:0]
	}
}

func (b *buffer) put(p []byte) {
	if b.err == nil {
		_, b.err = b.w.Write(p)
	}
}

func (b *buffer) failed() error {
	if b.err == nil {
		return nil
	}
	return fmt.Errorf("wire: %w", b.err)
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
