package snap

// This file defines the reading of maps and channels, and the end of Load: what needs all memory to be filled, and the commit.
//
// A map hashes its keys. The hash of an interface reads the box behind it, and that of a string its content, so a key may have to wait until all
// objects are filled; entries that wait are kept in arrays.

import (
	"reflect"
	"sync"
	"unsafe"
)

// mapEntries are keys and elements of a map, in two arrays.
type mapEntries struct {
	*mapType
	keys, elems unsafe.Pointer
}

func (t *mapType) newEntries(n int) mapEntries {
	return mapEntries{t, unsafeNewArray(descOf(t.keyType), n), unsafeNewArray(descOf(t.elemType), n)}
}

func (e *mapEntries) key(i int) unsafe.Pointer  { return unsafe.Add(e.keys, uintptr(i)*e.keySize) }
func (e *mapEntries) elem(i int) unsafe.Pointer { return unsafe.Add(e.elems, uintptr(i)*e.elemSize) }

// assignTo sets the first n entries in the map m. It panics if a key cannot be hashed.
func (e *mapEntries) assignTo(m unsafe.Pointer, n int) {
	for i := range n {
		e.assign(m, e.key(i), e.elem(i))
	}
}

// lateEntries are n entries of a map that wait, or elements of a channel; mapType is nil then.
type lateEntries struct {
	to uint32 // the object
	mapEntries
	n int
}

// batchSize is how many bytes of entries are read before they are put into their map.
const batchSize = 16 << 10

// entries reads the entries of the map o. To find the place of a key is to wait for memory, and a processor waits for several places at once if little
// comes between: so they are read in batches.
func (d *decoder) entries(o *object) {
	m := mapTypeOf(o.prog)
	if m.key.boxes || m.key.maps || m.elem.maps {
		d.keep(m, o.n)
		return
	}
	n := min(o.n, max(1, batchSize/int(m.keySize+m.elemSize+1)))
	b := m.newEntries(n)
	for left := o.n; left > 0; left -= n {
		n = min(n, left)
		for i := range n {
			if partial := d.mapEntry(&b, i); partial {
				b.assignTo(o.ptr, i)
				d.keepFirst(m, left-i, b.key(i), b.elem(i))
				return
			}
		}
		b.assignTo(o.ptr, n)
	}
}

// mapEntry reads entry i of e, and reports whether its key cannot be hashed yet.
func (d *decoder) mapEntry(e *mapEntries, i int) (partial bool) {
	d.partial = false
	d.mem(e.key(i), e.mapType.key, e.keyCount)
	partial = d.partial
	d.mem(e.elem(i), e.mapType.elem, e.elemCount)
	return partial
}

// keep reads n entries that wait.
func (d *decoder) keep(m *mapType, n int) {
	l := d.newLate(m, n)
	for i := range n {
		d.mapEntry(&l.mapEntries, i)
	}
}

// keepFirst is keep after the first of the entries has been read.
func (d *decoder) keepFirst(m *mapType, n int, key, elem unsafe.Pointer) {
	l := d.newLate(m, n)
	typedmemmove(descOf(m.keyType), l.keys, key)
	typedmemmove(descOf(m.elemType), l.elems, elem)
	for i := 1; i < n; i++ {
		d.mapEntry(&l.mapEntries, i)
	}
}

func (d *decoder) newLate(m *mapType, n int) lateEntries {
	d.charge(m.keySize+m.elemSize, n)
	l := lateEntries{d.index, m.newEntries(n), n}
	d.late = append(d.late, l)
	return l
}

