package exchange

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// This file defines regions: memory that several processes use.
//
// Processes that write to different variables of a region do not race, so each of them stores only what it has changed: the exchange
// puts the slots together. A process that acquires is told of the slots that others have written since it was last told.
//
// To find these does not depend on the number of processes or regions: a process stands in the list fresh of a region, or the region in its list
// stale. A store moves those in fresh, each of which got there by being told.

// A region is a region.
type region struct {
	header
	version     uint64 // of the last store
	content     Value
	contentAt   uint64    // version of content
	contentBy   ProcessID // who has stored it
	slots       map[uint32]*slot
	first, last *slot // by version
	fresh       []*known

	bytesAt  uint64 // version of the last slot that is bytes of the content, or of content
	folded   Value  // the content with these slots in it, as of foldedAt; made when a process wants it
	foldedAt uint64
}

// A slot is a part of a region that has been written since its content was.
type slot struct {
	offset     uint32
	value      Value
	at         uint64
	by         ProcessID
	bytes      bool // they are bytes of the content
	prev, next *slot
}

func newRegion(h header, content Value, by ProcessID) *region {
	r := &region{header: h, version: 1, contentBy: by}
	r.hold(content, 1)
	return r
}

// hold makes content, of version at, what r has.
func (r *region) hold(content Value, at uint64) {
	r.content, r.contentAt = content, at
	r.folded, r.foldedAt, r.bytesAt = content, at, at
	r.slots, r.first, r.last = map[uint32]*slot{}, nil, nil
}

// fold returns the content with the slots that are bytes of it, and the version as of which that is. All who ask for it before it changes share it.
func (r *region) fold() (Value, uint64) {
	if r.foldedAt == r.bytesAt {
		return r.folded, r.foldedAt
	}
	data := bytes.Clone(r.folded.Data)
	for s := r.last; s != nil && s.at > r.foldedAt; s = s.prev {
		if s.bytes {
			copy(data[s.offset:], s.value.Data)
		}
	}
	r.folded.Data, r.foldedAt = data, r.bytesAt
	return r.folded, r.foldedAt
}

func (r *region) kind() ObjectKind { return KindRegion }

func (r *region) refs(visit func(*Value)) {
	visit(&r.content)
	for s := r.first; s != nil; s = s.next {
		visit(&s.value)
	}
}

func (x *Exchange) store(p *process, op *Op) string {
	r, ok := find[*region](x, op.Object)
	if !ok {
		return noSuch
	}
	if op.Kind == OpPatch {
		x.patch(p, r, op.Offset, op.Value, op.Bytes)
		return ""
	}
	x.written(p, r)
	r.contentBy = p.id
	r.hold(op.Value, r.version)
	return ""
}

// patch writes a slot.
func (x *Exchange) patch(p *process, r *region, offset uint32, v Value, bytes bool) { // rule: merge
	x.written(p, r)
	r.put(offset, v, p.id, bytes)
}

// put makes v the value of a slot, as of this version.
func (r *region) put(offset uint32, v Value, by ProcessID, bytes bool) {
	s := r.slots[offset]
	if s == nil {
		s = &slot{offset: offset}
		r.slots[offset] = s
	} else {
		r.unlink(s)
	}
	s.value, s.at, s.by = v, r.version, by
	s.bytes = bytes && r.holds(offset, &v)
	if s.bytes {
		r.bytesAt = s.at
	}
	r.link(s)
}

// holds reports whether v can be bytes of the content.
func (r *region) holds(offset uint32, v *Value) bool {
	return len(v.Refs) == 0 && uint64(offset)+uint64(len(v.Data)) <= uint64(len(r.content.Data))
}

func (r *region) link(s *slot) {
	s.prev, s.next = r.last, nil
	if r.last == nil {
		r.first = s
	} else {
		r.last.next = s
	}
	r.last = s
}

func (r *region) unlink(s *slot) {
	if s.prev == nil {
		r.first = s.next
	} else {
		s.prev.next = s.next
	}
	if s.next == nil {
		r.last = s.prev
	} else {
		s.next.prev = s.prev
	}
}

// written takes note that p writes r.
func (x *Exchange) written(p *process, r *region) { // rule: release
	k := x.know(p, r)
	seen := k.list == fresh
	if seen {
		k.leave()
	}
	r.changed()
	if seen {
		r.saw(k)
	}
}

// changed makes a new version of r, which nobody has seen.
func (r *region) changed() {
	r.version++
	for _, k := range r.fresh {
		k.list = none
		k.enter(stale)
	}
	clear(r.fresh)
	r.fresh = r.fresh[:0]
}

// nobody has written what an atomic has: who has asked for it is told, too, in order with what others write.
const nobody ProcessID = 1<<32 - 1

// upToDate implements told.
func (r *region) upToDate() *[]*known { return &r.fresh }

// saw implements told.
func (r *region) saw(k *known) {
	k.seen = r.version
	k.enter(fresh)
}

