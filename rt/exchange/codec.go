package exchange

import "math"

// This file defines the encoding of batches and replies.
//
// What is rarely there has a bit in a mask, and is written only if the bit is set. The bits are part of the format.

// Append appends the encoding of b to dst.
func (b *Batch) Append(dst []byte) []byte {
	dst = append(dst, formatVersion)
	dst = appendUint(dst, uint32(b.From))
	dst = appendUint(dst, b.Step)
	dst = appendUint(dst, b.Consumed)
	dst = append(dst, bits(b.Idle, b.Ended, b.Exit != nil))
	dst = appendInt(dst, b.Wake)
	if b.Exit != nil {
		dst = appendExit(dst, b.Exit)
	}
	return appendList(dst, b.Ops, appendOp)
}

// DecodeBatch reads what Append has written; it shares no memory with src. Its errors wrap ErrFormat.
func DecodeBatch(src []byte) (*Batch, error) {
	r := &reader{b: src}
	r.version()
	b := &Batch{From: ProcessID(r.uint32()), Step: r.uint64(), Consumed: r.uint64()}
	mask := r.byte()
	b.Idle, b.Ended = mask&1 != 0, mask&2 != 0
	if mask >= 8 {
		r.fail("unknown flag of a batch")
	}
	b.Wake = r.int()
	if mask&4 != 0 {
		b.Exit = readExit(r)
	}
	b.Ops = readList(r, minOp, readOp)
	if err := r.end(); err != nil {
		return nil, err
	}
	return b, nil
}

// AppendReplies appends the encoding of replies to dst.
func AppendReplies(dst []byte, replies []Reply) []byte {
	return appendList(append(dst, formatVersion), replies, appendReply)
}

// DecodeReplies reads what AppendReplies has written; it shares no memory with src. Its errors wrap ErrFormat.
func DecodeReplies(src []byte) ([]Reply, error) {
	r := &reader{b: src}
	r.version()
	replies := readList(r, minReply, readReply)
	if err := r.end(); err != nil {
		return nil, err
	}
	return replies, nil
}

// The least numbers of bytes that elements of lists take.
const (
	minRef     = 2
	minWaiting = 3
	minValue   = 2
	minCase    = 5
	minOp      = 5
	minReply   = 6
	minStored  = 7
)

func bits(flags ...bool) (mask byte) {
	for i, f := range flags {
		if f {
			mask |= 1 << i
		}
	}
	return mask
}

func appendExit(b []byte, e *Exit) []byte {
	return appendList(appendBytes(appendInt(b, int64(e.Status)), e.Text), e.Waits, func(b []byte, w *Waiting) []byte {
		return appendBytes(appendUint(appendUint(b, uint32(w.Process)), uint32(w.G)), w.Reason)
	})
}

func readExit(r *reader) *Exit {
	status := r.int()
	if status != int64(int(status)) {
		r.fail("status out of range")
	}
	e := &Exit{Status: int(status), Text: r.string()}
	e.Waits = readList(r, minWaiting, func(r *reader, w *Waiting) {
		w.Process, w.G, w.Reason = ProcessID(r.uint32()), GID(r.uint32()), r.string()
	})
	return e
}

func appendValue(b []byte, v *Value) []byte {
	return appendList(appendBytes(b, v.Data), v.Refs, func(b []byte, id *ObjectID) []byte { return appendID(b, *id) })
}

func readValue(r *reader, v *Value) {
	v.Data = r.bytes()
	v.Refs = readList(r, minRef, func(r *reader, id *ObjectID) { *id = r.id() })
}

func (v *Value) empty() bool { return len(v.Data) == 0 && len(v.Refs) == 0 }

// The bits of an Op.
const (
	hasValue = 1 << iota
	hasN
	hasMode
	hasLock
	hasOffset
	hasAtomic
	hasShare
	hasCases
	hasDefault
	hasOldValue
	hasSize
	hasText
	hasBytes
	hasClass
	opBits
)

