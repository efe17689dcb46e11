package snap

// This file defines phase 3: writing the containers that a scan has found. The format is in format.go.

import (
	"cmp"
	"io"
	"runtime"
	"slices"
	"sync"
	"unsafe"
)

type encoder struct {
	writer
	*space
	gen   uint32
	cur   int64    // label of the object being written
	count uint32   // objects that have numbers
	stack []uint32 // regions whose bodies are to be written

	newest int64 // label of the last new object
	step   int64 // from the label that was expected for it

	types     numbers[unsafe.Pointer]
	images    numbers[int64]
	funcs     numbers[int64]
	externals numbers[string]
	closures  numbers[string]
	weaks     map[unsafe.Pointer]uint64
	handles   map[unsafe.Pointer]uint64
	plain     bool              // it is being written
	flat      int               // in the value of a unique.Handle: what a hash reads is written in place
	lengths   map[uint32]uint64 // of maps and channels as they were defined, by region
	pairs     []pair            // of the map that is being written
	fetched   byte              // so that the compiler leaves the reads of fetch in
	scratch   [64]byte
}

// encode writes to out what the scanner has found.
func (w *workspace) encode(out io.Writer) (n int64, err error) {
	defer recoverChanged(&err)
	e := w.begin(out)
	e.buf = append(e.buf, magic...)
	e.uvarint(formatVersion)
	e.write(e.buf[chunkHeader:])
	e.buf = e.buf[:chunkHeader]
	e.header()
	e.roots()
	e.bodies()
	err = e.finish()
	return e.n, err
}

func (w *workspace) begin(out io.Writer) *encoder {
	w.encoder = w.encoder.emptied() // it may have been used
	e := &w.encoder
	e.start(out)
	e.space, e.gen, e.newest = &w.space, nextGeneration(), -1
	labels.begin(e.objects())
	for i := uint32(1); e.written && i <= e.regs.n; i++ {
		e.regs.at(i).id = 0
	}
	e.written = true
	return e
}

// bodies writes what is to be written.
func (e *encoder) bodies() {
	for len(e.stack) > 0 && e.err == nil {
		i := e.stack[len(e.stack)-1]
		e.stack = e.stack[:len(e.stack)-1]
		e.body(i)
	}
}

func (e *encoder) header() {
	e.string(buildID)
	e.fixed64(fingerprint())
	table := e.typeTable()
	e.uvarint(uint64(len(table)))
	e.buf = append(e.buf, table...)
	e.cut()
}

// roots writes which objects there are from the beginning.
func (e *encoder) roots() {
	r := e.regs.at(e.root)
	e.plainType(r.prog().desc)
	e.uvarint(uint64(r.count))
	e.pushRoot(e.root)
	if e.isolated {
		labels.begun(e.count)
		return
	}
	vars := make([]uint32, 0, len(registry.vars))
	for i := uint32(1); i <= e.regs.n; i++ { // variables come first, but for externals and the root
		r := e.regs.at(i)
		if r.kind == external || i == e.root {
			continue
		}
		if r.place != inVar {
			break
		}
		vars = append(vars, i)
	}
	if len(e.static.heapVars) > 0 {
		slices.SortFunc(vars, func(a, b uint32) int { return cmp.Compare(e.regs.at(a).name, e.regs.at(b).name) })
	}
	for _, i := range vars {
		e.pushRoot(i)
	}
	e.uvarint(uint64(len(registry.vars) - len(vars)))
	if len(vars) < len(registry.vars) {
		e.missingVars()
	}
	slices.Reverse(e.stack)
	labels.begun(e.count)
}

// missingVars writes which variables are not objects of their own.
func (e *encoder) missingVars() {
	here := make([]bool, len(registry.vars))
	for _, i := range e.stack[1:] {
		here[e.regs.at(i).name] = true
	}
	for i, ok := range here {
		if !ok {
			e.uvarint(uint64(i))
		}
	}
}

// pushRoot numbers region i, which is there from the beginning.
func (e *encoder) pushRoot(i uint32) {
	r := e.regs.at(i)
	r.id = e.count + 1
	r.setLabel(e.count)
	e.newest = int64(e.count)
	e.count++
	e.push(i)
}

// push makes the body of region i follow.
func (e *encoder) push(i uint32) { e.stack = append(e.stack, i) }