// tell adds to a reply what has changed in the regions that its receiver knows, or knows by this reply, and the contexts that have been cancelled.
func (x *Exchange) tell(p *process, y *Reply) { // rule: acquire
	x.meet(p, &y.Value)
	for len(p.stale) > 0 {
		news := p.stale
		p.stale = nil
		slices.SortFunc(news, byObject)
		for _, k := range news {
			o := k.o.(told)
			k.list = none
			n := len(y.Stores)
			y.Stores = o.since(y.Stores, k)
			o.saw(k)
			for i := range y.Stores[n:] {
				x.meet(p, &y.Stores[n+i].Value)
			}
		}
	}
}

// since implements told: what k has not seen, in the order in which it was written. What a process has written itself it has seen.
func (r *region) since(stores []Stored, k *known) []Stored {
	if k.seen == 0 {
		content, at := r.fold()
		stores = append(stores, Stored{Object: r.id, Version: at, Value: content})
		for s := r.first; s != nil; s = s.next {
			if !s.bytes {
				stores = append(stores, s.stored(r))
			}
		}
		return stores
	}
	unseen := func(at uint64, by ProcessID) bool { return at > k.seen && by != k.p.id }
	if unseen(r.contentAt, r.contentBy) {
		stores = append(stores, Stored{Object: r.id, Version: r.contentAt, Value: r.content})
	}
	first := r.last
	for first != nil && first.prev != nil && first.prev.at > k.seen {
		first = first.prev
	}
	for s := first; s != nil; s = s.next {
		if unseen(s.at, s.by) {
			stores = append(stores, s.stored(r))
		}
	}
	return stores
}

func (s *slot) stored(r *region) Stored {
	return Stored{Object: r.id, Patch: true, Offset: s.offset, Version: s.at, Value: s.value}
}

// atomic does what package sync/atomic does. All operations on a region are in one order, so atomics are sequentially consistent.
func (x *Exchange) atomic(p *process, op *Op) string { // rule: atomic
	r, ok := find[*region](x, op.Object)
	if !ok {
		return noSuch
	}
	x.know(p, r)
	y := Reply{Kind: ReplyDone, G: op.G}
	var problem string
	if op.Atomic < AtomicLoadValue {
		problem = r.atomicWord(op, &y)
	} else {
		problem = r.atomicValue(op, &y)
	}
	if problem == "" {
		x.reply(p, y)
	}
	return problem
}

// set is what an atomic writes.
func (r *region) set(offset uint32, v Value, bytes bool) {
	r.changed()
	r.put(offset, v, nobody, bytes)
}

func (r *region) atomicWord(op *Op, y *Reply) string {
	old, size, ok := r.word(op)
	if !ok {
		return "not a word"
	}
	new := old
	y.N = old
	switch op.Atomic {
	case AtomicLoad:
		return ""
	case AtomicStore:
		new, y.N = op.N, 0
	case AtomicAdd:
		new = narrow(old+op.N, size)
		y.N = new
	case AtomicSwap:
		new = op.N
	case AtomicCompareAndSwap:
		y.N = 0
		if narrow(op.Old, size) != old {
			return ""
		}
		new, y.OK = op.N, true
	case AtomicAnd:
		new = old & op.N
	case AtomicOr:
		new = old | op.N
	}
	data := binary.LittleEndian.AppendUint64(nil, uint64(new))[:size]
	r.set(op.Offset, Value{Data: data}, true)
	return ""
}

// word returns the word that op is about.
func (r *region) word(op *Op) (n int64, size int, ok bool) {
	if s := r.slots[op.Offset]; s != nil {
		return word(&s.value)
	}
	end := uint64(op.Offset) + uint64(op.Size)
	if op.Size == 0 || end > uint64(len(r.content.Data)) {
		return 0, 0, false
	}
	return word(&Value{Data: r.content.Data[op.Offset:end]})
}

// word returns the word that v holds, with its sign, and its size.
func word(v *Value) (n int64, size int, ok bool) {
	if len(v.Refs) > 0 {
		return 0, 0, false
	}
	switch len(v.Data) {
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(v.Data))), 4, true
	case 8:
		return int64(binary.LittleEndian.Uint64(v.Data)), 8, true
	}
	return 0, 0, false
}

func narrow(n int64, size int) int64 {
	if size == 4 {
		return int64(int32(n))
	}
	return n
}

func (r *region) atomicValue(op *Op, y *Reply) string {
	s := r.slots[op.Offset]
	if s == nil {
		return "no such slot"
	}
	switch op.Atomic {
	case AtomicLoadValue:
		y.Value = s.value
		return ""
	case AtomicStoreValue:
	case AtomicSwapValue:
		y.Value = s.value
	case AtomicCompareAndSwapValue:
		if !bytes.Equal(s.value.Data, op.OldValue.Data) || !slices.Equal(s.value.Refs, op.OldValue.Refs) {
			return ""
		}
		y.OK = true
	default:
		return "unknown atomic operation"
	}
	r.set(op.Offset, op.Value, false)
	return ""
}
