package snap

// This file defines the content of memory that processes share, and how changes of it go from one to the other.
//
// A content is the bytes of the memory in which nothing refers to anything, and a Value for each place that does: a slot. So two processes may change different bytes, or
// different slots, at the same time, and both changes come to be: what is sent is the difference to what was there before, a Patch. The content of a map is one slot.
//
// What a slot leads to is shared too.

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"unsafe"
)

// A Content is the content of memory.
type Content struct {
	Raw   []byte
	Slots []Value
}

// A Patch is a change of a Content.
type Patch struct {
	Runs  []Run
	Slots []SlotValue
}

// A Run is bytes of Content.Raw that have changed.
type Run struct {
	Offset int
	Data   []byte
}

// A SlotValue is a slot that has changed.
type SlotValue struct {
	Slot  int
	Value Value
}

// IsEmpty reports whether p changes nothing.
func (p *Patch) IsEmpty() bool { return len(p.Runs) == 0 && len(p.Slots) == 0 }

// Content returns the content of t, which is memory. What it leads to becomes shared.
func (l *Link) Content(t *Thing) (c *Content, err error) {
	mu.Lock()
	defer mu.Unlock()
	if t.Kind == ThingMap {
		v, err := l.mapContent(t)
		return &Content{Slots: []Value{v}}, err
	}
	if err := l.shareAll(t.Ptr, t.Type, t.Count); err != nil {
		return nil, err
	}
	p, n := progOf(t.Type)
	c = &Content{Raw: make([]byte, p.size*uintptr(n*t.Count))}
	err = p.eachPiece(t.Ptr, n*t.Count, func(o *op, at unsafe.Pointer) error {
		raw := c.Raw[uintptr(at)-uintptr(t.Ptr):][:o.size]
		switch {
		case o.lock != 0:
			id := l.share(o.lock, nil, 0, unsafe.Add(at, -int(o.lock.offset()))).ID
			c.Slots = append(c.Slots, Value{binary.AppendUvarint(nil, id), []uint64{id}})
		case o.isSlot():
			slot := unsafeNew(descOf(o.typ)) // what is within shared memory would be a reference to that
			typedmemmove(descOf(o.typ), slot, at)
			v, err := l.encode(slot, o.typ, false)
			c.Slots = append(c.Slots, v)
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

// isSlot reports whether o refers to something. A lock does, to what it is for all processes.
func (o *op) isSlot() bool {
	return o.lock != 0 || o.kind != opRaw && o.kind != opFix && o.kind != opZero && o.kind != opArray
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
			if o.kind == opArray {
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
func (l *Link) mapContent(t *Thing) (Value, error) {
	v, m := t.contents()
	w := newWorkspace()
	w.space.isolated = true
	w.encoder.space = &w.space
	w.scanner.addStatic()
	pairs := w.encoder.sorted(m, t.Ptr)
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

// Diff returns what makes d of c: both are contents of t. A run is one variable: two that differ may be changed by two processes at the same time, so nothing between
// them is sent along.
func (t *Thing) Diff(c, d *Content) *Patch {
	p := &Patch{}
	if len(d.Raw) > 0 {
		pr, _ := progOf(t.Type)
		vars := pr.variables()
		for at := 0; at < len(d.Raw); at += int(pr.size) {
			if block := min(512-512%int(pr.size)+int(pr.size), len(d.Raw)-at); bytes.Equal(c.Raw[at:at+block], d.Raw[at:at+block]) {
				at += block - int(pr.size)
				continue
			}
			for _, v := range vars {
				from, to := at+v.off, at+v.off+v.size
				if !bytes.Equal(c.Raw[from:to], d.Raw[from:to]) {
					p.Runs = append(p.Runs, Run{from, slices.Clone(d.Raw[from:to])})
				}
			}
		}
	}
	for i := range d.Slots {
		if !bytes.Equal(c.Slots[i].Data, d.Slots[i].Data) {
			p.Slots = append(p.Slots, SlotValue{i, d.Slots[i]})
		}
	}
	return p
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

// Apply changes c.
func (c *Content) Apply(p *Patch) {
	for _, r := range p.Runs {
		copy(c.Raw[r.Offset:], r.Data)
	}
	for _, s := range p.Slots {
		c.Slots[s.Slot] = s.Value
	}
}

// Whole is c as a change of memory that is all zero.
func (c *Content) Whole() *Patch {
	p := &Patch{Runs: []Run{{0, c.Raw}}}
	for i, v := range c.Slots {
		p.Slots = append(p.Slots, SlotValue{i, v})
	}
	return p
}

// Apply changes the memory of t.
func (l *Link) Apply(t *Thing, p *Patch) error {
	mu.Lock()
	defer mu.Unlock()
	if t.Kind == ThingMap {
		for _, s := range p.Slots {
			if err := l.applyMap(t, s.Value); err != nil {
				return err
			}
		}
		return nil
	}
	pr, n := progOf(t.Type)
	size := int(pr.size) * n * t.Count
	for _, r := range p.Runs {
		if r.Offset < 0 || r.Offset > size || len(r.Data) > size-r.Offset {
			return fmt.Errorf("%w: bytes %d to %d of %d", ErrCorrupt, r.Offset, r.Offset+len(r.Data), size)
		}
	}
	slots, slot := p.Slots, 0
	return pr.eachPiece(t.Ptr, n*t.Count, func(o *op, at unsafe.Pointer) error {
		switch {
		case o.isSlot():
			slot++
			if len(slots) > 0 && slots[0].Slot == slot-1 {
				v := slots[0].Value
				slots = slots[1:]
				if o.lock != 0 {
					return l.applyLock(o.lock, unsafe.Add(at, -int(o.lock.offset())), v.Data)
				}
				return l.decode(v.Data, at, o.typ, false)
			}
		case o.kind == opRaw || o.kind == opFix:
			applyRuns(o, at, int(uintptr(at)-uintptr(t.Ptr)), p.Runs)
		}
		return nil
	})
}

// applyLock makes the lock at p known by the id in data.
func (l *Link) applyLock(kind ThingKind, p unsafe.Pointer, data []byte) error {
	id, n := binary.Uvarint(data)
	t := l.byID[id]
	if n <= 0 || t != nil && t.Kind != kind {
		return fmt.Errorf("%w: bad id of a lock", ErrCorrupt)
	}
	if t == nil {
		l.add(&Thing{ID: id, Kind: kind, Ptr: p})
	}
	l.locks[uintptr(p)] = l.byID[id]
	return nil
}

// applyRuns changes the piece o at offset off.
func applyRuns(o *op, at unsafe.Pointer, off int, runs []Run) {
	end := off + int(o.size)
	here := unsafe.Slice((*byte)(at), o.size)
	b := here
	for _, r := range runs {
		from, to := max(off, r.Offset), min(end, r.Offset+len(r.Data))
		if from >= to {
			continue
		}
		if o.kind == opFix && &b[0] == &here[0] { // the bytes are those of a content
			b = slices.Clone(here)
			o.fix(b)
		}
		copy(b[from-off:], r.Data[from-r.Offset:to-r.Offset])
	}
	if &b[0] != &here[0] {
		if o.unfix != nil {
			o.unfix(b)
		}
		copy(here, b)
	}
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
	mapValue(t.Type, t.Ptr).Clear()
	for i := range keys.Len() {
		m.assign(t.Ptr, keys.Index(i).Addr().UnsafePointer(), elems.Index(i).Addr().UnsafePointer())
	}
	return nil
}
