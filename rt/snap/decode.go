package snap

// This file defines Load: allocate the objects, fill them, insert into maps and channels, commit. What is read is not
// trusted: see invariants 3 and 5 to 7 of the package comment.

import (
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"unsafe"
)

// An object is a container being restored.
type object struct {
	ptr    unsafe.Pointer // where it is, or will be if it is placed
	prog   *prog          // memory, closure: of it; map: of its type; channel: of its elements
	n      int            // memory: elements of prog; map: entries; channel: elements of prog sent at once; closure: its index
	label  uint32
	kind   regionKind
	full   bool // the body has been read
	placed bool // decoded into a copy, see decoder.fills
	kept   bool // what is at ptr stays as it is, and the copy is not used
}

func (o *object) size() uintptr { return o.prog.size * uintptr(o.n) }

type decoder struct {
	reader
	labelReader
	gen     uint32
	objects chunked[object] // by number + 1
	cur     int64           // label of the object being filled
	index   uint32          // its number + 1
	stack   []uint32        // objects whose bodies follow
	budget  int             // bytes that may still be allocated
	depth   int             // of madeType
	root    reflect.Value

	made     []unsafe.Pointer // keeps what the value mentions alive
	link     *Link            // what it is read for, nil: a snapshot
	isolated bool             // package variables are not part of it
	copied   bool             // the root is a copy
	plain    bool             // it is being read

	types     map[uint64]*typeCode
	images    map[uint64]unsafe.Pointer
	funcs     map[uint64]unsafe.Pointer
	externals map[uint64]*variable
	closures  map[uint64]int
	bounds    []*bound
	weaks     []unsafe.Pointer
	handles   []madeHandle
	flat      int // in the value of a unique.Handle

	fills    []unsafe.Pointer          // where the first objects, which are placed, are decoded to
	copies   map[uint32]unsafe.Pointer // the same of later ones
	buffered map[uint32]channelState
	shorts   []byte // memory for short strings
	partial  bool   // a string leads to an object that is not full
	late     []lateEntries
	syncMaps []syncMap
}

// A channelState is what the body of a channel needs to know.
type channelState struct {
	n      int // elements
	closed bool
}

// A missing is the panic of a decoder that finds this process different from the one that saved.
type missing struct{ error }

// decode restores a snapshot of size bytes into root and the registered variables.
func decode(r io.Reader, size int64, root reflect.Value) (err error) {
	defer recoverError(&err)
	d := newDecoder(r, size)
	d.root, d.isolated = root, isolated
	if err := d.header(); err != nil {
		return err
	}
	d.roots()
	roots := d.objects.n
	d.bodies()
	d.finish()
	d.settle()
	if !isolated {
		labels.restore(&d.objects, roots)
	}
	d.release()
	return nil
}

func newDecoder(r io.Reader, size int64) *decoder {
	d := decoders.Get().(*decoder)
	d.reader.r, d.reader.left = r, size
	d.gen, d.budget, d.newest = nextGeneration(), budget(size), -1
	return d
}

// bodies reads the bodies of all objects.
func (d *decoder) bodies() {
	for len(d.stack) > 0 {
		i := d.stack[len(d.stack)-1]
		d.stack = d.stack[:len(d.stack)-1]
		d.body(i)
	}
}

// recoverError turns the panic of a reader into an error.
func recoverError(err *error) {
	switch e := recover().(type) {
	case nil:
	case missing:
		*err = e.error
	case readError:
		*err = e.error
	case corruption:
		*err = fmt.Errorf("%w: %s", ErrCorrupt, e.why)
	default: // reflect panics when it is asked for an impossible type, maps when a key cannot be hashed
		*err = fmt.Errorf("%w: %v", ErrCorrupt, e)
	}
}

// budget is how much memory a snapshot of size bytes may need.
func budget(size int64) int {
	if size > math.MaxInt/expand-1<<12 {
		return math.MaxInt
	}
	return expand*int(size) + 1<<12
}

// charge takes n elements of size bytes from the budget.
func (d *decoder) charge(size uintptr, n int) {
	if size > 0 && uint64(n) > uint64(d.budget)/uint64(size) {
		corrupt("more memory than the snapshot has bytes for")
	}
	d.budget -= int(size) * n
}