// chanElements reads the elements of channel i.
func (d *decoder) chanElements(i uint32, o *object) {
	s := d.buffered[i]
	c := (*hchan)(o.ptr)
	t := typeOfDesc(c.elemtype)
	ch := reflect.NewAt(reflect.ChanOf(reflect.BothDir, t), unsafe.Pointer(&o.ptr)).Elem()
	if o.prog.maps {
		d.charge(t.Size(), s.n)
		l := lateEntries{to: i, mapEntries: mapEntries{elems: unsafeNewArray(c.elemtype, s.n)}, n: s.n}
		d.late = append(d.late, l)
		d.mem(l.elems, o.prog, o.n*s.n)
	} else {
		elem := reflect.New(t)
		for range s.n {
			d.mem(elem.UnsafePointer(), o.prog, o.n)
			send(ch, elem.Elem())
		}
	}
	d.skip(chanPadding(uintptr(c.elemsize), int(c.dataqsiz), s.n))
	if s.closed && !o.prog.maps {
		ch.Close()
	}
}

func send(ch, v reflect.Value) {
	if !ch.TrySend(v) {
		corrupt("channel too full")
	}
}

// settle ends a Load, when everything has been read: first what may still fail.
func (d *decoder) settle() {
	for _, m := range d.syncMaps {
		for i := 0; i < len(m.pairs); i += 2 {
			if m.pairs[i] != nil && !reflect.ValueOf(m.pairs[i]).Comparable() {
				corrupt("key of a sync.Map cannot be hashed")
			}
		}
	}
	for _, m := range d.syncMaps {
		if !m.placed {
			m.store()
		}
	}
	for _, l := range d.late {
		d.insert(l)
	}
	d.commit()
}

// insert inserts entries that have waited.
func (d *decoder) insert(l lateEntries) {
	o := d.objects.at(l.to)
	if l.mapType != nil {
		l.assignTo(o.ptr, l.n)
		return
	}
	t := typeOfDesc((*hchan)(o.ptr).elemtype)
	ch := reflect.NewAt(reflect.ChanOf(reflect.BothDir, t), unsafe.Pointer(&o.ptr)).Elem()
	elems := reflect.SliceAt(t, l.elems, l.n)
	for i := range l.n {
		send(ch, elems.Index(i))
	}
	if d.buffered[l.to].closed {
		ch.Close()
	}
}

// A syncMap is a sync.Map to be filled.
type syncMap struct {
	at     unsafe.Pointer
	placed bool // in an object that is placed
	pairs  []any
}

// syncMap reads a sync.Map at slot.
func (d *decoder) syncMap(slot unsafe.Pointer) {
	n := d.count()
	d.charge(2*2*wordSize, n)
	m := syncMap{at: slot, pairs: make([]any, 2*n)}
	if o := d.objects.at(d.index); o.placed {
		m.placed = true
		m.at = unsafe.Add(o.ptr, uintptr(slot)-uintptr(d.copyOf(d.index)))
	}
	for i := range m.pairs {
		d.op(&efaceOp, unsafe.Pointer(&m.pairs[i]))
	}
	if n > 0 {
		d.syncMaps = append(d.syncMaps, m)
	}
}

func (m *syncMap) store() {
	for i := 0; i < len(m.pairs); i += 2 {
		(*sync.Map)(m.at).Store(m.pairs[i], m.pairs[i+1])
	}
}

// commit copies what is restored in place to its place.
func (d *decoder) commit() {
	for i, from := range d.fills {
		d.objects.at(uint32(i) + 1).set(from)
	}
	for i, from := range d.copies {
		if o := d.objects.at(i); !o.kept {
			o.set(from)
		}
	}
	for _, m := range d.syncMaps {
		if m.placed {
			m.store()
		}
	}
}

// set copies the memory at from, which is like o, to where o is to be.
func (o *object) set(from unsafe.Pointer) {
	if o.prog.free {
		copy(unsafe.Slice((*byte)(o.ptr), o.size()), unsafe.Slice((*byte)(from), o.size()))
		return
	}
	for i := range uintptr(o.n) {
		typedmemmove(o.prog.desc, unsafe.Add(o.ptr, i*o.prog.size), unsafe.Add(from, i*o.prog.size))
	}
}

// copyOf returns where placed object i is decoded to.
func (d *decoder) copyOf(i uint32) unsafe.Pointer {
	if int(i) <= len(d.fills) {
		return d.fills[i-1]
	}
	return d.copies[i]
}
