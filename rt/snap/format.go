package snap

// This file defines the format of a snapshot.
//
//	"HARKSNAP" version build fingerprint
//	number of objects, then runs of equal objects: kind, what the kind needs, repetition
//	bodies of the objects: memory, closures and timers, by number
//	entries of maps and elements of channels, by number; then entries of sync.Maps, in order of appearance
//	CRC-32C of everything before, 4 bytes little endian
//
// Numbers are uvarints unless stated otherwise. Types, functions and names are numbered from 0 as they first appear,
// and defined there: a number that is the next one is followed by its definition.
//
// A reference is a uvarint whose low two bits tell what follows in the rest:
//
//	refObject   zigzag distance from the object being written to the object meant
//	refInterior the same, and an offset follows
//	refSpecial  one of the special codes

import (
	"encoding/binary"
	"hash/crc32"
	"io"
	"unsafe"
)

const (
	magic         = "HARKSNAP"
	formatVersion = 1

	// expand is how many bytes Load allocates at most for a byte of input. The encoder pads accordingly.
	expand = 64
)

// These numbers are part of the format and are not changed.
const (
	objMemory    = 1 // type, count
	objRoot      = 2 // type, count
	objVar       = 3 // name, type, count
	objImage     = 4 // offset, type, count, guard
	objMap       = 5 // type, length
	objChan      = 6 // element type, capacity, closed, length
	objClosure   = 7 // name
	objTimer     = 8 // 0 of a function; or 1, zigzag due time, zigzag period; padding
	objTimerChan = 9 // number of the timer, length

	refObject   = 0
	refInterior = 1
	refSpecial  = 2

	specialNil      = 0
	specialZero     = 1 // any address of a zero-size value
	specialImage    = 2 // number of an image offset
	specialFunc     = 3 // number of a static function
	specialExternal = 4 // number of an external, 1 if its target is meant, zigzag offset

	typeImage = 1 // zigzag offset, string, guard
	typeMade  = 2 // kind and parts: a type made at run time

	guardType  = 1
	guardImage = 2
	guardFunc  = 3
	guardVar   = 4
)

var crcTable = crc32.MakeTable(crc32.Castagnoli)

// padding is how many bytes the encoder writes for size bytes of memory without content.
func padding(size uintptr) uintptr { return size/(expand/2) + 1 }

// chanPadding is the padding of a channel's buffer: of its free part, and of elements without size.
func chanPadding(elem uintptr, capacity, n int) uintptr {
	if elem == 0 {
		return padding(uintptr(n))
	}
	return padding(uintptr(capacity-n) * elem)
}

const flushSize = 1 << 16

// A writer collects, sums and writes bytes. Its first error stays.
type writer struct {
	w   io.Writer
	buf []byte
	crc uint32
	n   int64 // bytes written
	err error
}

func (w *writer) flush() {
	w.write(w.buf)
	w.buf = w.buf[:0]
}

func (w *writer) write(b []byte) {
	if w.err == nil && len(b) > 0 {
		w.crc = crc32.Update(w.crc, crcTable, b)
		var n int
		n, w.err = w.w.Write(b)
		w.n += int64(n)
	}
}

func (w *writer) uvarint(x uint64) {
	w.buf = binary.AppendUvarint(w.buf, x)
	if len(w.buf) >= flushSize {
		w.flush()
	}
}

func (w *writer) varint(x int64)   { w.uvarint(zigzag(x)) }
func (w *writer) fixed64(x uint64) { w.buf = binary.LittleEndian.AppendUint64(w.buf, x) }
func (w *writer) string(s string)  { w.uvarint(uint64(len(s))); w.buf = append(w.buf, s...) }
func zigzag(x int64) uint64        { return uint64(x)<<1 ^ uint64(x>>63) }
func unzigzag(x uint64) int64      { return int64(x>>1) ^ -int64(x&1) }
func (w *writer) zeros(n uintptr) {
	for ; n > flushSize; n -= flushSize {
		w.buf = append(w.buf, make([]byte, flushSize)...)
		w.flush()
	}
	w.buf = append(w.buf, make([]byte, n)...)
}

// raw writes memory as it is.
func (w *writer) raw(mem unsafe.Pointer, size uintptr) {
	b := unsafe.Slice((*byte)(mem), size)
	if size < flushSize {
		w.buf = append(w.buf, b...)
		return
	}
	w.flush()
	w.write(b)
}

// finish writes the checksum.
func (w *writer) finish() error {
	w.flush()
	sum := binary.LittleEndian.AppendUint32(nil, w.crc)
	w.write(sum)
	return w.err
}

// A corruption is the panic of a reader or decoder that cannot go on; decode recovers it.
type corruption struct{ why string }

func corrupt(why string) { panic(corruption{why}) }

// A reader reads what a writer wrote; it panics with a corruption at the end.
type reader struct {
	buf []byte
	pos int
}

func (r *reader) left() int { return len(r.buf) - r.pos }

func (r *reader) uvarint() uint64 {
	x, n := binary.Uvarint(r.buf[r.pos:])
	if n <= 0 {
		corrupt("truncated number")
	}
	r.pos += n
	return x
}

func (r *reader) varint() int64 { return unzigzag(r.uvarint()) }

// count reads a number of things of which each takes at least one byte.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(r.left()) {
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

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > r.left() {
		corrupt("truncated")
	}
	r.pos += n
	return r.buf[r.pos-n : r.pos]
}

func (r *reader) fixed64() uint64 { return binary.LittleEndian.Uint64(r.bytes(8)) }
func (r *reader) string() string  { return string(r.bytes(r.count())) }

// raw fills memory without references.
func (r *reader) raw(mem unsafe.Pointer, size uintptr) {
	if size > uintptr(r.left()) {
		corrupt("truncated memory")
	}
	copy(unsafe.Slice((*byte)(mem), size), r.buf[r.pos:])
	r.pos += int(size)
}
