package snap

// This file defines Load: allocate the objects, fill them, insert into maps and channels, commit. What is read is not
// trusted: see invariants 3 and 5 to 7 of the package comment.

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"reflect"
	"unsafe"
)

// An object is a container being restored.
type object struct {
	ptr   unsafe.Pointer // where it is
	fill  unsafe.Pointer // where it is decoded to: ptr, or a copy of what is restored in place
	prog  *prog
	count int          // elements of prog; map: entries; channel: buffered elements
	typ   reflect.Type // map: its type; channel: element type; closure: type of the func value
	kind  regionKind
	timer int // channel that a timer feeds: number of the timer + 1
}

func (o *object) size() uintptr { return o.prog.size * uintptr(o.count) }

type decoder struct {
	reader
	objects   []object
	cur       int
	budget    int // bytes that may still be allocated
	depth     int // of madeType
	root      reflect.Value
	rooted    bool
	types     []*typeCode
	images    []unsafe.Pointer
	funcs     []unsafe.Pointer
	externals []*variable

	late     bool
	syncMaps []syncMap
}

// A missing is the panic of a decoder that finds this process different from the one that saved.
type missing struct{ error }

// decode restores a snapshot into root and the registered variables.
func decode(b []byte, root reflect.Value) (err error) {
	defer func() {
		switch e := recover().(type) {
		case nil:
		case missing:
			err = e.error
		case corruption:
			err = fmt.Errorf("%w: %s", ErrCorrupt, e.why)
		default: // reflect panics when it is asked for an impossible type, maps when a key cannot be hashed
			err = fmt.Errorf("%w: %v", ErrCorrupt, e)
		}
	}()
	d := &decoder{reader: reader{buf: b}, root: root, budget: expand*len(b) + 1<<12}
	if err := d.header(); err != nil {
		return err
	}
	d.allocate()
	d.bodies()
	d.lateParts()
	if d.left() != 0 || !d.rooted {
		corrupt("left-over bytes")
	}
	d.commit()
	return nil
}

// header checks checksum, format and build.
func (d *decoder) header() error {
	n := len(d.buf) - 4
	if n < len(magic) || string(d.buf[:len(magic)]) != magic {
		corrupt("not a snapshot")
	}
	if crc32.Checksum(d.buf[:n], crcTable) != binary.LittleEndian.Uint32(d.buf[n:]) {
		corrupt("wrong checksum")
	}
	d.buf = d.buf[:n]
	d.pos = len(magic)
	if v := d.uvarint(); v != formatVersion {
		return fmt.Errorf("%w: format version %d, want %d", ErrBuild, v, formatVersion)
	}
	if id := d.string(); id != buildID {
		return fmt.Errorf("%w: %q, this is %q", ErrBuild, id, buildID)
	}
	if d.fixed64() != image.fingerprint {
		return fmt.Errorf("%w: same name %q, different program", ErrBuild, buildID)
	}
	return nil
}

// charge takes n elements of size bytes from the budget.
func (d *decoder) charge(size uintptr, n int) {
	if size > 0 && uint64(n) > uint64(d.budget)/uint64(size) {
		corrupt("more memory than the snapshot has bytes for")
	}
	d.budget -= int(size) * n
}

func (d *decoder) allocate() {
	n := d.count()
	d.objects = make([]object, 0, n)
	for len(d.objects) < n {
		o, fresh := d.object()
		times := d.uvarint()
		if times < 1 || times > uint64(n-len(d.objects)) || times > 1 && !fresh {
			corrupt("bad repetition")
		}
		d.objects = append(d.objects, o)
		for range times - 1 {
			d.newMemory(&o)
			d.objects = append(d.objects, o)
		}
	}
	for i := range d.objects {
		if o := &d.objects[i]; o.timer != 0 {
			d.linkTimer(o)
		}
	}
}

