package snap

// This file defines the format of a snapshot.
//
//	"HARKSNAP" version
//	chunks: length of the content, CRC-32C of the content (4 bytes each, little endian), content
//	end: length 0, CRC-32C of the checksums of all chunks
//
// The content of the chunks, put together, is
//
//	build, fingerprint (8 bytes), length of the type table, type table (table.go)
//	the root: its type and count
//	the registered variables that are objects of their own: number of those that are not, and their indices
//	bodies of the objects
//
// Numbers are uvarints unless stated otherwise, and do not go across chunks. The header is in chunks of its own.
//
// # Objects
//
// The root, then the variables, are the first objects, with labels 0, 1, ... Any other object is defined by the first reference to it. Its label is that of the
// object defined before plus 1, unless the reference says otherwise; labels.go tells how labels come about. The
// body of one without references (plain memory) follows at once. The others follow when the body that mentions them is complete: bodies
// are written depth first, in the order of the references (a stack holds what is still to be written). So what is near
// in memory's graph is near in the stream, and a change of one object changes bytes there only.
//
// # References
//
// A reference is a uvarint whose low two bits tell what follows in the rest:
//
//	refObject   zigzag distance to the label of the object meant
//	refInterior the same, and an offset follows
//	refSpecial  one of the special codes
//	refNew      a new object; the lowest bit of the rest (newLabel) says that a label follows, as the zigzag distance from the one expected;
//	            above it 0, just what the type of the reference promises, or one of the kinds of object
//
// The distance is counted from the label of what the same field, in whatever object came before, referred to; at first from that of the object being written.
// So the distance is mostly 0 or 1. As labels stay, an insertion changes only the bytes where what is new is defined or referred to.
//
// # Types, functions, places in the image
//
// have numbers, and are defined where the number first appears. Numbers come from a hash of what they stand for (see numbers), not from the
// order of appearance, so they stay when others come or go.

const (
	magic         = "HARKSNAP"
	formatVersion = 3

	// expand is how many bytes Load allocates at most for a byte of input. The encoder pads accordingly.
	expand = 64

	// inlineString is the length up to which strings are written where they are, and not as objects that others can share.
	inlineString = 16

	// A string is written as its length and, up to inlineString, its content, else a reference. A short one that is shared nevertheless
	// (strings.go) has sharedString added to its length, as long ones have.
	sharedString = 16
)

// These numbers are part of the format and are not changed.
const (
	objMemory    = 1 // type, count, offset of what is meant
	objImage     = 2 // image offset, type, count, guard, offset of what is meant
	objMap       = 3 // type, length; length alone if the type is that of the reference
	objChan      = 4 // capacity, closed, length, of the type of the reference
	objClosure   = 5 // name
	objTimer     = 6 // 0 of a function; or 1, zigzag due time, zigzag period; padding
	objTimerChan = 7 // reference to the timer, length
	objSentinel  = 8 // image offset, type, count, guard, offset of what is meant: an error that a package variable holds (sentinel.go)
	objBound     = 9 // image offset, name, type, guard: a method value of code that is not compiled (bound.go)

	refObject   = 0
	refInterior = 1
	refSpecial  = 2
	refNew      = 3
	newLabel    = 4 // bit of a reference of kind refNew: the label follows

	specialNil      = 0
	specialZero     = 1 // any address of a zero-size value
	specialImage    = 2 // number of an image offset
	specialFunc     = 3 // number of a static function
	specialExternal = 4 // number of an external, 1 if its target is meant, zigzag offset
	specialLinked   = 5 // in values that go between processes: thing (link.go), offset
	specialTimer    = 6 // in these: the thing that is the channel of a time.Timer or time.Ticker
	specialDone     = 7 // the same: thing, of a context whose Done channel is meant (linkcontext.go)

	typeNone = 0 // no type
	typeSame = 1 // as the last one in this place
	typeBase = 2 // type n is written as n + typeBase

	typeImage = 1 // zigzag offset, guard
	typeMade  = 2 // kind and parts: a type made at run time

	guardType     = 1
	guardImage    = 2
	guardFunc     = 3
	guardVar      = 4
	guardSentinel = 5
	guardBound    = 6
)

// padding is how many bytes the encoder writes for size bytes of memory without content.
func padding(size uintptr) uintptr { return size/(expand/2) + 1 }

// chanPadding is the padding of a channel's buffer: of its free part, and of elements without size.
func chanPadding(elem uintptr, capacity, n int) uintptr {
	if elem == 0 {
		return padding(uintptr(n))
	}
	return padding(uintptr(capacity-n) * elem)
}

// A numbers gives out numbers by hash, so that the number of a thing depends on the thing alone unless two collide.
type numbers[K comparable] struct {
	list []numbered[K]   // the first few
	of   map[K]uint64    // all, when they are more
	used map[uint64]bool // the same, by number
}

type numbered[K comparable] struct {
	key K
	i   uint64
}

const (
	numbersRange = 16000 // with typeBase, two bytes
	fewNumbers   = 12
)

// emptied returns an empty n with the memory of n, unless that is large.
func (n *numbers[K]) emptied() numbers[K] { return numbers[K]{list: n.list[:0]} }

// known returns the number of k if it has one.
func (n *numbers[K]) known(k K) (uint64, bool) {
	if n.of != nil {
		i, ok := n.of[k]
		return i, ok
	}
	for _, x := range n.list {
		if x.key == k {
			return x.i, true
		}
	}
	return 0, false
}

// number returns the number of k, whose hash is h; fresh says that it has just been given.
func (n *numbers[K]) number(k K, h uint64) (i uint64, fresh bool) {
	if i, ok := n.known(k); ok {
		return i, false
	}
	i = h * 0x9E3779B97F4A7C15 >> 32 % numbersRange
	for n.taken(i) {
		i++
	}
	if n.of == nil && len(n.list) < fewNumbers {
		n.list = append(n.list, numbered[K]{k, i})
		return i, true
	}
	if n.of == nil {
		n.of, n.used = map[K]uint64{}, map[uint64]bool{}
		for _, x := range n.list {
			n.of[x.key], n.used[x.i] = x.i, true
		}
	}
	n.of[k], n.used[i] = i, true
	return i, true
}

func (n *numbers[K]) taken(i uint64) bool {
	if n.of != nil {
		return n.used[i]
	}
	for _, x := range n.list {
		if x.i == i {
			return true
		}
	}
	return false
}