// roots defines the objects that are there from the beginning.
func (d *decoder) roots() {
	p, n := d.elements()
	d.inPlace(variable{name: "root", ptr: d.root.UnsafePointer(), typ: d.root.Type().Elem()})
	if o := d.objects.at(1); o.prog != p || o.n != n {
		panic(missing{fmt.Errorf("snap: the root is a %s here, and a %s in the snapshot", d.root.Type().Elem(), p.typ)})
	}
	if d.isolated {
		return
	}
	gone := make([]bool, len(registry.vars))
	for range d.count() {
		i := d.length()
		if i >= len(gone) {
			corrupt("variable out of range")
		}
		gone[i] = true
	}
	for i, v := range registry.vars {
		if !gone[i] {
			d.inPlace(v)
		}
	}
	slices.Reverse(d.stack)
}

// add adds the object o, which has the label that has been read.
func (d *decoder) add(o object) *object {
	_, x := d.objects.next()
	o.label = uint32(d.newest)
	*x = o
	return x
}

// push is add of an object whose body follows.
func (d *decoder) push(o object) *object {
	i, x := d.objects.next()
	o.label = uint32(d.newest)
	*x = o
	d.stack = append(d.stack, i)
	return x
}

func (d *decoder) elements() (p *prog, n int) {
	c := d.someType()
	if c.n != 1 {
		corrupt("array as element type")
	}
	return c.prog, d.length()
}

func (d *decoder) alloc(p *prog, n int) unsafe.Pointer {
	d.charge(max(p.size, 1), n)
	if n == 1 {
		return unsafeNew(p.desc)
	}
	return unsafeNewArray(p.desc, n)
}

// inPlace adds the object v, which is decoded into a copy, to be committed at the end.
func (d *decoder) inPlace(v variable) {
	p, n := progOf(v.typ)
	d.newest++ // their labels are their numbers
	d.push(object{ptr: v.ptr, prog: p, n: n, placed: true})
	d.fills = append(d.fills, d.alloc(p, n))
}

// newMemory adds memory. The content of what has no references follows.
func (d *decoder) newMemory(p *prog, n int) *object {
	o := object{ptr: d.alloc(p, n), prog: p, n: n}
	if !p.free {
		return d.push(o)
	}
	d.raw(o.ptr, o.size())
	o.full = true
	x := d.add(o)
	return x
}

// newImage adds static memory.
func (d *decoder) newImage() (x *object, off uintptr) {
	at := d.varint()
	p, n := d.elements()
	if d.fixed32() != guard(guardVar, at, p.typ.String(), uint64(n)) {
		corrupt("bad static variable")
	}
	off = uintptr(d.length())
	o := object{prog: p, n: n, placed: true, full: p.free}
	o.ptr, _ = imagePointer(at)
	keepInitial(o.ptr, p, n)
	fill := d.alloc(p, n)
	d.copies[d.objects.n+1] = fill
	if !p.free {
		return d.push(o), off
	}
	x = d.add(o)
	d.raw(fill, o.size())
	return x, off
}

func (d *decoder) newMap(t reflect.Type) *object {
	if t.Kind() != reflect.Map {
		corrupt("not a map type")
	}
	p, _ := progOf(t)
	n := d.count()
	hint := min(n, d.budget/int(4*(t.Key().Size()+t.Elem().Size()+8)))
	return d.push(object{kind: mapping, prog: p, n: n, ptr: reflect.MakeMapWithSize(t, hint).UnsafePointer()})
}

func (d *decoder) newChan(t reflect.Type) *object {
	size, closed, n := d.length(), d.bool(), d.length()
	if n > size {
		corrupt("bad channel")
	}
	if d.charge(t.Size(), size); t.Size() == 0 {
		d.charge(1, n)
	}
	o := object{kind: channel, ptr: reflect.MakeChan(reflect.ChanOf(reflect.BothDir, t), size).UnsafePointer()}
	o.prog, o.n = progOf(t)
	x := d.push(o)
	d.buffered[d.objects.n] = channelState{n, closed}
	return x
}

func (d *decoder) newClosure() *object {
	k := d.uvarint()
	i, ok := d.closures[k]
	if !ok {
		name := d.string()
		if i, ok = registry.closureByName[name]; !ok {
			panic(missing{fmt.Errorf("snap: no closure %s is registered here", name)})
		}
		d.closures[k] = i
	}
	c := &registry.closures[i]
	o := object{kind: closure, n: i, ptr: unsafe.Pointer(&closureObject{code: c.code})}
	o.prog, _ = progOf(c.env.Elem())
	return d.push(o)
}