func (e *encoder) body(i uint32) {
	r := e.regs.at(i)
	e.cur = int64(r.label())
	e.plain = i == e.root && e.copied
	old := len(e.stack)
	switch r.kind {
	case memory:
		e.mem(r.ptr(), r.prog(), r.count)
	case closure:
		e.ref(&envOp, (*closureObject)(r.ptr()).env, r.prog(), r.count)
	case timer:
		e.timerBody(r)
	case mapping:
		e.entries(i, r)
	case channel:
		e.elements(i, r)
	}
	if len(e.stack) > old+1 {
		slices.Reverse(e.stack[old:])
	}
	e.boundary()
}

// envOp stands for the reference of a closure to its variables.
var envOp = op{kind: opPtr}

// length writes how many entries or elements region i has; expect checks it when they are written.
func (e *encoder) length(i uint32, n int) {
	if e.lengths == nil {
		e.lengths = map[uint32]uint64{}
	}
	e.lengths[i] = uint64(n)
	e.uvarint(uint64(n))
}

func (e *encoder) expect(i uint32, n int) {
	if e.lengths[i] != uint64(n) {
		panic(ErrChanged)
	}
}

func (e *encoder) elements(i uint32, r *region) {
	c := (*hchan)(r.ptr())
	e.expect(i, int(c.qcount))
	for k := range int(c.qcount) {
		e.mem(c.slot(k), r.prog(), r.count)
	}
	e.zeros(chanPadding(uintptr(c.elemsize), int(c.dataqsiz), int(c.qcount)))
}

func (e *encoder) entries(i uint32, r *region) {
	m := mapTypeOf(r.prog())
	sorted := e.sorted(m, r.ptr())
	e.expect(i, len(sorted))
	for i, x := range sorted {
		if i%fetchAhead == 0 && m.keySize > 0 {
			e.fetch(sorted[i:min(i+fetchAhead, len(sorted))])
		}
		e.mem(x.key(), m.key, m.keyCount)
		e.mem(x.elem(), m.elem, m.elemCount)
	}
}

// fetchAhead is how many entries are fetched at once.
const fetchAhead = 64

// fetch makes the processor read the keys of pairs, which lie anywhere, all at the same time.
func (e *encoder) fetch(pairs []pair) {
	for i := range pairs {
		e.fetched += *(*byte)(pairs[i].key())
	}
}

// mem writes n elements of p.
func (e *encoder) mem(mem unsafe.Pointer, p *prog, n int) {
	if p.free {
		e.raw(mem, p.size*uintptr(n))
		e.boundary()
		return
	}
	for i := range n {
		at := unsafe.Add(mem, uintptr(i)*p.size)
		for k := range p.ops {
			e.op(&p.ops[k], unsafe.Add(at, p.ops[k].off))
		}
		e.boundary()
	}
}

// op writes one piece of memory.
func (e *encoder) op(o *op, slot unsafe.Pointer) {
	if e.link != nil {
		if o.own {
			return
		}
		if o.output {
			o.mayWrite(slot)
		}
	}
	switch o.kind {
	case opRaw, opTimer:
		e.raw(slot, o.size)
	case opFix:
		if o.lock != 0 && e.link != nil && !e.plain {
			e.lock(o, slot)
			break
		}
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
		e.ref(o, *(*unsafe.Pointer)(slot), sub, n)
	case opSlice:
		e.slice(o, (*sliceHeader)(slot))
	case opString:
		if h := (*stringHeader)(slot); e.flat > 0 {
			e.uvarint(uint64(h.len))
			e.raw(h.data, uintptr(h.len))
		} else if h.len <= inlineString {
			e.short(o, h)
		} else {
			e.uvarint(uint64(h.len) + sharedString)
			e.content(o, h.data, bytesProg(), h.len)
		}
	case opEface, opIface:
		e.iface(o, slot)
	case opChan:
		if e.link != nil {
			e.linkedChan(o, *(*unsafe.Pointer)(slot))
			break
		}
		fallthrough
	case opMap:
		e.node(o, *(*unsafe.Pointer)(slot))
	case opFunc:
		e.function(o, *(*unsafe.Pointer)(slot))
	case opUnsafe:
		e.ref(o, *(*unsafe.Pointer)(slot), bytesProg(), 0)
	case opTypeDesc:
		e.plainType(*(*unsafe.Pointer)(slot))
	case opSyncMap:
		e.syncMap((*sync.Map)(slot))
	case opWeak:
		e.weak(o, slot)
	case opHandle:
		e.handle(o, slot)
	case opReflect:
		e.reflectValue((*reflectValue)(slot))
	}
}

