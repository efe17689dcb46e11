package snap

// This file defines how the way from the root to a value is put into words. Regions record only which region led to
// them; the step itself is searched when an error needs it.

import (
	"reflect"
	"strconv"
	"sync"
	"unsafe"
)

// bail stops the scan: the value of type t at the end of the current path cannot be moved.
func (s *scanner) bail(t reflect.Type, why string) {
	panic(&UnmovableError{Path: s.pathOf(s.cur), Type: t.String(), Why: why})
}

// bailAt is bail for a value within the region being scanned, or within a copy of its entry.
func (s *scanner) bailAt(slot unsafe.Pointer, t reflect.Type, why string) {
	panic(&UnmovableError{Path: append(s.pathOf(s.cur), s.slotPath(slot)...), Type: t.String(), Why: why})
}

// bailTo is bail for what a reference in the region being scanned leads to.
func (s *scanner) bailTo(q unsafe.Pointer, t reflect.Type, why string) {
	panic(&UnmovableError{Path: append(s.pathOf(s.cur), s.step(s.cur, uintptr(q), uintptr(q)+1)...), Type: t.String(), Why: why})
}

// pathOf returns the steps to region i.
func (s *scanner) pathOf(i uint32) []string {
	if i == 0 {
		return nil
	}
	r := s.regs.at(i)
	var path []string
	switch {
	case r.place == inVar:
		path = []string{registry.vars[r.name].name}
	case r.parent != 0:
		path = append(s.pathOf(r.parent), s.step(r.parent, r.addr, max(r.end(), r.addr+1))...)
	}
	if l := labelOf(r); l != "" {
		path = append(path, l)
	}
	return path
}

// labelOf asks the object of r for its name.
func labelOf(r *region) (label string) {
	if r.kind != memory || r.count != 1 || !r.prog().label {
		return ""
	}
	defer func() { _ = recover() }() // an object that is not ready to answer has no name
	return reflect.NewAt(r.prog().typ, r.ptr()).Interface().(Labeler).SnapLabel()
}

// slotPath returns the steps from the region being scanned to a slot in it.
func (s *scanner) slotPath(slot unsafe.Pointer) []string {
	r := s.regs.at(s.cur)
	switch {
	case r.kind == memory && r.covers(uintptr(slot), uintptr(slot)+1):
		return within(nil, r.prog().typ, r.count, uintptr(slot)-r.addr)
	case r.kind == mapping && s.entry != nil:
		return s.entry.path(slot)
	case r.kind == channel:
		return []string{"(buffered element " + strconv.Itoa(s.element) + ")"}
	}
	return nil
}

func (e *mapEntry) path(slot unsafe.Pointer) []string {
	key := "[" + keyText(reflect.NewAt(e.mapType.key.typ, e.key).Elem()) + "]"
	if off := uintptr(slot) - uintptr(e.elem); off < e.mapType.elem.size*uintptr(e.elemCount) {
		return within([]string{key}, e.mapType.elem.typ, e.elemCount, off)
	}
	return []string{"(key " + key + ")"}
}

// keyText is short text for a map key.
func keyText(v reflect.Value) string {
	switch {
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10)
	case v.Kind() == reflect.String && v.Len() <= 40:
		return strconv.Quote(v.String())
	}
	return v.Type().String()
}

// within appends the steps to offset off of n elements of t.
func within(path []string, t reflect.Type, n int, off uintptr) []string {
	if n != 1 && t.Size() > 0 {
		path = append(path, "["+strconv.Itoa(int(off/t.Size()))+"]")
		off %= t.Size()
	}
	for {
		switch t.Kind() {
		case reflect.Array:
			t = t.Elem()
			path = append(path, "["+strconv.Itoa(int(off/t.Size()))+"]")
			off %= t.Size()
			continue
		case reflect.Struct:
			if f, ok := fieldAt(t, off); ok && t.PkgPath() != "sync/atomic" && !isSpecial(t) {
				path = append(path, f.Name)
				t, off = f.Type, off-f.Offset
				continue
			}
		}
		return path
	}
}

