package snap

// This file compiles a type to a program: the list of what its memory consists of, in order of address.

import (
	"encoding/binary"
	"reflect"
	"sort"
	"unsafe"
)

type opKind uint8

const (
	opRaw      opKind = iota // bytes without references
	opFix                    // bytes without references, some of which belong to this process: op.fix clears those
	opZero                   // memory that belongs to this process; zero after Load
	opBad                    // memory that cannot be moved unless it is zero
	opArray                  // n elements of sub, too many to unroll
	opPtr                    // pointer to n elements of sub
	opSlice                  // slice of sub; an element is n of sub
	opString                 //
	opEface                  // interface without methods
	opIface                  // interface with methods
	opMap                    //
	opChan                   //
	opFunc                   //
	opUnsafe                 // unsafe.Pointer
	opTypeDesc               // pointer to a type descriptor
	opSyncMap                // sync.Map
	opReflect                // reflect.Value
	opWeak                   // weak.Pointer to n elements of sub (weak.go)
	opHandle                 // unique.Handle of n elements of sub (unique.go)
	opTimer                  // the flag of a time.Timer or Ticker that the runtime knows it: must be false, except behind a pointer to a real one (timer.go)
)

// An op describes one piece of a type's memory.
type op struct {
	off, size uintptr
	kind      opKind
	typ       reflect.Type   // type of the piece; unset for opRaw
	elem      reflect.Type   // what opPtr, opSlice and opChan lead to
	why       string         // opBad: what is wrong with it
	fix       func(b []byte) // opFix: before writing
	unfix     func(b []byte) // opFix: after reading, may be nil
	lock      ThingKind      // opFix: of a lock
	output    bool           // of a library type whose lock guards writes to what is here (linklibrary.go)
	own       bool           // of processes that share the memory each has its own (linkcontext.go)
	owner     string         // path of the package that declares the struct which has it, of locks and channels

	sub *prog // of elem, flattened; use op.target, which fills it in
	n   int   // elements of sub in an elem

	last last
}

// A last is what the references of an op led to last, in the stream of one generation: the next is likely to lead there or nearby.
type last struct {
	gen  uint32
	id   int64          // number of the object
	desc unsafe.Pointer // dynamic type, of an interface
	code *typeCode      // the same, of the decoder
}

// generation numbers scans, saves and loads; guarded by mu.
var generation uint32

func nextGeneration() uint32 {
	generation++
	return generation
}

// at returns o.last in the stream of generation gen; an object with number cur is being written.
func (o *op) at(gen uint32, cur int64) *last {
	if o.last.gen != gen {
		o.last = last{gen: gen, id: cur}
	}
	return &o.last
}

// A prog describes the memory of a type that is not an array.
type prog struct {
	id     uint32 // in progList
	typ    reflect.Type
	desc   unsafe.Pointer
	size   uintptr
	free   bool // no references: only opRaw
	direct bool // an interface holds the value itself, not a pointer to it
	ops    []op // everything
	refs   []op // ops without opRaw, opFix, opZero: what a scan looks at

	key   string // layout, see layout
	used  uint32 // generation of the last scan that met the type
	boxes bool   // has interfaces: a hash of it reads other objects
	maps  bool   // has a sync.Map

	entry *mapType // of a map type
	timer bool     // time.Timer or time.Ticker
	label bool     // implements Labeler, itself or by pointer

	isError bool // a pointer to it is an error

	scalars []scalar // see variables
	atomics string   // path of the package that declares a struct which is used atomically, if that is a library
}

// The programs made so far; guarded by mu.
var (
	progs    = map[unsafe.Pointer]*prog{} // by descriptor
	progList = []*prog{nil}
)