// set returns mask with bit if v.
func set(mask, bit uint32, v bool) uint32 {
	if v {
		mask |= bit
	}
	return mask
}

func (op *Op) mask() (m uint32) {
	m = set(m, hasValue, !op.Value.empty())
	m = set(m, hasN, op.N != 0 || op.Old != 0)
	m = set(m, hasMode, op.Mode != 0)
	m = set(m, hasLock, op.Lock != 0)
	m = set(m, hasOffset, op.Offset != 0)
	m = set(m, hasAtomic, op.Atomic != 0)
	m = set(m, hasShare, op.Share != nil)
	m = set(m, hasCases, len(op.Cases) != 0)
	m = set(m, hasDefault, op.Default)
	m = set(m, hasOldValue, !op.OldValue.empty())
	m = set(m, hasSize, op.Size != 0)
	m = set(m, hasText, op.Text != "")
	m = set(m, hasClass, op.Class != "")
	return set(m, hasBytes, op.Bytes)
}

func appendOp(b []byte, op *Op) []byte {
	m := op.mask()
	b = appendUint(append(b, byte(op.Kind)), m)
	b = appendID(appendUint(b, uint32(op.G)), op.Object)
	if m&hasValue != 0 {
		b = appendValue(b, &op.Value)
	}
	if m&hasN != 0 {
		b = appendInt(appendInt(b, op.N), op.Old)
	}
	if m&hasMode != 0 {
		b = append(b, byte(op.Mode))
	}
	if m&hasLock != 0 {
		b = appendID(b, op.Lock)
	}
	if m&hasOffset != 0 {
		b = appendUint(b, op.Offset)
	}
	if m&hasAtomic != 0 {
		b = append(b, byte(op.Atomic))
	}
	if m&hasShare != 0 {
		b = appendShare(b, op.Share)
	}
	if m&hasCases != 0 {
		b = appendList(b, op.Cases, appendCase)
	}
	if m&hasOldValue != 0 {
		b = appendValue(b, &op.OldValue)
	}
	if m&hasSize != 0 {
		b = append(b, op.Size)
	}
	if m&hasText != 0 {
		b = appendBytes(b, op.Text)
	}
	if m&hasClass != 0 {
		b = appendBytes(b, op.Class)
	}
	return b
}

func readOp(r *reader, op *Op) {
	op.Kind = OpKind(r.byte())
	m := uint32(r.uint(opBits - 1))
	op.G, op.Object = GID(r.uint32()), r.id()
	if m&hasValue != 0 {
		readValue(r, &op.Value)
	}
	if m&hasN != 0 {
		op.N, op.Old = r.int(), r.int()
	}
	if m&hasMode != 0 {
		op.Mode = Mode(r.byte())
	}
	if m&hasLock != 0 {
		op.Lock = r.id()
	}
	if m&hasOffset != 0 {
		op.Offset = r.uint32()
	}
	if m&hasAtomic != 0 {
		op.Atomic = AtomicOp(r.byte())
	}
	if m&hasShare != 0 {
		op.Share = readShare(r)
	}
	if m&hasCases != 0 {
		op.Cases = readList(r, minCase, readCase)
	}
	op.Default = m&hasDefault != 0
	op.Bytes = m&hasBytes != 0
	if m&hasOldValue != 0 {
		readValue(r, &op.OldValue)
	}
	if m&hasSize != 0 {
		op.Size = r.byte()
	}
	if m&hasText != 0 {
		op.Text = r.string()
	}
	if m&hasClass != 0 {
		op.Class = r.string()
	}
}

func appendCase(b []byte, c *Case) []byte {
	return appendValue(appendBool(appendID(b, c.Channel), c.Send), &c.Value)
}

func readCase(r *reader, c *Case) {
	c.Channel, c.Send = r.id(), r.bool()
	readValue(r, &c.Value)
}

