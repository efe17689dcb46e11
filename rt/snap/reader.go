package snap

// This file defines the reading of chunks. A chunk is checked before what it holds is used.

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"unsafe"
)

// longestChunk bounds the window. Writers stay far below: they cut at the end of each element, and large memory in pieces.
const longestChunk = 16 << 20

// A corruption is the panic of a reader or decoder that cannot go on; decode recovers it.
type corruption struct{ why string }

func corrupt(why string) { panic(corruption{why}) }

// A readError is the panic of a reader whose source fails.
type readError struct{ error }

// A reader reads what a writer wrote; it panics with a corruption at the end.
type reader struct {
	r     io.Reader
	left  int64  // bytes that r still holds, as far as the caller knows
	buf   []byte // content of the chunk
	pos   int
	sums  uint32
	store []byte // memory of buf
	small [chunkHeader]byte
}

// full reads len(b) bytes.
func (r *reader) full(b []byte) {
	if int64(len(b)) > r.left {
		corrupt("truncated")
	}
	n, err := io.ReadFull(r.r, b)
	r.left -= int64(n)
	switch {
	case err == io.EOF || err == io.ErrUnexpectedEOF:
		corrupt("truncated")
	case err != nil:
		panic(readError{err})
	}
}

// chunk reads the header of a chunk.
func (r *reader) chunk() (size int, sum uint32) {
	r.full(r.small[:])
	n := binary.LittleEndian.Uint32(r.small[:])
	if int64(n) > r.left {
		corrupt("chunk beyond the end")
	}
	if n > longestChunk {
		corrupt("chunk too long")
	}
	return int(n), binary.LittleEndian.Uint32(r.small[4:])
}

func (r *reader) check(b []byte, sum uint32) {
	if crc32.Update(0, crcTable, b) != sum {
		corrupt("wrong checksum")
	}
	r.sums = crc32.Update(r.sums, crcTable, r.small[4:])
}

// next reads the next chunk; the one before has been used up.
func (r *reader) next() {
	n, sum := r.chunk()
	if n == 0 {
		corrupt("truncated")
	}
	r.window(n, sum)
}

func (r *reader) window(n int, sum uint32) {
	if n > cap(r.store) {
		r.store = make([]byte, n)
	}
	r.buf, r.pos = r.store[:n], 0
	r.full(r.buf)
	r.check(r.buf, sum)
}

// finish reads the end mark.
func (r *reader) finish() {
	if r.pos != len(r.buf) {
		corrupt("left-over bytes")
	}
	if n, sum := r.chunk(); n != 0 || sum != r.sums || r.left != 0 {
		corrupt("wrong end")
	}
}

// rest is the number of bytes that have not been used.
func (r *reader) rest() int64 { return r.left + int64(len(r.buf)-r.pos) }

func (r *reader) uvarint() uint64 {
	if r.pos == len(r.buf) {
		r.next()
	}
	if x := r.buf[r.pos]; x < 0x80 {
		r.pos++
		return uint64(x)
	}
	x, n := binary.Uvarint(r.buf[r.pos:])
	if n <= 0 {
		corrupt("truncated number")
	}
	r.pos += n
	return x
}

func (r *reader) varint() int64 { return unzigzag(r.uvarint()) }

func (r *reader) bool() bool {
	x := r.uvarint()
	if x > 1 {
		corrupt("neither 0 nor 1")
	}
	return x == 1
}

// count reads a number of things of which each takes at least one byte.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(r.rest()) {
		corrupt("count beyond the end")
	}
	return int(n)
}

// length reads a non-negative int.
func (r *reader) length() int {
	n := r.uvarint()
	if n > 1<<48 {
		corrupt("length out of range")
	}
	return int(n)
}

func (r *reader) fixed32() uint32 {
	var b [4]byte
	r.copy(b[:])
	return binary.LittleEndian.Uint32(b[:])
}

func (r *reader) fixed64() uint64 {
	var b [8]byte
	r.copy(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

func (r *reader) string() string {
	b := make([]byte, r.count())
	r.copy(b)
	return string(b)
}

// copy fills b. A chunk that belongs to b as a whole is read into it.
func (r *reader) copy(b []byte) {
	for {
		n := copy(b, r.buf[r.pos:])
		r.pos += n
		if b = b[n:]; len(b) == 0 {
			return
		}
		n, sum := r.chunk()
		switch {
		case n == 0:
			corrupt("truncated")
		case n > len(b):
			r.window(n, sum)
		default:
			r.full(b[:n])
			r.check(b[:n], sum)
			b = b[n:]
		}
	}
}

// raw fills memory without references.
func (r *reader) raw(mem unsafe.Pointer, size uintptr) {
	if size <= uintptr(len(r.buf)-r.pos) {
		copy(unsafe.Slice((*byte)(mem), size), r.buf[r.pos:])
		r.pos += int(size)
		return
	}
	if size > uintptr(r.rest()) {
		corrupt("truncated memory")
	}
	r.copy(unsafe.Slice((*byte)(mem), size))
}

// skip skips n bytes of padding, which are zero.
func (r *reader) skip(n uintptr) {
	if n > uintptr(r.rest()) {
		corrupt("truncated")
	}
	for n > 0 {
		if r.pos == len(r.buf) {
			r.next()
		}
		b := r.buf[r.pos:min(r.pos+int(n), len(r.buf))]
		if !isZeros(b) {
			corrupt("padding is not zero")
		}
		r.pos += len(b)
		n -= uintptr(len(b))
	}
}

func isZeros(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}