// progOf returns the program of t, and how many of it make a t: more than one if t is an array.
func progOf(t reflect.Type) (p *prog, n int) {
	n = 1
	for t.Kind() == reflect.Array {
		n *= t.Len()
		t = t.Elem()
	}
	desc := descOf(t)
	if p = progs[desc]; p != nil {
		return p, n
	}
	p = &prog{typ: t, desc: desc, size: t.Size()}
	c := compiler{}
	c.add(t, 0)
	p.ops = c.finish(p.size)
	p.free = true
	for _, o := range p.ops {
		if o.kind != opRaw {
			p.free = false
		}
		p.boxes = p.boxes || o.kind == opEface || o.kind == opIface || o.kind == opArray && o.sub.boxes
		p.maps = p.maps || o.kind == opSyncMap || o.kind == opArray && o.sub.maps
		if o.kind != opRaw && o.kind != opFix && o.kind != opZero {
			p.refs = append(p.refs, o)
		}
	}
	p.direct = isDirect(t)
	p.timer = t == timerType || t == tickerType
	p.label = t.Kind() == reflect.Struct && reflect.PointerTo(t).Implements(reflect.TypeFor[Labeler]())
	p.isError = t.Kind() == reflect.Struct && reflect.PointerTo(t).Implements(errorType)
	p.atomics = c.atomics
	progs[desc] = p
	p.id = uint32(len(progList))
	progList = append(progList, p)
	return p, n
}

// target returns what the references of o lead to.
func (o *op) target() (sub *prog, n int) {
	if o.sub == nil {
		o.sub, o.n = progOf(o.elem)
	}
	return o.sub, o.n
}

// isDirect reports whether an interface holds a t directly: t is one pointer word. A pointer to what is never in the heap (cgo.Incomplete) is none.
func isDirect(t reflect.Type) bool {
	if t.Size() != wordSize || t.Kind() == reflect.Interface {
		return false
	}
	zero := reflect.Zero(t)
	return (*reflectValue)(unsafe.Pointer(&zero)).flag&reflectIndir == 0
}

var byteType = reflect.TypeFor[byte]()

const (
	wordSize  = unsafe.Sizeof(uintptr(0))
	maxUnroll = 4 // arrays of up to so many elements are unrolled
)

// A compiler collects ops; the gaps between them become opRaw.
type compiler struct {
	ops   []op
	owner string // see op.owner

	atomics string // see prog.atomics
}

func (c *compiler) op(o op) {
	o.owner = c.owner
	c.ops = append(c.ops, o)
}

// add appends the ops of a t at offset off. Plain bytes are left out.
func (c *compiler) add(t reflect.Type, off uintptr) {
	if c.addSpecial(t, off) {
		return
	}
	o := op{off: off, size: t.Size(), typ: t}
	switch t.Kind() {
	case reflect.Struct:
		defer func(outer string) { c.owner = outer }(c.owner)
		if path := t.PkgPath(); path == "sync/atomic" && ofLibrary(c.owner) {
			c.atomics = c.owner
		} else if path != "" && path != "sync" && path != "internal/sync" && path != "sync/atomic" {
			c.owner = path
		}
		for i := range t.NumField() {
			f := t.Field(i)
			first, atomics := len(c.ops), c.atomics
			c.add(f.Type, off+f.Offset)
			if c.mark(f.Tag, c.ops[first:]) || c.markLibrary(t, f.Name, c.ops[first:]) {
				c.atomics = atomics
			}
		}
		return
	case reflect.Array:
		c.addArray(t, off)
		return
	case reflect.Pointer:
		o.kind, o.elem = opPtr, t.Elem()
		if isTypeDesc(t.Elem()) {
			o.kind = opTypeDesc
		}
	case reflect.Slice:
		o.kind, o.elem = opSlice, t.Elem()
	case reflect.String:
		o.kind, o.elem = opString, reflect.TypeFor[byte]()
	case reflect.Interface:
		o.kind = opIface
		if t.NumMethod() == 0 {
			o.kind = opEface
		}
	case reflect.Map:
		o.kind = opMap
	case reflect.Chan:
		o.kind, o.elem = opChan, t.Elem()
	case reflect.Func:
		o.kind = opFunc
	case reflect.UnsafePointer:
		o.kind = opUnsafe
	default:
		return
	}
	c.op(o)
}