func appendShare(b []byte, s *Share) []byte {
	b = appendInt(append(b, byte(s.Kind)), int64(s.Capacity))
	b = appendList(b, s.Buffer, appendValue)
	b = appendInt(appendBool(b, s.Closed), s.Count)
	if s.Kind == KindContext {
		b = appendID(b, s.Parent)
	}
	return appendValue(b, &s.Content)
}

func readShare(r *reader) *Share {
	s := &Share{Kind: ObjectKind(r.byte())}
	n := r.int()
	if n < 0 || n != int64(int(n)) {
		r.fail("capacity out of range")
	}
	s.Capacity = int(n)
	s.Buffer = readList(r, minValue, readValue)
	s.Closed, s.Count = r.bool(), r.int()
	if s.Kind == KindContext {
		s.Parent = r.id()
	}
	readValue(r, &s.Content)
	return s
}

// The bits of a Reply.
const (
	replyCase = 1 << iota
	replyValue
	replyOK
	replyN
	replyText
	replyStores
	replyBits
)

func (y *Reply) mask() (m uint32) {
	m = set(m, replyCase, y.Case != 0)
	m = set(m, replyValue, !y.Value.empty())
	m = set(m, replyOK, y.OK)
	m = set(m, replyN, y.N != 0)
	m = set(m, replyText, y.Text != "")
	return set(m, replyStores, len(y.Stores) != 0)
}

func appendReply(b []byte, y *Reply) []byte { return appendReplyWith(b, y, appendStored) }

func appendReplyWith(b []byte, y *Reply, appendStored func([]byte, *Stored) []byte) []byte {
	m := y.mask()
	b = appendUint(append(b, byte(y.Kind)), m)
	b = appendUint(appendUint(appendUint(appendUint(b, uint32(y.To)), y.Seq), y.Step), uint32(y.G))
	if m&replyCase != 0 {
		b = appendInt(b, int64(y.Case))
	}
	if m&replyValue != 0 {
		b = appendValue(b, &y.Value)
	}
	if m&replyN != 0 {
		b = appendInt(b, y.N)
	}
	if m&replyText != 0 {
		b = appendBytes(b, y.Text)
	}
	if m&replyStores != 0 {
		b = appendList(b, y.Stores, appendStored)
	}
	return b
}

func readReply(r *reader, y *Reply) { readReplyWith(r, y, minStored, readStored) }

func readReplyWith(r *reader, y *Reply, least int, readStored func(*reader, *Stored)) {
	y.Kind = ReplyKind(r.byte())
	m := uint32(r.uint(replyBits - 1))
	y.To, y.Seq, y.Step, y.G = ProcessID(r.uint32()), r.uint64(), r.uint64(), GID(r.uint32())
	if m&replyCase != 0 {
		n := r.int()
		if n < math.MinInt32 || n > math.MaxInt32 {
			r.fail("case out of range")
		}
		y.Case = int(n)
	}
	if m&replyValue != 0 {
		readValue(r, &y.Value)
	}
	y.OK = m&replyOK != 0
	if m&replyN != 0 {
		y.N = r.int()
	}
	if m&replyText != 0 {
		y.Text = r.string()
	}
	if m&replyStores != 0 {
		y.Stores = readList(r, least, readStored)
	}
}

func appendStored(b []byte, s *Stored) []byte {
	b = appendUint(appendBool(appendID(b, s.Object), s.Patch), s.Offset)
	return appendValue(appendUint(b, s.Version), &s.Value)
}

func readStored(r *reader, s *Stored) {
	s.Object = r.id()
	readStoredRest(r, s, r.byte())
}

// readStoredRest reads what comes after the object, and how it is written.
func readStoredRest(r *reader, s *Stored, how byte) {
	if how > storedPatch {
		r.fail("a flag is neither 0 nor 1")
	}
	s.Patch, s.Offset, s.Version = how == storedPatch, r.uint32(), r.uint64()
	readValue(r, &s.Value)
}
