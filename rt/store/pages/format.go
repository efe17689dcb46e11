package pages

// This file defines how pages and lists of pages are stored.
//
//	blob   byte 1, the version; 8 bytes salt; zstd frame of the content
//	list   entries: uvarint size of the content, 16 bytes hash of the content, 16 bytes hash of the blob

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/harkgen/harkgen/rt/store"
)

const (
	formatVersion = 1
	saltLen       = 8
	hashLen       = 16
	headLen       = 1 + saltLen

	maxPage  = 256 << 10 // bytes of content
	maxDepth = 8         // levels of index pages above content
)

// sizes say where writers cut. They may be changed: whoever reads does not need them.
type sizes struct {
	min, normal, max int // bytes of content; normal is a power of two, max at most maxPage
	list             int // bytes of the list in the record
	entries          int // of an index page at least, but for the last one; at most 64 times as many
	held             int // bytes of new pages that go into the put of the record, which makes all durable at once; more are stored as they come
}

var normalSizes = sizes{min: 16 << 10, normal: 64 << 10, max: maxPage, list: 1 << 10, entries: 16, held: 1 << 20}

// A hash is the first half of a SHA-256.
type hash [hashLen]byte

func hashOf(b []byte) hash {
	sum := sha256.Sum256(b)
	return hash(sum[:hashLen])
}

// An entry says where a page is.
type entry struct {
	size int  // of the content
	sum  hash // of the content
	blob hash // of what is stored
}

// name returns the name of the blob.
func (e *entry) name(owner string) string { return owner + "/" + hex.EncodeToString(e.blob[:]) }

// cut reports whether an index page may end after e.
func (e *entry) cut() bool { return e.sum[hashLen-1]&127 == 0 }

func appendEntry(b []byte, e entry) []byte {
	b = binary.AppendUvarint(b, uint64(e.size))
	b = append(b, e.sum[:]...)
	return append(b, e.blob[:]...)
}

var errList = errors.New("its list of pages is malformed")

func decodeList(b []byte) ([]entry, error) {
	list := make([]entry, 0, len(b)/(2*hashLen+1))
	for len(b) > 0 {
		size, n := binary.Uvarint(b)
		if n <= 0 || size == 0 || size > maxPage || len(b)-n < 2*hashLen {
			return nil, errList
		}
		b = b[n:]
		list = append(list, entry{int(size), hash(b[:hashLen]), hash(b[hashLen:])})
		b = b[2*hashLen:]
	}
	return list, nil
}

var encoder = sync.OnceValue(func() *zstd.Encoder {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(writers),
		zstd.WithWindowSize(maxPage), zstd.WithLowerEncoderMem(true), zstd.WithEncoderCRC(false))
	if err != nil {
		panic(err) // the options are wrong
	}
	return e
})

var decoder = sync.OnceValue(func() *zstd.Decoder {
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxPage), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(err)
	}
	return d
})

type salt [saltLen]byte

// encodePage returns the blob of a page.
func encodePage(owner string, s salt, content []byte) store.Blob {
	b := make([]byte, 0, headLen+len(content)/2)
	b = append(b, formatVersion)
	b = append(b, s[:]...)
	return store.NewBlob(owner, encoder().EncodeAll(content, b))
}

// decodePage returns the content of a page, given its blob.
func decodePage(e *entry, blob []byte) ([]byte, error) {
	if len(blob) < headLen || blob[0] != formatVersion {
		return nil, errors.New("it has no known format")
	}
	content, err := decoder().DecodeAll(blob[headLen:], make([]byte, 0, e.size))
	if err != nil {
		return nil, fmt.Errorf("it cannot be decompressed: %v", err)
	}
	if len(content) != e.size || hashOf(content) != e.sum {
		return nil, errors.New("it has another content")
	}
	return content, nil
}
