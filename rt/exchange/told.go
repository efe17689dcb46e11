package exchange

import "bytes"

// This file defines what need not go to a worker twice. A worker executes one process after the other, and many of them are told of the same memory when they begin: the slice
// to which each of a thousand goroutines writes its result.

// A Told is what one side of a connection remembers of the regions that have gone over it. The other side has one too: what one encodes the other decodes, in the same order.
// The zero value remembers nothing. It must not be used by two goroutines at a time.
type Told struct {
	regions map[ObjectID]Stored
	size    int
}

// mostTold is how many bytes are remembered.
const mostTold = 4 << 20

// swap remembers s, and returns what was remembered of its region. It reports false if there is nothing of the same size.
func (t *Told) swap(s *Stored) (old Stored, ok bool) {
	n := len(s.Value.Data)
	if s.Patch || n < leastRepeated || n > mostTold {
		return old, false
	}
	old, ok = t.regions[s.Object]
	if t.size += n - len(old.Value.Data); t.regions == nil || t.size > mostTold {
		t.regions, t.size = map[ObjectID]Stored{}, n
	}
	t.regions[s.Object] = *s
	return old, ok && len(old.Value.Data) == n
}

// AppendReplies is AppendReplies without what the other side knows.
func (t *Told) AppendReplies(dst []byte, replies []Reply) []byte {
	return appendList(append(dst, formatVersion), replies, func(b []byte, y *Reply) []byte { return appendReplyWith(b, y, t.appendStored) })
}

func (t *Told) appendStored(b []byte, s *Stored) []byte {
	old, ok := t.swap(s)
	if !ok {
		return appendStored(b, s)
	}
	if old.Version == s.Version {
		return appendUint(append(appendID(b, s.Object), storedAgain), s.Version)
	}
	pieces, size := difference(old.Value.Data, s.Value.Data)
	if size > len(s.Value.Data)/2 || len(s.Value.Refs) > 0 {
		return appendStored(b, s)
	}
	b = appendUint(append(appendID(b, s.Object), storedDelta), s.Version)
	return appendList(b, pieces, func(b []byte, p *piece) []byte { return appendBytes(appendUint(b, p.at), p.data) })
}

// A piece is what differs, at some place.
type piece struct {
	at   int
	data []byte
}

const (
	blockSize = 256 // is compared at once
	pieceSize = 8   // is sent at least
	pieceCost = 4   // of its place and length
)

// difference returns what makes new of old, which is of the same size, and about how many bytes that takes.
func difference(old, new []byte) (pieces []piece, size int) {
	for at := 0; at < len(new); at += blockSize {
		block := min(at+blockSize, len(new))
		if bytes.Equal(old[at:block], new[at:block]) {
			continue
		}
		for from := at; from < block; from += pieceSize {
			to := min(from+pieceSize, block)
			if bytes.Equal(old[from:to], new[from:to]) {
				continue
			}
			size += to - from
			if n := len(pieces) - 1; n >= 0 && pieces[n].at+len(pieces[n].data) == from {
				pieces[n].data = new[pieces[n].at:to]
				continue
			}
			size += pieceCost
			pieces = append(pieces, piece{from, new[from:to]})
		}
	}
	return pieces, size
}

// DecodeReplies is the inverse of AppendReplies. Nobody may write to the values.
func (t *Told) DecodeReplies(src []byte) ([]Reply, error) {
	r := &reader{b: src}
	r.version()
	replies := readList(r, minReply, func(r *reader, y *Reply) { readReplyWith(r, y, minAgain-1, t.readStored) })
	if err := r.end(); err != nil {
		return nil, err
	}
	return replies, nil
}

func (t *Told) readStored(r *reader, s *Stored) {
	s.Object = r.id()
	how := r.byte()
	if how <= storedPatch {
		readStoredRest(r, s, how)
		t.swap(s)
		return
	}
	s.Version = r.uint64()
	old, ok := t.regions[s.Object]
	switch {
	case how > storedDelta || !ok || how == storedAgain && old.Version != s.Version:
		r.fail("a region that has not been told of")
		return
	case how == storedAgain:
		s.Value = old.Value
	default:
		s.Value.Data = bytes.Clone(old.Value.Data)
		readList(r, 2, func(r *reader, _ *unused) {
			at, data := r.uint64(), r.bytes()
			if at > uint64(len(s.Value.Data)) || len(data) > len(s.Value.Data)-int(at) {
				r.fail("a piece beyond its region")
				return
			}
			copy(s.Value.Data[at:], data)
		})
	}
	t.swap(s)
}