// ref writes the reference of o to n elements of p at q.
func (e *encoder) ref(o *op, q unsafe.Pointer, p *prog, n int) {
	if q == nil {
		e.special(specialNil)
		return
	}
	size := p.size * uintptr(n)
	h, sec := e.headOf(q)
	if h != nil {
		if i := e.find(*h, uintptr(q), uintptr(q)+size); i != 0 {
			e.refTo(o, i, q, p, n)
			return
		}
	}
	switch {
	case size == 0 && sec == secNone:
		e.special(specialZero)
	case sec != secNone:
		if t := e.link.imageAt(uintptr(q), uintptr(q)+size); t != nil {
			e.linkedRef(t, uintptr(q)-uintptr(t.fixed))
			break
		}
		e.imageRef(q)
	default:
		panic(ErrChanged)
	}
}

// node is ref for a map, channel or closure.
func (e *encoder) node(o *op, q unsafe.Pointer) {
	if q == nil {
		e.special(specialNil)
		return
	}
	i := e.nodes[uintptr(q)]
	if h := e.heapHead(q); h != nil {
		i = e.find(*h, uintptr(q), uintptr(q)+1)
	}
	if i == 0 {
		panic(ErrChanged)
	}
	e.refTo(o, i, q, nil, 0)
}

func (e *encoder) special(code uint64) { e.uvarint(code<<2 | refSpecial) }

func (e *encoder) imageRef(q unsafe.Pointer) {
	e.special(specialImage)
	off := imageOffset(q)
	i, fresh := e.images.number(off, uint64(off))
	if e.uvarint(i); fresh {
		e.varint(off)
		e.fixed32(guard(guardImage, off, "", 0))
	}
}

// refTo writes a reference to address q in region i.
func (e *encoder) refTo(o *op, i uint32, q unsafe.Pointer, p *prog, n int) {
	r := e.regs.at(i)
	off := uintptr(q) - r.addr
	switch {
	case r.kind == external:
		e.external(r, off)
		return
	case r.kind == timer && e.link != nil:
		e.linkedTimer(r)
		return
	}
	l := o.at(e.gen, e.cur)
	if r.id == 0 {
		e.number(r)
		l.id = e.newest
		e.define(o, r, i, off, p, n)
		return
	}
	id := int64(r.label())
	distance := zigzag(id-l.id) << 2
	l.id = id
	if off == 0 {
		e.uvarint(distance | refObject)
		return
	}
	e.uvarint(distance | refInterior)
	e.uvarint(uint64(off))
}

func (e *encoder) external(r *region, off uintptr) {
	if k := int(r.name) - len(registry.externals); k >= 0 {
		e.linkedRef(e.space.linked[k], off)
		return
	}
	e.special(specialExternal)
	name := registry.externals[r.name].name
	i, fresh := e.externals.number(name, hashString(name))
	if e.uvarint(i); fresh {
		e.string(name)
	}
	e.bool(r.place != inVar)
	e.varint(int64(off))
}

// define writes the first reference to region r, which is i, at offset off; n elements of p are expected there.
func (e *encoder) define(o *op, r *region, i uint32, off uintptr, p *prog, n int) {
	switch r.kind {
	case memory:
		e.memoryRef(r, i, off, p, n)
		return
	case mapping:
		e.mapRef(o, i, r)
	case timer:
		e.timerRef((*timeTimer)(r.ptr()))
	case channel:
		e.chanRef((*hchan)(r.ptr()), r, i)
		return
	case closure:
		if k := int(r.name) - len(registry.closures); k >= 0 {
			e.bound(e.bounds[k])
			break
		}
		e.fresh(objClosure)
		name := registry.closures[r.name].name
		i, fresh := e.closures.number(name, hashString(name))
		if e.uvarint(i); fresh {
			e.string(name)
		}
	}
	e.push(i)
}

