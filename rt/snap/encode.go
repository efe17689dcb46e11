package snap

// This file defines phase 3: writing the containers that a scan has found. The format is in format.go.

import (
	"io"
	"runtime"
	"sync"
	"unsafe"
)

type encoder struct {
	writer
	*space
	objects []uint32 // regions by number
	cur     uint32   // number of the object being written

	types     map[unsafe.Pointer]uint64
	images    map[int64]uint64
	funcs     map[int64]uint64
	externals map[uint32]uint64

	late     bool // all bodies are written: sync.Maps follow in place
	syncMaps [][]any
	scratch  [64]byte
}

func encode(w io.Writer, s *space) (int64, error) {
	e := &encoder{
		writer: writer{w: w, buf: make([]byte, 0, 1<<10)}, space: s,
		types: map[unsafe.Pointer]uint64{}, images: map[int64]uint64{}, funcs: map[int64]uint64{}, externals: map[uint32]uint64{},
	}
	e.buf = append(e.buf, magic...)
	e.uvarint(formatVersion)
	e.string(buildID)
	e.fixed64(image.fingerprint)
	e.number()
	e.headers()
	e.bodies()
	e.lateParts()
	err := e.finish()
	return e.n, err
}

// number numbers the containers.
func (e *encoder) number() {
	for i := uint32(1); i <= e.regs.n; i++ {
		r := e.regs.at(i)
		if !r.dead && r.kind != external {
			r.id = uint32(len(e.objects))
			e.objects = append(e.objects, i)
		}
	}
	e.uvarint(uint64(len(e.objects)))
}

// headers writes what Load needs to allocate the objects.
func (e *encoder) headers() {
	for i := 0; i < len(e.objects); {
		r := e.regs.at(e.objects[i])
		n := 1
		if r.kind == memory && r.place == allocated {
			for i+n < len(e.objects) && sameHeader(r, e.regs.at(e.objects[i+n])) {
				n++
			}
		}
		e.header(r)
		e.uvarint(uint64(n))
		i += n
	}
}

func sameHeader(a, b *region) bool {
	return a.prog == b.prog && a.count == b.count && a.kind == b.kind && a.place == b.place
}

func (e *encoder) header(r *region) {
	switch {
	case r.kind == mapping:
		e.uvarint(objMap)
		e.typ(r.prog.desc)
		e.uvarint(uint64(mapValue(r.prog.typ, r.addr).Len()))
	case r.kind == timer:
		e.timer((*timeTimer)(r.addr))
	case r.kind == channel && (*hchan)(r.addr).timer != nil:
		e.timerChan((*hchan)(r.addr))
	case r.kind == channel:
		c := (*hchan)(r.addr)
		e.uvarint(objChan)
		e.typ(c.elemtype)
		e.uvarint(uint64(c.dataqsiz))
		e.uvarint(uint64(c.closed))
		e.uvarint(uint64(c.qcount))
	case r.kind == closure:
		e.uvarint(objClosure)
		e.string(registry.closures[r.name].name)
	case r.place == allocated:
		e.uvarint(objMemory)
		e.elements(r)
	case r.place == inRoot:
		e.uvarint(objRoot)
		e.elements(r)
	case r.place == inVar:
		e.uvarint(objVar)
		e.string(registry.vars[r.name].name)
		e.elements(r)
	case r.place == inImage:
		off := imageOffset(r.addr)
		e.uvarint(objImage)
		e.varint(off)
		e.elements(r)
		e.fixed64(guard(guardVar, off, r.prog.typ.String(), uint64(r.count)))
	}
}

func (e *encoder) elements(r *region) {
	e.typ(r.prog.desc)
	e.uvarint(uint64(r.count))
}

func (e *encoder) bodies() {
	for id, i := range e.objects {
		e.cur = uint32(id)
		switch r := e.regs.at(i); r.kind {
		case memory:
			e.mem(r.addr, r.prog, r.count)
		case closure:
			e.ref((*closureObject)(r.addr).env, r.size())
		case timer:
			e.timerBody(r)
		}
	}
}

