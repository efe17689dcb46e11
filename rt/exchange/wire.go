package exchange

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// This file defines the parts of the encoding: numbers, bytes, lists.
//
// Numbers are varints. A list is its length and its elements. The length of a list is checked against the bytes that are left before anything is
// allocated, so a decoder allocates at most maxGrowth bytes for each byte of its input.

// formatVersion is the first byte of every message.
const formatVersion = 1

// maxGrowth bounds what a decoder allocates for each byte that it reads.
const maxGrowth = 64

// ErrFormat is wrapped by the errors of all decoders.
var ErrFormat = errors.New("exchange: malformed message")

func appendInt(b []byte, n int64) []byte { return binary.AppendVarint(b, n) }

func appendUint[T ~uint8 | ~uint32 | ~uint64 | ~int](b []byte, n T) []byte {
	return binary.AppendUvarint(b, uint64(n))
}

func appendBytes[T ~string | ~[]byte](b []byte, s T) []byte {
	return append(appendUint(b, len(s)), s...)
}

func appendBool(b []byte, v bool) []byte {
	if v {
		return append(b, 1)
	}
	return append(b, 0)
}

// appendID writes an ObjectID as process and number: both are small, together they are not.
func appendID(b []byte, id ObjectID) []byte {
	return appendUint(appendUint(b, uint32(id>>32)), uint32(id))
}

func appendList[T any](b []byte, list []T, element func([]byte, *T) []byte) []byte {
	b = appendUint(b, len(list))
	for i := range list {
		b = element(b, &list[i])
	}
	return b
}

// A reader reads what the append functions have written. After its first error it reads zeros.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(what string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s", ErrFormat, what)
	}
	r.b = nil
}

// version reads the first byte.
func (r *reader) version() {
	if v := r.byte(); r.err == nil && v != formatVersion {
		r.fail(fmt.Sprintf("version %d, not %d", v, formatVersion))
	}
}

// end returns the first error; that bytes are left is one.
func (r *reader) end() error {
	if r.err == nil && len(r.b) > 0 {
		r.fail("bytes after the end")
	}
	return r.err
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.fail("ends early")
		return 0
	}
	v := r.b[0]
	r.b = r.b[1:]
	return v
}

func (r *reader) bool() bool {
	v := r.byte()
	if v > 1 {
		r.fail("a flag is neither 0 nor 1")
	}
	return v == 1
}

func (r *reader) uint(limit uint64) uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.fail("bad number")
		return 0
	}
	r.b = r.b[n:]
	if v > limit {
		r.fail("a number is too large")
		return 0
	}
	return v
}

func (r *reader) uint32() uint32 { return uint32(r.uint(1<<32 - 1)) }
func (r *reader) uint64() uint64 { return r.uint(1<<64 - 1) }

func (r *reader) int() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.fail("bad number")
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) id() ObjectID { return ObjectID(r.uint32())<<32 | ObjectID(r.uint32()) }

// bytes returns a copy: a short value must not keep a long message in memory.
func (r *reader) bytes() []byte {
	n := r.uint64()
	if n > uint64(len(r.b)) {
		r.fail("ends early")
	}
	if n == 0 || r.err != nil {
		return nil
	}
	v := append([]byte(nil), r.b[:n]...)
	r.b = r.b[n:]
	return v
}

func (r *reader) string() string { return string(r.bytes()) }

// readList reads a list of elements of least bytes or more.
func readList[T any](r *reader, least int, element func(*reader, *T)) []T {
	n := r.uint64()
	if n > uint64(len(r.b)/least) {
		r.fail("a list is longer than the message")
	}
	if n == 0 || r.err != nil {
		return nil
	}
	list := make([]T, n)
	for i := range list {
		if element(r, &list[i]); r.err != nil {
			return nil
		}
	}
	return list
}