// object reads one header. fresh says that it may be repeated.
func (d *decoder) object() (o object, fresh bool) {
	switch d.uvarint() {
	case objMemory:
		d.elements(&o)
		d.newMemory(&o)
		return o, true
	case objRoot:
		d.elements(&o)
		d.inPlace(&o, variable{"root", d.root.UnsafePointer(), d.root.Type().Elem()})
		d.rooted = true
	case objVar:
		name := d.string()
		i, ok := registry.varByName[name]
		if !ok {
			panic(missing{fmt.Errorf("snap: no variable %s is registered here", name)})
		}
		d.elements(&o)
		d.inPlace(&o, registry.vars[i])
	case objImage:
		off := d.varint()
		d.elements(&o)
		if d.fixed64() != guard(guardVar, off, o.prog.typ.String(), uint64(o.count)) {
			corrupt("bad static variable")
		}
		p, _ := imagePointer(off)
		d.newMemory(&o)
		o.ptr = p
	case objMap:
		d.newMap(&o)
	case objChan:
		d.newChan(&o)
	case objClosure:
		d.newClosure(&o)
	case objTimer:
		d.newTimer(&o)
	case objTimerChan:
		d.newTimerChan(&o)
	default:
		corrupt("bad kind of object")
	}
	return o, false
}

func (d *decoder) elements(o *object) {
	c := d.someType()
	o.kind, o.prog, o.count = memory, c.prog, d.length()
	if c.n != 1 {
		corrupt("array as element type")
	}
}

func (d *decoder) newMemory(o *object) {
	d.charge(max(o.prog.size, 1), o.count)
	if o.count == 1 {
		o.ptr = unsafeNew(o.prog.desc)
	} else {
		o.ptr = unsafeNewArray(o.prog.desc, o.count)
	}
	o.fill = o.ptr
}

// inPlace makes o a copy of v, to be committed at the end.
func (d *decoder) inPlace(o *object, v variable) {
	if p, n := progOf(v.typ); p != o.prog || n != o.count {
		panic(missing{fmt.Errorf("snap: %s has another type here: %s", v.name, v.typ)})
	}
	d.newMemory(o)
	o.ptr = v.ptr
}

func (d *decoder) newMap(o *object) {
	c := d.someType()
	if c.typ.Kind() != reflect.Map {
		corrupt("not a map type")
	}
	o.kind, o.typ, o.prog, o.count = mapping, c.typ, c.prog, d.count()
	hint := min(o.count, d.budget/int(4*(c.typ.Key().Size()+c.typ.Elem().Size()+8)))
	o.ptr = reflect.MakeMapWithSize(c.typ, hint).UnsafePointer()
}

func (d *decoder) newChan(o *object) {
	c := d.someType()
	size, closed := d.length(), d.uvarint()
	o.kind, o.typ, o.prog, o.count = channel, c.typ, c.prog, d.length()
	if o.count > size || closed > 1 {
		corrupt("bad channel")
	}
	if d.charge(c.typ.Size(), size); c.typ.Size() == 0 {
		d.charge(1, o.count)
	}
	ch := reflect.MakeChan(reflect.ChanOf(reflect.BothDir, c.typ), size)
	o.ptr = ch.UnsafePointer()
	if closed == 1 {
		o.fill = o.ptr // closed when its elements are in
	}
}

func (d *decoder) newClosure(o *object) {
	name := d.string()
	i, ok := registry.closureByName[name]
	if !ok {
		panic(missing{fmt.Errorf("snap: no closure %s is registered here", name)})
	}
	c := &registry.closures[i]
	o.kind, o.typ = closure, c.typ
	o.prog, o.count = progOf(c.env.Elem())
	o.ptr = unsafe.Pointer(&closureObject{code: c.code})
}

func (d *decoder) bodies() {
	for i := range d.objects {
		d.cur = i
		switch o := &d.objects[i]; o.kind {
		case memory:
			d.mem(o.fill, o.prog, o.count)
		case closure:
			(*closureObject)(o.ptr).env = d.pointer(o.prog, o.count)
		case timer:
			d.timerBody(o)
		}
	}
}

// mem fills n elements of p.
func (d *decoder) mem(mem unsafe.Pointer, p *prog, n int) {
	if p.free {
		d.raw(mem, p.size*uintptr(n))
		return
	}
	for i := range n {
		at := unsafe.Add(mem, uintptr(i)*p.size)
		for k := range p.ops {
			d.op(&p.ops[k], unsafe.Add(at, p.ops[k].off))
		}
	}
}

