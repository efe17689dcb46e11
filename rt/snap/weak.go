package snap

// This file defines what snap knows about weak.Pointer.
//
// A weak.Pointer is the address of a word of the runtime's, which holds the address of the target until the collector takes that. All
// weak pointers made from the same pointer have the same word. A target is saved if something else that is saved leads to it; else
// the restored weak pointer is one whose target is gone. Equal weak pointers stay equal, also when the target is gone.

import (
	"reflect"
	"runtime"
	"unsafe"
	"weak"
)

func init() {
	x := new([4]int)
	p, q := weak.Make(x), weak.Make(x)
	dead := deadWeak()
	gone := *(*weak.Pointer[int])(unsafe.Pointer(&dead))
	word := *(*unsafe.Pointer)(unsafe.Pointer(&p))
	ok := unsafe.Sizeof(p) == wordSize && word != nil && word == *(*unsafe.Pointer)(unsafe.Pointer(&q)) &&
		reflect.TypeOf(p).Field(0).Type.Elem() == reflect.TypeOf(x) &&
		weakTarget(word) == unsafe.Pointer(x) && gone.Value() == nil && gone != weak.Pointer[int]{}
	if !ok {
		panic("snap: this Go runtime (" + runtime.Version() + ") lays out weak pointers in an unknown way")
	}
}

// weakTarget returns what the weak pointer with this word leads to, nil if it is gone.
func weakTarget(word unsafe.Pointer) unsafe.Pointer {
	return unsafe.Pointer((*weak.Pointer[byte])(unsafe.Pointer(&word)).Value())
}

// deadWeak returns the word of a weak pointer whose target is gone. Like the runtime's it shares its memory with nothing.
func deadWeak() unsafe.Pointer { return unsafe.Pointer(new([2]uintptr)) }

// weak writes 0 for nil; else the number of the word plus 1, which a reference to the target follows when the number is new.
func (e *encoder) weak(o *op, slot unsafe.Pointer) {
	word := *(*unsafe.Pointer)(slot)
	if word == nil {
		e.uvarint(0)
		return
	}
	i, ok := e.weaks[word]
	if ok {
		e.uvarint(i)
		return
	}
	if e.weaks == nil {
		e.weaks = map[unsafe.Pointer]uint64{}
	}
	i = uint64(len(e.weaks)) + 1
	e.weaks[word] = i
	e.uvarint(i)
	q := weakTarget(word)
	p, n := o.target()
	if !e.isSaved(q, p, n) {
		q = nil
	}
	e.ref(o, q, p, n)
}

// isSaved reports whether the n elements of p at q are part of the snapshot, or need not be.
func (e *encoder) isSaved(q unsafe.Pointer, p *prog, n int) bool {
	size := p.size * uintptr(n)
	h, sec := e.headOf(q)
	if h == nil || size == 0 {
		return size == 0 || sec != secNone
	}
	i := e.find(*h, uintptr(q), uintptr(q)+size)
	if i == 0 {
		return sec != secNone
	}
	switch r := e.regs.at(i); r.kind {
	case memory:
		return r.prog().holds(r.count, uintptr(q)-r.addr, p, n)
	case timer:
		return uintptr(q) == r.addr && n == 1 && p.timer
	case external:
		return true
	}
	return false
}

func (d *decoder) weak(o *op, slot unsafe.Pointer) {
	i := d.uvarint()
	if i == 0 {
		*(*unsafe.Pointer)(slot) = nil
		return
	}
	if i > uint64(len(d.weaks))+1 {
		corrupt("weak pointer out of range")
	}
	if i == uint64(len(d.weaks))+1 {
		d.charge(2*wordSize, 1)
		word := deadWeak()
		sub, n := o.target()
		if q := d.pointer(o, sub, n); q != nil {
			p := weak.Make((*byte)(q))
			word = *(*unsafe.Pointer)(unsafe.Pointer(&p))
		}
		d.weaks = append(d.weaks, word)
	}
	*(*unsafe.Pointer)(slot) = d.weaks[i-1]
}
