package snap

// This file defines the content of memory that processes share, and how changes of it go from one to the other.
//
// A content is the bytes of the memory in which nothing refers to anything, and a Value for each place that does: a slot. So two processes may change different bytes, or
// different slots, at the same time, and both changes come to be: what is sent are the pieces that differ from what was there before. The content of a map is one slot.
//
// What a slot leads to is shared too.

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"unsafe"
)

// A Content is the content of memory.
type Content struct {
	Raw   []byte
	Slots []Piece // in order of offset

	Borrowed bool // others have Raw too: it is copied before it is changed
}

// A Piece is one variable of memory: its bytes, if it refers to nothing, else a slot.
type Piece struct {
	Offset int
	Value  Value
	Slot   bool // it refers to something; Value is a value, not bytes
}

// Content returns the content of t, which is memory, nil if it is gone. What it leads to becomes shared.
func (l *Link) Content(t *Thing) (c *Content, err error) {
	mu.Lock()
	defer mu.Unlock()
	if t.Kind == ThingMap {
		m := t.Ptr()
		if m == nil {
			return nil, nil
		}
		v, err := l.mapContent(t, m)
		return &Content{Slots: []Piece{{0, v, true}}}, err
	}
	mem := t.Ptr()
	if mem == nil {
		return nil, nil
	}
	defer recoverUnmovable(&err)
	p, n := progOf(t.Type)
	mayShare(p.atomics, "atomic memory")
	if err := l.shareAll(mem, t.Type, t.Count); err != nil {
		return nil, err
	}
	c = &Content{Raw: make([]byte, p.size*uintptr(n*t.Count))}
	if !p.maps { // what is in a sync.Map is not in its memory
		t.twin = append(t.twin[:0], unsafe.Slice((*byte)(mem), len(c.Raw))...)
	}
	err = p.eachPiece(mem, n*t.Count, func(o *op, at unsafe.Pointer) error {
		off := int(uintptr(at) - uintptr(mem))
		raw := c.Raw[off:][:o.size]
		switch {
		case o.own:
		case o.lock != 0:
			o.mayShare()
			id := l.share(o.lock, nil, 0, unsafe.Add(at, -int(o.lock.offset()))).ID
			c.Slots = append(c.Slots, Piece{off, Value{binary.AppendUvarint(nil, id), []uint64{id}}, true})
		case o.kind == opSyncMap:
			v, err := l.syncMapContent(o, at)
			c.Slots = append(c.Slots, Piece{off, v, true})
			return err
		case o.isSlot():
			if o.output {
				o.mayWrite(at)
			}
			slot := unsafeNew(descOf(o.typ)) // what is within shared memory would be a reference to that
			typedmemmove(descOf(o.typ), slot, at)
			v, err := l.encode(slot, o.typ, false)
			c.Slots = append(c.Slots, Piece{off, v, true})
			return err
		case o.kind == opRaw || o.kind == opFix:
			copy(raw, unsafe.Slice((*byte)(at), o.size))
			if o.kind == opFix {
				o.fix(raw)
			}
		}
		return nil
	})
	return c, err
}

// Unchanged reports whether t is surely as it was when Content or Apply saw it. What its slots lead to does not count.
func (t *Thing) Unchanged() bool {
	mem := t.Ptr()
	return t.Kind == ThingMemory && t.twin != nil && mem != nil && bytes.Equal(t.twin, unsafe.Slice((*byte)(mem), len(t.twin)))
}

// saw notes that others have seen these bytes of the memory of t.
func (t *Thing) saw(mem unsafe.Pointer, off, n int) {
	if t.twin != nil {
		copy(t.twin[off:off+n], unsafe.Slice((*byte)(unsafe.Add(mem, off)), n))
	}
}

// isSlot reports whether o refers to something. A lock does, to what it is for all processes.
func (o *op) isSlot() bool {
	return !o.own && (o.lock != 0 || o.kind != opRaw && o.kind != opFix && o.kind != opZero && o.kind != opArray)
}