func (e *encoder) memoryRef(r *region, i uint32, off uintptr, p *prog, n int) {
	switch {
	case r.place == inSentinel:
		e.sentinel(r, off)
	case r.place == inImage:
		at := imageOffset(r.ptr())
		e.fresh(objImage)
		e.varint(at)
		e.plainType(r.prog().desc)
		e.uvarint(uint64(r.count))
		e.fixed32(guard(guardVar, at, r.prog().typ.String(), uint64(r.count)))
		e.uvarint(uint64(off))
	case r.prog() == p && r.count == n && off == 0:
		e.fresh(0)
	default:
		e.fresh(objMemory)
		e.plainType(r.prog().desc)
		e.uvarint(uint64(r.count))
		e.uvarint(uint64(off))
	}
	if r.prog().free {
		e.raw(r.ptr(), r.size())
	} else {
		e.push(i)
	}
}

func (e *encoder) mapRef(o *op, i uint32, r *region) {
	if o.typ == r.prog().typ {
		e.fresh(0)
	} else {
		e.fresh(objMap)
		e.plainType(r.prog().desc)
	}
	e.length(i, mapValue(r.prog().typ, r.ptr()).Len())
}

func (e *encoder) chanRef(c *hchan, r *region, i uint32) {
	if c.timer != nil {
		e.timerChan(c, r, i)
		return
	}
	e.fresh(0)
	e.uvarint(uint64(c.dataqsiz))
	e.uvarint(uint64(c.closed))
	e.length(i, int(c.qcount))
	e.push(i)
}

// content writes the reference of o to n elements of p at q, which are immutable.
func (e *encoder) content(o *op, q unsafe.Pointer, p *prog, n int) {
	if p.size*uintptr(n) == 0 {
		return
	}
	if h := e.heapHead(q); h == nil {
		if i := e.constants[constant{uintptr(q), p, n}]; i != 0 {
			e.refTo(o, i, q, p, n)
			return
		}
	}
	e.ref(o, q, p, n)
}

func (e *encoder) slice(o *op, h *sliceHeader) {
	if h.data == nil {
		e.uvarint(0)
		return
	}
	e.uvarint(uint64(h.len) + 1)
	e.uvarint(uint64(h.cap - h.len))
	if sub, n := o.target(); sub.size*uintptr(n*h.cap) > 0 {
		e.ref(o, h.data, sub, n*h.cap)
	}
}

func (e *encoder) iface(o *op, slot unsafe.Pointer) {
	v := (*eface)(slot)
	desc := v.tab
	if desc != nil && o.kind == opIface {
		desc = dynamicType(o.typ, slot)
	}
	if desc == nil {
		e.uvarint(typeNone)
		return
	}
	if l := o.at(e.gen, e.cur); l.desc == desc {
		e.uvarint(typeSame)
	} else {
		l.desc = desc
		e.plainType(desc)
	}
	p, n := e.dynamicProg(desc)
	switch {
	case p.isDirect(n):
		e.mem(unsafe.Pointer(&v.data), p, n)
	case p.isInline(n) || e.flat > 0:
		e.mem(v.data, p, n)
	default:
		e.content(o, v.data, p, n)
	}
}

func (e *encoder) function(o *op, q unsafe.Pointer) {
	if q == nil || e.heapHead(q) != nil {
		e.node(o, q)
		return
	}
	e.special(specialFunc)
	off := imageOffset(q)
	i, fresh := e.funcs.number(off, uint64(off))
	if e.uvarint(i); fresh {
		name := runtime.FuncForPC(*(*uintptr)(q)).Name()
		e.varint(off)
		e.string(name)
		e.fixed32(guard(guardFunc, off, name, 0))
	}
}

// syncMap writes the entries of a sync.Map, in the order of their keys.
func (e *encoder) syncMap(m *sync.Map) {
	pairs := e.sortedPairs(m)
	e.uvarint(uint64(len(pairs) / 2))
	for i := range pairs {
		e.op(&efaceOp, unsafe.Pointer(&pairs[i]))
		e.boundary()
	}
}

func (e *encoder) reflectValue(v *reflectValue) {
	e.plainType(v.typ)
	if v.typ == nil {
		return
	}
	e.uvarint(uint64(v.flag))
	p, n := e.dynamicProg(v.typ)
	if v.flag&reflectIndir != 0 {
		e.ref(&reflectOp, v.ptr, p, n)
	} else {
		e.mem(unsafe.Pointer(&v.ptr), p, n)
	}
}

// reflectOp stands for the reference of a reflect.Value.
var reflectOp = op{kind: opPtr}
