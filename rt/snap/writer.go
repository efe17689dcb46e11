package snap

// This file defines the writing of chunks. A chunk ends where the content says so, not at a fixed size: what is written after
// a change is cut as it was before, so a store that keeps equal pieces once finds them again.

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"unsafe"
)

var crcTable = crc32.MakeTable(crc32.Castagnoli)

const (
	minChunk = 16 << 10  // smaller ones are not cut
	maxChunk = 64 << 10  // larger ones are cut at the next boundary
	rawChunk = 256 << 10 // of large memory, which is cut by position
	rawSize  = 32 << 10  // memory from this size on is written from where it is

	chunkHeader = 8 // length and checksum
)

// A writer collects, sums and writes bytes. Its first error stays.
type writer struct {
	w    io.Writer
	buf  []byte // header and content of the chunk
	mark int    // the last boundary in buf
	sums uint32 // checksum of the checksums
	n    int64  // bytes written
	err  error
}

// start makes w one that writes to out, or one that only collects if out is nil.
func (w *writer) start(out io.Writer) {
	if cap(w.buf) == 0 {
		w.buf = make([]byte, 0, maxChunk+rawSize)
	}
	*w = writer{w: out, buf: w.buf[:chunkHeader]}
}

// emptied returns a writer with the buffer of w, unless that has grown large.
func (w *writer) emptied() writer {
	if cap(w.buf) > 2*maxChunk {
		return writer{}
	}
	return writer{buf: w.buf[:0]}
}

func (w *writer) write(b []byte) {
	if w.err == nil {
		var n int
		n, w.err = w.w.Write(b)
		w.n += int64(n)
	}
}

// cut ends the chunk.
func (w *writer) cut() {
	if w.w == nil {
		return
	}
	if len(w.buf) > chunkHeader {
		w.seal(w.buf, w.buf[chunkHeader:])
		w.write(w.buf)
	}
	w.buf, w.mark = w.buf[:chunkHeader], chunkHeader
}

// seal puts the header of a chunk with this content into h.
func (w *writer) seal(h, content []byte) {
	binary.LittleEndian.PutUint32(h, uint32(len(content)))
	sum := crc32.Update(0, crcTable, content)
	binary.LittleEndian.PutUint32(h[4:], sum)
	w.sums = crc32.Update(w.sums, crcTable, h[4:chunkHeader])
}

// boundary says that here a chunk may end: no number goes across.
func (w *writer) boundary() {
	n := len(w.buf)
	if n >= minChunk && w.w != nil && w.ends(n) {
		w.cut()
	}
	w.mark = len(w.buf)
}

// ends decides by the bytes before a boundary, with a chance that makes chunks of minChunk more on average, if a chunk ends there.
func (w *writer) ends(n int) bool {
	if n >= maxChunk {
		return true
	}
	h := binary.LittleEndian.Uint64(w.buf[n-8:]) * 0x9E3779B97F4A7C15
	h = (h ^ binary.LittleEndian.Uint64(w.buf[n-16:])) * 0x9E3779B97F4A7C15 >> 32
	return h*minChunk < uint64(n-w.mark)<<32
}

// finish writes the last chunk, and the end mark: a chunk of length 0 with the checksum of the checksums.
func (w *writer) finish() error {
	w.cut()
	end := w.buf[:chunkHeader]
	binary.LittleEndian.PutUint32(end, 0)
	binary.LittleEndian.PutUint32(end[4:], w.sums)
	w.write(end)
	return w.err
}

func (w *writer) uvarint(x uint64) {
	if x < 0x80 {
		w.buf = append(w.buf, byte(x))
		return
	}
	w.buf = binary.AppendUvarint(w.buf, x)
}

func (w *writer) varint(x int64)   { w.uvarint(zigzag(x)) }
func (w *writer) fixed32(x uint32) { w.buf = binary.LittleEndian.AppendUint32(w.buf, x) }
func (w *writer) fixed64(x uint64) { w.buf = binary.LittleEndian.AppendUint64(w.buf, x) }
func (w *writer) string(s string)  { w.uvarint(uint64(len(s))); w.buf = append(w.buf, s...) }
func (w *writer) bool(b bool) {
	if b {
		w.uvarint(1)
	} else {
		w.uvarint(0)
	}
}

func zigzag(x int64) uint64   { return uint64(x)<<1 ^ uint64(x>>63) }
func unzigzag(x uint64) int64 { return int64(x>>1) ^ -int64(x&1) }

var zeroBytes [4 << 10]byte

func (w *writer) zeros(n uintptr) {
	for ; n > uintptr(len(zeroBytes)); n -= uintptr(len(zeroBytes)) {
		w.buf = append(w.buf, zeroBytes[:]...)
		if len(w.buf) >= maxChunk {
			w.cut()
		}
	}
	w.buf = append(w.buf, zeroBytes[:n]...)
}

// raw writes memory as it is.
func (w *writer) raw(mem unsafe.Pointer, size uintptr) {
	b := unsafe.Slice((*byte)(mem), size)
	if size < rawSize || w.w == nil {
		w.buf = append(w.buf, b...)
		return
	}
	w.cut()
	for len(b) > 0 {
		c := b[:min(len(b), rawChunk)]
		b = b[len(c):]
		w.seal(w.buf[:chunkHeader], c)
		w.write(w.buf[:chunkHeader])
		w.write(c)
	}
}