// lateParts writes what can only be restored when all memory is.
func (e *encoder) lateParts() {
	e.late = true
	for id, i := range e.objects {
		e.cur = uint32(id)
		switch r := e.regs.at(i); r.kind {
		case mapping:
			e.entries(i, r)
		case channel:
			c := (*hchan)(r.addr)
			for k := range int(c.qcount) {
				e.mem(c.slot(k), r.prog, r.count)
			}
			e.zeros(chanPadding(uintptr(c.elemsize), int(c.dataqsiz), int(c.qcount)))
		}
	}
	for _, m := range e.syncMaps {
		e.pairs(m)
	}
}

func (e *encoder) entries(i uint32, r *region) {
	t := r.prog.typ
	m := e.copies[i]
	if m == nil {
		m = copyMap(t, r.addr)
	}
	kp, kn := progOf(t.Key())
	ep, en := progOf(t.Elem())
	for _, k := range m.order {
		e.mem(m.key(k), kp, kn)
		e.mem(m.elem(k), ep, en)
	}
	e.zeros(padding(0))
}

// mem writes n elements of p.
func (e *encoder) mem(mem unsafe.Pointer, p *prog, n int) {
	if p.free {
		e.raw(mem, p.size*uintptr(n))
		if len(e.buf) >= flushSize {
			e.flush()
		}
		return
	}
	for i := range n {
		at := unsafe.Add(mem, uintptr(i)*p.size)
		for k := range p.ops {
			e.op(&p.ops[k], unsafe.Add(at, p.ops[k].off))
		}
		if len(e.buf) >= flushSize {
			e.flush()
		}
	}
}

// op writes one piece of memory.
func (e *encoder) op(o *op, slot unsafe.Pointer) {
	switch o.kind {
	case opRaw, opTimer:
		e.raw(slot, o.size)
	case opFix:
		b := e.scratch[:o.size]
		copy(b, unsafe.Slice((*byte)(slot), o.size))
		o.fix(b)
		e.buf = append(e.buf, b...)
	case opZero, opBad:
		e.zeros(padding(o.size))
	case opArray:
		e.mem(slot, o.sub, o.n)
	case opPtr:
		sub, n := o.target()
		e.ref(*(*unsafe.Pointer)(slot), sub.size*uintptr(n))
	case opSlice:
		e.slice(o, (*sliceHeader)(slot))
	case opString:
		h := (*stringHeader)(slot)
		e.uvarint(uint64(h.len))
		e.content(h.data, bytesProg(), h.len)
	case opEface, opIface:
		e.iface(o, slot)
	case opMap, opChan:
		e.ref(*(*unsafe.Pointer)(slot), 1)
	case opFunc:
		e.function(*(*unsafe.Pointer)(slot))
	case opUnsafe:
		e.ref(*(*unsafe.Pointer)(slot), 0)
	case opTypeDesc:
		e.typ(*(*unsafe.Pointer)(slot))
	case opSyncMap:
		e.syncMap((*sync.Map)(slot))
	case opReflect:
		e.reflectValue((*reflectValue)(slot))
	}
}

// ref writes a reference to size bytes at q.
func (e *encoder) ref(q unsafe.Pointer, size uintptr) {
	if q == nil {
		e.special(specialNil)
		return
	}
	h, sec := e.headOf(q)
	if h != nil {
		if i := e.find(*h, uintptr(q), uintptr(q)+size); i != 0 {
			e.refTo(e.regs.at(i), q)
			return
		}
	}
	switch {
	case h == nil && e.nodes[uintptr(q)] != 0:
		e.refTo(e.regs.at(e.nodes[uintptr(q)]), q)
	case size == 0 && sec == secNone:
		e.special(specialZero)
	case sec != secNone:
		e.special(specialImage)
		off := imageOffset(q)
		if number(&e.writer, e.images, off) {
			e.varint(off)
			e.fixed64(guard(guardImage, off, "", 0))
		}
	default:
		panic("snap: bug: encode meets memory that the scan did not find")
	}
}