func (c *compiler) addArray(t reflect.Type, off uintptr) {
	sub, n := progOf(t)
	if sub.atomics != "" {
		c.atomics = sub.atomics
	}
	switch {
	case sub.free || n == 0:
	case n <= maxUnroll:
		for i := range t.Len() {
			c.add(t.Elem(), off+uintptr(i)*t.Elem().Size())
		}
	default:
		c.op(op{off: off, size: t.Size(), kind: opArray, typ: t, elem: t, sub: sub, n: n})
	}
}

// finish sorts the ops and fills the gaps up to size with opRaw.
func (c *compiler) finish(size uintptr) []op {
	sort.SliceStable(c.ops, func(i, j int) bool { return c.ops[i].off < c.ops[j].off })
	var all []op
	at := uintptr(0)
	for _, o := range c.ops {
		if o.off > at {
			all = append(all, op{off: at, size: o.off - at})
		}
		all = append(all, o)
		at = o.off + o.size
	}
	if at < size {
		all = append(all, op{off: at, size: size - at})
	}
	return all
}

// layout is a string that is equal for types with the same size and the same ops.
func (p *prog) layout() string {
	if p.key == "" {
		b := binary.AppendUvarint(nil, uint64(p.size))
		for _, o := range p.ops {
			b = binary.AppendUvarint(b, uint64(o.kind))
			b = binary.AppendUvarint(b, uint64(o.off))
			b = binary.AppendUvarint(b, uint64(o.size))
			if o.kind != opRaw {
				b = binary.AppendUvarint(b, uint64(uintptr(descOf(o.typ))))
			}
		}
		p.key = string(b)
	}
	return p.key
}

// holds reports whether memory of n elements of p holds m elements of r at offset off: it is within bounds, and has
// the same references at the same places.
func (p *prog) holds(n int, off uintptr, r *prog, m int) bool {
	if off > p.size*uintptr(n) || r.size*uintptr(m) > p.size*uintptr(n)-off {
		return false
	}
	if p == r && off%max(p.size, 1) == 0 || r.size*uintptr(m) == 0 || p.free && r.free {
		return true
	}
	off %= p.size
	if off == 0 && p.size == r.size && p.layout() == r.layout() {
		return true
	}
	if off+r.size*uintptr(m) > p.size {
		return false
	}
	for i := range p.ops {
		o := &p.ops[i]
		if o.kind == opArray && o.off <= off && off+r.size*uintptr(m) <= o.off+o.size {
			return o.sub.holds(o.n, off-o.off, r, m)
		}
	}
	for i := range m {
		if !p.matches(off+uintptr(i)*r.size, r) {
			return false
		}
	}
	return true
}

// matches reports whether the ops of p from off on are those of r.
func (p *prog) matches(off uintptr, r *prog) bool {
	have, want := notRaw(p.ops), notRaw(r.ops)
	have = have[sort.Search(len(have), func(i int) bool { return have[i].off+have[i].size > off }):]
	if len(have) < len(want) {
		return false
	}
	for i, o := range want {
		if have[i].off != off+o.off || have[i].kind != o.kind || have[i].typ != o.typ {
			return false
		}
	}
	have = have[len(want):]
	return len(have) == 0 || have[0].off >= off+r.size
}

var theBytesProg, theWordsProg *prog

// bytesProg is the program of the bytes of a string.
func bytesProg() *prog {
	if theBytesProg == nil {
		theBytesProg, _ = progOf(byteType)
	}
	return theBytesProg
}

// wordsProg is the program of memory without references that unsafe code sees as several types.
func wordsProg() *prog {
	if theWordsProg == nil {
		theWordsProg, _ = progOf(reflect.TypeFor[uint64]())
	}
	return theWordsProg
}

func notRaw(ops []op) []op {
	var out []op
	for _, o := range ops {
		if o.kind != opRaw {
			out = append(out, o)
		}
	}
	return out
}