// eachPiece calls f for each op of n elements of p at mem, with the place.
func (p *prog) eachPiece(mem unsafe.Pointer, n int, f func(o *op, at unsafe.Pointer) error) error {
	if p.free && len(p.ops) > 0 {
		return f(&op{size: p.size * uintptr(n)}, mem)
	}
	for i := range n {
		at := unsafe.Add(mem, uintptr(i)*p.size)
		for k := range p.ops {
			o := &p.ops[k]
			var err error
			if o.kind == opArray && !o.own {
				err = o.sub.eachPiece(unsafe.Add(at, o.off), o.n, f)
			} else {
				err = f(o, unsafe.Add(at, o.off))
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// mapContent encodes the entries of a map, in an order that does not depend on addresses.
func (l *Link) mapContent(t *Thing, at unsafe.Pointer) (Value, error) {
	v, m := t.contents()
	w := newWorkspace()
	w.space.isolated = true
	w.encoder.space = &w.space
	w.scanner.addStatic()
	pairs := w.encoder.sorted(m, at)
	keys, elems := reflect.MakeSlice(v.Elem().Field(0).Type(), len(pairs), len(pairs)), reflect.MakeSlice(v.Elem().Field(1).Type(), len(pairs), len(pairs))
	for i := range pairs {
		keys.Index(i).Set(reflect.NewAt(m.keyType, pairs[i].key()).Elem())
		elems.Index(i).Set(reflect.NewAt(m.elemType, pairs[i].elem()).Elem())
	}
	v.Elem().Field(0).Set(keys)
	v.Elem().Field(1).Set(elems)
	w.release()
	l.root = v
	if err := l.shareEntries(keys, elems); err != nil {
		return Value{}, err
	}
	return l.encode(v.UnsafePointer(), v.Type().Elem(), true)
}

// shareEntries makes shared what the entries of a map lead to.
func (l *Link) shareEntries(keys, elems reflect.Value) error {
	for _, s := range []reflect.Value{keys, elems} {
		if err := l.shareAll(s.UnsafePointer(), s.Type().Elem(), s.Len()); err != nil {
			return err
		}
	}
	return nil
}

// contents returns a pointer to a struct of two slices, for the keys and the elements of a map.
func (t *Thing) contents() (v reflect.Value, m *mapType) {
	p, _ := progOf(t.Type)
	m = mapTypeOf(p)
	field := func(name string, t reflect.Type) reflect.StructField {
		return reflect.StructField{Name: name, Type: reflect.SliceOf(t)}
	}
	return reflect.New(reflect.StructOf([]reflect.StructField{field("Keys", m.keyType), field("Elems", m.elemType)})), m
}

// Diff returns what makes d of c: both are contents of t. A piece is one variable: two may be changed by two processes at the same time, so nothing between
// them is sent along.
func (t *Thing) Diff(c, d *Content) (pieces []Piece) {
	if len(d.Raw) > 0 {
		pr, _ := progOf(t.Type)
		pieces = pr.diff(c.Raw, d.Raw)
	}
	for i := range d.Slots {
		if !bytes.Equal(c.Slots[i].Value.Data, d.Slots[i].Value.Data) {
			pieces = append(pieces, d.Slots[i])
		}
	}
	return pieces
}

// diff returns the variables of memory of p that were old and are new.
func (p *prog) diff(old, new []byte) (pieces []Piece) {
	vars, size := p.variables(), int(p.size)
	for at := 0; at < len(new); at += size {
		if block := min(512-512%size+size, len(new)-at); bytes.Equal(old[at:at+block], new[at:at+block]) {
			at += block - size
			continue
		}
		for _, v := range vars {
			from, to := at+v.off, at+v.off+v.size
			if !bytes.Equal(old[from:to], new[from:to]) {
				pieces = append(pieces, Piece{Offset: from, Value: Value{Data: slices.Clone(new[from:to])}})
			}
		}
	}
	return pieces
}

// PlainDiff is Diff of a content and what is in memory now, without making a content of that. It reports false if the memory is gone, or of a kind for which that is needed.
func (t *Thing) PlainDiff(c *Content) (pieces []Piece, ok bool) {
	mu.Lock()
	defer mu.Unlock()
	mem := t.Ptr()
	if t.Kind != ThingMemory || mem == nil {
		return nil, false
	}
	p, _ := progOf(t.Type)
	if !p.free || p.size == 0 {
		return nil, false
	}
	return p.diff(c.Raw, unsafe.Slice((*byte)(mem), len(c.Raw))), true
}

// A scalar is a variable without parts in the memory of a type.
type scalar struct{ off, size int }

// variables returns the scalars of the type that refer to nothing.
func (p *prog) variables() []scalar {
	if p.scalars == nil {
		p.scalars = appendScalars([]scalar{}, p.typ, 0)
	}
	return p.scalars
}

func appendScalars(list []scalar, t reflect.Type, off int) []scalar {
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			list = appendScalars(list, f.Type, off+int(f.Offset))
		}
	case reflect.Array:
		for i := range t.Len() {
			list = appendScalars(list, t.Elem(), off+i*int(t.Elem().Size()))
		}
	case reflect.Pointer, reflect.Slice, reflect.String, reflect.Interface, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
	default:
		list = append(list, scalar{off, int(t.Size())})
	}
	return list
}

// Apply changes the memory of t. If raw is not nil, it is what all of the bytes become first.
func (l *Link) Apply(t *Thing, raw []byte, pieces []Piece) error {
	mu.Lock()
	defer mu.Unlock()
	if t.Kind == ThingMap {
		for _, x := range pieces {
			if err := l.applyMap(t, x.Value); err != nil {
				return err
			}
		}
		return nil
	}
	mem := t.Ptr()
	if mem == nil {
		return nil
	}
	p, n := progOf(t.Type)
	n *= t.Count
	size := int(p.size) * n
	if raw != nil && len(raw) != size {
		return fmt.Errorf("%w: %d bytes for %d", ErrCorrupt, len(raw), size)
	}
	for _, x := range pieces {
		if x.Offset < 0 || x.Offset >= size || !t.isSlotAt(x.Offset) && len(x.Value.Data) > t.room(x.Offset) {
			return fmt.Errorf("%w: %d bytes at %d of %d", ErrCorrupt, len(x.Value.Data), x.Offset, size)
		}
	}
	pieces = slices.Clone(pieces)
	slices.SortStableFunc(pieces, func(a, b Piece) int { return cmp.Compare(a.Offset, b.Offset) })
	return p.eachPiece(mem, n, func(o *op, at unsafe.Pointer) error {
		off := int(uintptr(at) - uintptr(mem))
		here := 0
		for here < len(pieces) && pieces[here].Offset < off+int(o.size) {
			here++
		}
		mine := pieces[:here]
		pieces = pieces[here:]
		switch {
		case o.isSlot() && len(mine) > 0:
			defer t.saw(mem, off, int(o.size))
			return l.applySlot(o, at, mine[len(mine)-1].Value.Data)
		case o.own:
		case o.kind == opRaw || o.kind == opFix && o.lock == 0:
			if raw != nil {
				mine = append([]Piece{{Offset: off, Value: Value{Data: raw[off:][:o.size]}}}, mine...)
			}
			if o.kind == opFix && len(mine) > 0 {
				defer t.saw(mem, off, int(o.size))
			}
			for _, x := range mine {
				defer t.saw(mem, x.Offset, len(x.Value.Data))
			}
			return applyBytes(o, at, off, mine)
		}
		return nil
	})
}

func (l *Link) applySlot(o *op, at unsafe.Pointer, data []byte) error {
	if o.lock != 0 {
		return l.applyLock(o.lock, unsafe.Add(at, -int(o.lock.offset())), data)
	}
	if o.kind == opSyncMap {
		return l.applySyncMap(at, data)
	}
	return l.decode(data, at, o.typ, false)
}

// applyLock makes the lock at p known by the id in data.
func (l *Link) applyLock(kind ThingKind, p unsafe.Pointer, data []byte) error {
	id, n := binary.Uvarint(data)
	t := l.Thing(id)
	if n <= 0 || t != nil && t.Kind != kind {
		return fmt.Errorf("%w: bad id of a lock", ErrCorrupt)
	}
	if t == nil {
		t = l.add(newThing(id, kind, nil, 0, p))
		if kind == ThingContext {
			l.contexts = append(l.contexts, t)
		}
	}
	l.locks[uintptr(p)] = l.byID[id]
	return nil
}

// applyBytes changes o, at offset off.
func applyBytes(o *op, at unsafe.Pointer, off int, pieces []Piece) error {
	here := unsafe.Slice((*byte)(at), o.size)
	b := here
	if o.kind == opFix && len(pieces) > 0 { // the bytes are those of a content
		b = slices.Clone(here)
		o.fix(b)
	}
	for _, x := range pieces {
		copy(b[x.Offset-off:], x.Value.Data)
	}
	if o.kind == opFix && len(pieces) > 0 {
		if o.unfix != nil {
			o.unfix(b)
		}
		copy(here, b)
	}
	return nil
}

func (l *Link) applyMap(t *Thing, x Value) error {
	v, m := t.contents()
	l.root = v
	if err := l.decode(x.Data, v.UnsafePointer(), v.Type().Elem(), true); err != nil {
		return err
	}
	keys, elems := v.Elem().Field(0), v.Elem().Field(1)
	if keys.Len() != elems.Len() {
		return fmt.Errorf("%w: bad content of a map", ErrCorrupt)
	}
	at := t.Ptr()
	if at == nil {
		return nil
	}
	mapValue(t.Type, at).Clear()
	for i := range keys.Len() {
		m.assign(at, keys.Index(i).Addr().UnsafePointer(), elems.Index(i).Addr().UnsafePointer())
	}
	return nil
}

// Change makes x part of c, the content of memory.
func (c *Content) Change(x Piece) {
	i, ok := slices.BinarySearchFunc(c.Slots, x.Offset, func(s Piece, off int) int { return cmp.Compare(s.Offset, off) })
	switch {
	case ok:
		c.Slots[i] = x
	case x.Slot:
		c.Slots = slices.Insert(c.Slots, i, x)
	default:
		if c.Borrowed {
			c.Raw, c.Borrowed = slices.Clone(c.Raw), false
		}
		copy(c.Raw[x.Offset:], x.Value.Data)
	}
}

// IsSlot reports whether the variable at this offset of t refers to something.
func (t *Thing) IsSlot(off int) bool {
	mu.Lock()
	defer mu.Unlock()
	return t.Kind == ThingMap || t.isSlotAt(off)
}

// isSlotAt is IsSlot for memory.
func (t *Thing) isSlotAt(off int) bool {
	o, _ := t.opAt(off)
	return o.isSlot()
}

// room is how many bytes the op at this offset has from there on.
func (t *Thing) room(off int) int {
	o, at := t.opAt(off)
	return int(o.size) - at
}

// opAt returns the op at offset off of memory, and where in the op that is.
func (t *Thing) opAt(off int) (o *op, at int) {
	p, _ := progOf(t.Type)
	if p.free {
		n := int(p.size) * t.Count
		return &op{size: uintptr(n)}, off
	}
	for {
		off %= int(p.size)
		i := slices.IndexFunc(p.ops, func(o op) bool { return uintptr(off) < o.off+o.size })
		o := &p.ops[i]
		if o.kind != opArray || o.own {
			return o, off - int(o.off)
		}
		off -= int(o.off)
		p = o.sub
	}
}
