package snap

// This file defines how types are written and read: as a place in the image, or by structure for types that the program made
// with package reflect.

import (
	"reflect"
	"unsafe"
)

// maxTypeDepth bounds the nesting of types made at run time.
const maxTypeDepth = 64

// typ writes a type by its descriptor, 0 for none.
func (e *encoder) typ(desc unsafe.Pointer) {
	if desc == nil {
		e.uvarint(0)
		return
	}
	if i, ok := e.types[desc]; ok {
		e.uvarint(i + 1)
		return
	}
	e.uvarint(uint64(len(e.types)) + 1)
	e.types[desc] = uint64(len(e.types))
	t := typeOfDesc(desc)
	if e.heapHead(desc) == nil {
		off, name := imageOffset(desc), t.String()
		e.uvarint(typeImage)
		e.varint(off)
		e.string(name)
		e.fixed64(guard(guardType, off, name, 0))
		return
	}
	e.uvarint(typeMade)
	e.madeType(t)
}

func (e *encoder) madeType(t reflect.Type) {
	e.uvarint(uint64(t.Kind()))
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		e.typ(descOf(t.Elem()))
	case reflect.Array:
		e.uvarint(uint64(t.Len()))
		e.typ(descOf(t.Elem()))
	case reflect.Chan:
		e.uvarint(uint64(t.ChanDir()))
		e.typ(descOf(t.Elem()))
	case reflect.Map:
		e.typ(descOf(t.Key()))
		e.typ(descOf(t.Elem()))
	case reflect.Func:
		e.list(t.NumIn(), t.In)
		e.list(t.NumOut(), t.Out)
		if t.IsVariadic() {
			e.uvarint(1)
		} else {
			e.uvarint(0)
		}
	case reflect.Struct:
		e.uvarint(uint64(t.NumField()))
		for i := range t.NumField() {
			f := t.Field(i)
			e.string(f.Name)
			e.string(f.PkgPath)
			e.string(string(f.Tag))
			if f.Anonymous {
				e.uvarint(1)
			} else {
				e.uvarint(0)
			}
			e.typ(descOf(f.Type))
		}
	}
}

func (e *encoder) list(n int, at func(int) reflect.Type) {
	e.uvarint(uint64(n))
	for i := range n {
		e.typ(descOf(at(i)))
	}
}

// A typeCode is a type that has been read.
type typeCode struct {
	typ  reflect.Type // nil while its definition is being read
	prog *prog
	n    int
}

// typ reads a type; nil for none.
func (d *decoder) typ() *typeCode {
	i := d.uvarint()
	switch {
	case i == 0:
		return nil
	case i <= uint64(len(d.types)):
		if d.types[i-1].typ == nil {
			corrupt("type within itself")
		}
		return d.types[i-1]
	case i > uint64(len(d.types))+1:
		corrupt("type number out of range")
	}
	c := &typeCode{}
	d.types = append(d.types, c)
	switch d.uvarint() {
	case typeImage:
		off, name := d.varint(), d.string()
		if d.fixed64() != guard(guardType, off, name, 0) {
			corrupt("bad type")
		}
		desc, _ := imagePointer(off)
		c.typ = typeOfDesc(desc)
		if c.typ.String() != name {
			corrupt("bad type name")
		}
	case typeMade:
		if d.depth++; d.depth > maxTypeDepth {
			corrupt("type too deep")
		}
		c.typ = d.madeType()
		d.depth--
	default:
		corrupt("bad type code")
	}
	c.prog, c.n = progOf(c.typ)
	return c
}

// someType reads a type that must be there.
func (d *decoder) someType() *typeCode {
	c := d.typ()
	if c == nil {
		corrupt("missing type")
	}
	return c
}

// madeType reads a type made with package reflect, which panics if its parts do not fit; decode recovers that.
func (d *decoder) madeType() reflect.Type {
	switch k := reflect.Kind(d.uvarint()); k {
	case reflect.Pointer:
		return reflect.PointerTo(d.someType().typ)
	case reflect.Slice:
		return reflect.SliceOf(d.someType().typ)
	case reflect.Array:
		n, elem := d.length(), d.someType().typ
		if elem.Size() > 0 && uintptr(n) > uintptr(d.budget)/elem.Size() || n > d.budget {
			corrupt("array type too long")
		}
		return reflect.ArrayOf(n, elem)
	case reflect.Chan:
		dir := reflect.ChanDir(d.uvarint())
		return reflect.ChanOf(dir, d.someType().typ)
	case reflect.Map:
		key := d.someType().typ
		return reflect.MapOf(key, d.someType().typ)
	case reflect.Func:
		in := d.typeList()
		out := d.typeList()
		return reflect.FuncOf(in, out, d.uvarint() == 1)
	case reflect.Struct:
		return reflect.StructOf(d.fields())
	}
	corrupt("bad kind of type")
	return nil
}

func (d *decoder) typeList() []reflect.Type {
	list := make([]reflect.Type, d.count())
	for i := range list {
		list[i] = d.someType().typ
	}
	return list
}

func (d *decoder) fields() []reflect.StructField {
	fields := make([]reflect.StructField, d.count())
	size := 0
	for i := range fields {
		f := &fields[i]
		f.Name, f.PkgPath, f.Tag = d.string(), d.string(), reflect.StructTag(d.string())
		f.Anonymous = d.uvarint() == 1
		f.Type = d.someType().typ
		if size += int(f.Type.Size()); size > d.budget {
			corrupt("struct type too large")
		}
	}
	return fields
}