// op fills one piece of memory.
func (d *decoder) op(o *op, slot unsafe.Pointer) {
	switch o.kind {
	case opRaw, opFix:
		d.raw(slot, o.size)
	case opTimer, opZero, opBad:
		d.zeros(o)
	case opArray:
		d.mem(slot, o.sub, o.n)
	case opPtr:
		sub, n := o.target()
		*(*unsafe.Pointer)(slot) = d.pointer(sub, n)
	case opSlice:
		d.slice(o, slot)
	case opString:
		if n := d.length(); n > 0 {
			d.setString(slot, n)
		}
	case opEface, opIface:
		d.iface(o, slot)
	case opMap, opChan, opFunc:
		*(*unsafe.Pointer)(slot) = d.node(o)
	case opUnsafe:
		x, _, p := d.ref()
		if x != nil {
			corrupt("unsafe.Pointer to an object")
		}
		*(*unsafe.Pointer)(slot) = p
	case opTypeDesc:
		if c := d.typ(); c != nil {
			*(*unsafe.Pointer)(slot) = descOf(c.typ)
		}
	case opSyncMap:
		d.syncMap(slot)
	case opReflect:
		d.reflectValue((*reflectValue)(slot))
	}
}

// zeros skips the padding of memory that stays zero.
func (d *decoder) zeros(o *op) {
	if o.kind == opTimer {
		d.skip(o.size)
	} else {
		d.skip(padding(o.size))
	}
}

func isZeros(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}

func (d *decoder) setString(slot unsafe.Pointer, n int) {
	o, off, _ := d.ref()
	if o == nil || o.kind != memory || off >= o.size() || uintptr(n) > o.size()-off {
		corrupt("string out of range")
	}
	h := (*stringHeader)(slot)
	h.data, h.len = unsafe.Add(o.ptr, off), n
}

func (d *decoder) slice(o *op, slot unsafe.Pointer) {
	n := d.uvarint()
	if n == 0 {
		return
	}
	h := (*sliceHeader)(slot)
	spare := d.uvarint()
	if n-1 > math.MaxInt || spare > math.MaxInt-(n-1) { // elements without size may be as many
		corrupt("slice too long")
	}
	length, c := int(n-1), int(n-1+spare)
	sub, k := o.target()
	elem := sub.size * uintptr(k)
	data := unsafe.Pointer(&zeroSize)
	if elem > 0 && c > 0 {
		if uintptr(c) > 1<<48/elem {
			corrupt("slice too long")
		}
		data = d.pointer(sub, k*c)
		if data == nil {
			corrupt("slice without memory")
		}
	}
	h.data, h.len, h.cap = data, length, c
}

// node reads a reference to a map, channel or function.
func (d *decoder) node(o *op) unsafe.Pointer {
	x, off, q := d.ref()
	if x == nil {
		return q
	}
	ok := false
	switch o.kind {
	case opMap:
		ok = x.kind == mapping && (x.typ == o.typ || x.typ.ConvertibleTo(o.typ))
	case opChan:
		ok = x.kind == channel && x.typ == o.elem
	case opFunc:
		ok = x.kind == closure && (x.typ == o.typ || x.typ.ConvertibleTo(o.typ))
	}
	if !ok || off != 0 {
		corrupt("reference to an object of another type")
	}
	return x.ptr
}

func (d *decoder) iface(o *op, slot unsafe.Pointer) {
	c := d.typ()
	if c == nil {
		return
	}
	v := (*eface)(slot)
	tab := descOf(c.typ)
	if o.kind == opIface {
		var ok bool
		if tab, ok = itabOf(o.typ, c.typ); !ok {
			corrupt("type does not implement the interface")
		}
	}
	if c.typ.Kind() == reflect.Interface {
		corrupt("interface as dynamic type")
	}
	switch p, n := c.prog, c.n; {
	case p.isDirect(n):
		d.mem(unsafe.Pointer(&v.data), p, n)
	case p.isInline(n) || p.size*uintptr(n) == 0:
		v.data = unsafeNew(descOf(c.typ))
		d.mem(v.data, p, n)
	default:
		v.data = d.content(p, n)
	}
	v.tab = tab
}

func (d *decoder) reflectValue(v *reflectValue) {
	c := d.typ()
	if c == nil {
		return
	}
	flag := uintptr(d.uvarint())
	if flag&reflectIndir != 0 {
		v.ptr = d.pointer(c.prog, c.n)
		if v.ptr == nil {
			corrupt("reflect.Value without memory")
		}
	} else {
		if !c.prog.isDirect(c.n) {
			corrupt("bad reflect.Value")
		}
		d.mem(unsafe.Pointer(&v.ptr), c.prog, c.n)
	}
	if reflect.Kind(flag&reflectKindMask) != c.typ.Kind() && reflect.Kind(flag&reflectKindMask) != reflect.Func {
		corrupt("bad flags of a reflect.Value")
	}
	v.typ, v.flag = descOf(c.typ), flag
}
