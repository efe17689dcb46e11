package snap

// This file defines shared memory in the image: package variables, and the static data that they lead to.
//
// A variable is at the same place in each process of a build, so the place of its thing is told with it, and what stands for it in any process is the
// variable itself. A variable that is registered is shared as a whole, whatever part of it a pointer leads to.
//
// A process other than the first has of the variables those that it shares, and no others: they are part of its snapshots. One OS process may execute several
// processes, one after the other; putBack makes of the variables what they were before.

import (
	"cmp"
	"reflect"
	"slices"
	"unsafe"
	"weak"
)

// newThing returns the thing at p.
func newThing(id uint64, kind ThingKind, t reflect.Type, n int, p unsafe.Pointer) *Thing {
	x := &Thing{ID: id, Kind: kind, Type: t, Count: n}
	if sectionOf(uintptr(p)) != secNone {
		x.fixed = p
	} else {
		x.at = weak.Make((*byte)(p))
		x.hold()
	}
	return x
}

// Var returns a pointer to the registered variable with this name, nil if there is none.
func Var(name string) any {
	mu.Lock()
	defer mu.Unlock()
	if i, ok := registry.varByName[name]; ok {
		v := &registry.vars[i]
		return reflect.NewAt(v.typ, v.ptr).Interface()
	}
	return nil
}

// addImage makes t known, which is memory in the image.
func (l *Link) addImage(t *Thing) {
	i, _ := slices.BinarySearchFunc(l.images, uintptr(t.fixed), compareThing)
	l.images = slices.Insert(l.images, i, t)
}

func compareThing(t *Thing, at uintptr) int { return cmp.Compare(uintptr(t.fixed), at) }

// imageAt returns the shared memory in the image that has [lo, hi), nil if none has.
func (l *Link) imageAt(lo, hi uintptr) *Thing {
	if l == nil {
		return nil
	}
	i, exact := slices.BinarySearchFunc(l.images, lo, compareThing)
	if !exact {
		i--
	}
	if i < 0 || hi > l.images[i].end() || lo >= l.images[i].end() {
		return nil
	}
	return l.images[i]
}

// end is where t ends, which is memory in the image.
func (t *Thing) end() uintptr { return uintptr(t.fixed) + t.Type.Size()*uintptr(t.Count) }

// shareImage makes the memory in the image that n elements of p at q belong to shared.
func (s *scanner) shareImage(q unsafe.Pointer, p *prog, n int) {
	l, lo, hi := s.link, uintptr(q), uintptr(q)+p.size*uintptr(n)
	if l.imageAt(lo, hi) != nil {
		return
	}
	if v := variableOf(lo); v != nil {
		q = v.ptr
		p, n = progOf(v.typ)
		if start := uintptr(q); hi > start+p.size*uintptr(n) {
			s.bailTo(q, p.typ, "unsafe code sees more than the variable "+v.name)
		}
		lo, hi = uintptr(q), uintptr(q)+p.size*uintptr(n)
	}
	i, _ := slices.BinarySearchFunc(l.images, lo, compareThing)
	if i > 0 && l.images[i-1].end() > lo || i < len(l.images) && uintptr(l.images[i].fixed) < hi {
		s.bailTo(q, p.typ, "a part of its memory is shared already")
	}
	l.share(ThingMemory, p.typ, n, q)
}

// variableOf returns the registered variable at an address, nil if there is none.
func variableOf(at uintptr) *variable {
	if len(varOrder) != len(registry.vars) {
		varOrder = varOrder[:0]
		for i := range registry.vars {
			varOrder = append(varOrder, i)
		}
		slices.SortFunc(varOrder, func(a, b int) int { return cmp.Compare(uintptr(registry.vars[a].ptr), uintptr(registry.vars[b].ptr)) })
	}
	i, exact := slices.BinarySearchFunc(varOrder, at, func(i int, at uintptr) int { return cmp.Compare(uintptr(registry.vars[i].ptr), at) })
	if !exact {
		i--
	}
	if i < 0 {
		return nil
	}
	if v := &registry.vars[varOrder[i]]; at < uintptr(v.ptr)+v.typ.Size() {
		return v
	}
	return nil
}

var varOrder []int // of registry.vars, by address; guarded by mu

// place writes where t is, 0 if that is not in the image.
func (e *encoder) place(t *Thing) {
	if t.fixed == nil {
		e.varint(0)
		return
	}
	off := imageOffset(t.fixed)
	e.varint(off)
	e.fixed32(guard(guardVar, off, t.Type.String(), uint64(t.Count)))
}

// place reads where the memory is that is known as thing, or is to be made: n elements of t. It is nil if that is not in the image.
func (d *decoder) place(thing *Thing, t reflect.Type, n int) unsafe.Pointer {
	off := d.varint()
	if off == 0 {
		return nil
	}
	if d.fixed32() != guard(guardVar, off, t.String(), uint64(n)) {
		corrupt("bad place of a shared variable")
	}
	q, sec := imagePointer(off)
	if sec != secWritable || d.link.imageAt(uintptr(q), uintptr(q)) != thing {
		corrupt("a variable is shared twice")
	}
	p, k := progOf(t)
	keepInitial(q, p, n*k)
	return q
}

// initial is what variables of the image were before a process of another had them: copies, by address. Guarded by mu.
var initial = map[unsafe.Pointer]initialContent{}

type initialContent struct {
	copy unsafe.Pointer
	prog *prog
	n    int
}

// keepInitial notes what is at q before it is changed.
func keepInitial(q unsafe.Pointer, p *prog, n int) {
	if _, ok := initial[q]; ok || !isolated {
		return
	}
	c := unsafeNewArray(p.desc, n)
	moveElements(c, q, p, n)
	initial[q] = initialContent{c, p, n}
}

// putBack makes the variables what they were.
func putBack() {
	for q, c := range initial {
		moveElements(q, c.copy, c.prog, c.n)
	}
	clear(initial)
}

func moveElements(to, from unsafe.Pointer, p *prog, n int) {
	for i := range n {
		off := uintptr(i) * p.size
		typedmemmove(p.desc, unsafe.Add(to, off), unsafe.Add(from, off))
	}
}

// With isolated, snapshots have of the package variables those that owner shares, else all that are registered. Guarded by mu.
var (
	isolated bool
	owner    *Link
)

// Isolate begins a process other than the first, which has no package variables but those that it shares. What another has left in them is undone.
func Isolate() {
	mu.Lock()
	defer mu.Unlock()
	putBack()
	isolated, owner = true, nil
}

// Own says that what l knows is what the process shares.
func (l *Link) Own() {
	mu.Lock()
	defer mu.Unlock()
	owner = l
}

// isConstant reports whether nobody changes memory of p in the image: it is an error of a library.
func (p *prog) isConstant() bool { return p.isError && ofLibrary(p.typ.PkgPath()) }