// isSpecial reports whether t as a whole is one op, so that its fields are not part of the path.
func isSpecial(t reflect.Type) bool {
	p, _ := progOf(t)
	return len(p.ops) == 1 && p.ops[0].typ == t
}

func fieldAt(t reflect.Type, off uintptr) (reflect.StructField, bool) {
	for i := range t.NumField() {
		if f := t.Field(i); f.Offset <= off && off < f.Offset+f.Type.Size() {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// A finder looks for a reference into [lo, hi).
type finder struct {
	lo, hi uintptr
	slot   unsafe.Pointer // where it was found
	dyn    reflect.Type   // through an interface of this dynamic type
}

// step returns the steps in region i that lead into [lo, hi).
func (s *scanner) step(i uint32, lo, hi uintptr) []string {
	if i == 0 {
		return nil
	}
	r := s.regs.at(i)
	f := &finder{lo: lo, hi: hi}
	switch r.kind {
	case memory:
		if f.refs(r.ptr(), r.prog(), r.count) {
			return f.dynamic(within(nil, r.prog().typ, r.count, uintptr(f.slot)-r.addr))
		}
	case mapping:
		return f.mapStep(r)
	case channel:
		c := (*hchan)(r.ptr())
		for k := range int(c.qcount) {
			if f.refs(c.slot(k), r.prog(), r.count) {
				return f.dynamic([]string{"(buffered element " + strconv.Itoa(k) + ")"})
			}
		}
	case closure:
		return []string{registry.closures[r.name].name}
	case timer:
		return []string{"(timer)"}
	}
	return nil
}

func (f *finder) mapStep(r *region) []string {
	m := mapTypeOf(r.prog())
	for it := m.entries(r.ptr()); it.key != nil; it.next() {
		if f.refs(it.elem, m.elem, m.elemCount) || f.refs(it.key, m.key, m.keyCount) {
			e := mapEntry{m, it.key, it.elem}
			return f.dynamic(e.path(f.slot))
		}
	}
	return nil
}

// dynamic appends the dynamic type of the interface that the step went through.
func (f *finder) dynamic(path []string) []string {
	if f.dyn != nil {
		path = append(path, "("+f.dyn.String()+")")
	}
	return path
}

// refs reports whether one of n elements of p at mem has a reference into the range.
func (f *finder) refs(mem unsafe.Pointer, p *prog, n int) bool {
	for i := range n {
		for k := range p.refs {
			o := &p.refs[k]
			if slot := unsafe.Add(mem, uintptr(i)*p.size+o.off); f.ref(o, slot) {
				return true
			}
		}
	}
	return false
}

func (f *finder) ref(o *op, slot unsafe.Pointer) bool {
	p := slot
	var dyn reflect.Type
	switch o.kind {
	case opArray:
		return f.refs(slot, o.sub, o.n)
	case opEface, opIface:
		e := (*eface)(slot)
		if e.tab == nil {
			return false
		}
		p, dyn = unsafe.Pointer(&e.data), reflect.NewAt(o.typ, slot).Elem().Elem().Type()
		if b, n := progOf(dyn); !b.isDirect(n) && b.isInline(n) && f.refs(e.data, b, n) {
			f.slot, f.dyn = slot, dyn
			return true
		}
	case opSyncMap:
		return f.syncMap(slot)
	case opReflect:
		p = unsafe.Pointer(&(*reflectValue)(slot).ptr)
	case opPtr, opHandle, opSlice, opString, opMap, opChan, opFunc:
	default:
		return false
	}
	q := uintptr(*(*unsafe.Pointer)(p))
	if q < f.lo || q >= f.hi {
		return false
	}
	f.slot, f.dyn = slot, dyn
	return true
}

func (f *finder) syncMap(slot unsafe.Pointer) (found bool) {
	(*sync.Map)(slot).Range(func(k, v any) bool {
		found = f.ref(&efaceOp, unsafe.Pointer(&k)) || f.ref(&efaceOp, unsafe.Pointer(&v))
		return !found
	})
	if found {
		f.slot = slot
	}
	return found
}