func (e *encoder) special(code uint64) { e.uvarint(code<<2 | refSpecial) }

// refTo writes a reference to address q in region r.
func (e *encoder) refTo(r *region, q unsafe.Pointer) {
	off := uintptr(q) - uintptr(r.addr)
	if r.kind == external {
		e.special(specialExternal)
		if number(&e.writer, e.externals, r.name) {
			e.string(registry.externals[r.name].name)
		}
		target := uint64(1)
		if r.place == inVar {
			target = 0
		}
		e.uvarint(target)
		e.varint(int64(off))
		return
	}
	distance := zigzag(int64(r.id)-int64(e.cur)) << 2
	if off == 0 {
		e.uvarint(distance | refObject)
		return
	}
	e.uvarint(distance | refInterior)
	e.uvarint(uint64(off))
}

// number writes the number of k; it reports whether k is new, and its definition must follow.
func number[K comparable](w *writer, numbers map[K]uint64, k K) bool {
	i, ok := numbers[k]
	if !ok {
		i = uint64(len(numbers))
		numbers[k] = i
	}
	w.uvarint(i)
	return !ok
}

// content writes a reference to immutable memory.
func (e *encoder) content(q unsafe.Pointer, p *prog, n int) {
	if p.size*uintptr(n) == 0 {
		return
	}
	if i := e.constants[constant{uintptr(q), p, n}]; i != 0 {
		e.refTo(e.regs.at(i), e.regs.at(i).addr)
		return
	}
	e.ref(q, p.size*uintptr(n))
}

func (e *encoder) slice(o *op, h *sliceHeader) {
	if h.data == nil {
		e.uvarint(0)
		return
	}
	e.uvarint(uint64(h.len) + 1)
	e.uvarint(uint64(h.cap - h.len))
	sub, n := o.target()
	if size := sub.size * uintptr(n*h.cap); size > 0 {
		e.ref(h.data, size)
	}
}

func (e *encoder) iface(o *op, slot unsafe.Pointer) {
	v := (*eface)(slot)
	desc := v.tab
	if desc != nil && o.kind == opIface {
		desc = dynamicType(o.typ, slot)
	}
	e.typ(desc)
	if desc == nil {
		return
	}
	p, n := e.dynamicProg(desc)
	switch {
	case p.isDirect(n):
		e.mem(unsafe.Pointer(&v.data), p, n)
	case p.isInline(n):
		e.mem(v.data, p, n)
	default:
		e.content(v.data, p, n)
	}
}

func (e *encoder) function(q unsafe.Pointer) {
	if q == nil || e.heapHead(q) != nil {
		e.ref(q, 1)
		return
	}
	e.special(specialFunc)
	off := imageOffset(q)
	if number(&e.writer, e.funcs, off) {
		name := runtime.FuncForPC(*(*uintptr)(q)).Name()
		e.varint(off)
		e.string(name)
		e.fixed64(guard(guardFunc, off, name, 0))
	}
}

func (e *encoder) syncMap(m *sync.Map) {
	var pairs []any
	m.Range(func(k, v any) bool {
		pairs = append(pairs, k, v)
		return true
	})
	e.uvarint(uint64(len(pairs) / 2))
	if e.late {
		e.pairs(pairs)
	} else {
		e.syncMaps = append(e.syncMaps, pairs)
	}
}

func (e *encoder) pairs(pairs []any) {
	for i := range pairs {
		e.op(&efaceOp, unsafe.Pointer(&pairs[i]))
	}
}

func (e *encoder) reflectValue(v *reflectValue) {
	e.typ(v.typ)
	if v.typ == nil {
		return
	}
	e.uvarint(uint64(v.flag))
	p, n := e.dynamicProg(v.typ)
	if v.flag&reflectIndir != 0 {
		e.ref(v.ptr, p.size*uintptr(n))
	} else {
		e.mem(unsafe.Pointer(&v.ptr), p, n)
	}
}