func (d *decoder) body(i uint32) {
	o := d.objects.at(i)
	d.cur, d.index = int64(o.label), i
	d.plain = i == 1 && d.copied
	old := len(d.stack)
	switch o.kind {
	case memory:
		mem := o.ptr
		if o.placed {
			mem = d.copyOf(i)
		}
		d.mem(mem, o.prog, o.n)
	case closure:
		(*closureObject)(o.ptr).env = d.pointer(&envOp, o.prog, 1)
	case timer:
		d.timerBody(o)
	case mapping:
		d.entries(o)
	case channel:
		d.chanElements(i, o)
	}
	o.full = true
	if len(d.stack) > old+1 {
		slices.Reverse(d.stack[old:])
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
	if o.own && d.link != nil {
		return
	}
	switch o.kind {
	case opRaw:
		d.raw(slot, o.size)
	case opFix:
		if o.lock != 0 && d.link != nil && !d.plain {
			d.thing(o, unsafe.Add(slot, -int(o.lock.offset())))
			break
		}
		d.raw(slot, o.size)
		if o.unfix != nil {
			o.unfix(unsafe.Slice((*byte)(slot), o.size))
		}
	case opTimer, opZero, opBad:
		d.zeros(o)
	case opArray:
		d.mem(slot, o.sub, o.n)
	case opPtr:
		sub, n := o.target()
		*(*unsafe.Pointer)(slot) = d.pointer(o, sub, n)
	case opWeak:
		d.weak(o, slot)
	case opHandle:
		d.handle(o, slot)
	case opSlice:
		d.slice(o, (*sliceHeader)(slot))
	case opString:
		d.text(o, slot)
	case opEface, opIface:
		d.iface(o, (*eface)(slot))
	case opMap, opChan, opFunc:
		*(*unsafe.Pointer)(slot) = d.node(o)
	case opUnsafe:
		x, _, p := d.ref(o, bytesProg(), 0)
		if x != nil {
			corrupt("unsafe.Pointer to an object")
		}
		*(*unsafe.Pointer)(slot) = p
	case opTypeDesc:
		*(*unsafe.Pointer)(slot) = nil
		if c := d.typ(nil); c != nil {
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

// text reads a string. Short ones are not objects.
func (d *decoder) text(o *op, slot unsafe.Pointer) {
	n := d.length()
	if d.flat > 0 {
		*(*string)(slot) = d.flatText(n)
		return
	}
	if n <= inlineString {
		*(*string)(slot) = d.short(n)
		return
	}
	n -= sharedString
	x, off, _ := d.ref(o, bytesProg(), n)
	if x == nil || x.kind != memory || off >= x.size() || uintptr(n) > x.size()-off {
		corrupt("string out of range")
	}
	if !x.full || x.placed {
		d.partial = true
	}
	h := (*stringHeader)(slot)
	h.data, h.len = unsafe.Add(x.ptr, off), n
}

func (d *decoder) slice(o *op, h *sliceHeader) {
	n := d.uvarint()
	if n == 0 {
		h.data, h.len, h.cap = nil, 0, 0
		return
	}
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
		data = d.pointer(o, sub, k*c)
		if data == nil {
			corrupt("slice without memory")
		}
	}
	h.data, h.len, h.cap = data, length, c
}

// node reads a reference to a map, channel or function.
func (d *decoder) node(o *op) unsafe.Pointer {
	x, off, q := d.ref(o, nil, 0)
	if x == nil {
		return q
	}
	ok := false
	switch o.kind {
	case opMap:
		ok = x.kind == mapping && (x.prog.typ == o.typ || x.prog.typ.ConvertibleTo(o.typ))
	case opChan:
		p, n := o.target()
		ok = x.kind == channel && x.prog == p && x.n == n
	case opFunc:
		if x.kind == closure {
			t := d.closureType(x.n)
			ok = t == o.typ || t.ConvertibleTo(o.typ)
		}
	}
	if !ok || off != 0 {
		corrupt("reference to an object of another type")
	}
	return x.ptr
}

func (d *decoder) iface(o *op, v *eface) {
	c := d.typ(o)
	if c == nil {
		v.tab, v.data = nil, nil
		return
	}
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
	case d.flat > 0 && !p.isInline(n):
		d.charge(p.size, n)
		v.data = unsafeNew(descOf(c.typ))
		d.nest()
		d.mem(v.data, p, n)
		d.flat--
	case p.isInline(n) || p.size*uintptr(n) == 0:
		v.data = unsafeNew(descOf(c.typ))
		d.mem(v.data, p, n)
	default:
		v.data = d.content(o, p, n)
	}
	v.tab = tab
}

func (d *decoder) reflectValue(v *reflectValue) {
	c := d.typ(nil)
	if c == nil {
		*v = reflectValue{}
		return
	}
	flag := uintptr(d.uvarint())
	if flag&reflectIndir != 0 {
		v.ptr = d.pointer(&reflectOp, c.prog, c.n)
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
