package snap

// This file defines how types are written and read: as a place in the image, or by structure for types that the program made
// with package reflect.

import (
	"reflect"
	"unsafe"
)

// maxTypeDepth bounds the nesting of types made at run time.
const maxTypeDepth = 64

// plainType writes a type by its descriptor.
func (e *encoder) plainType(desc unsafe.Pointer) {
	if desc == nil {
		e.uvarint(typeNone)
		return
	}
	i, known := e.types.known(desc)
	if known {
		e.uvarint(i + typeBase)
		return
	}
	if e.heapHead(desc) == nil {
		off := imageOffset(desc)
		i, _ = e.types.number(desc, uint64(off))
		e.uvarint(i + typeBase)
		e.uvarint(typeImage)
		e.varint(off)
		e.fixed32(guard(guardType, off, "", 0))
		return
	}
	t := typeOfDesc(desc)
	i, _ = e.types.number(desc, hashString(t.String()))
	e.uvarint(i + typeBase)
	e.uvarint(typeMade)
	e.madeType(t)
}

func (e *encoder) madeType(t reflect.Type) {
	e.uvarint(uint64(t.Kind()))
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		e.plainType(descOf(t.Elem()))
	case reflect.Array:
		e.uvarint(uint64(t.Len()))
		e.plainType(descOf(t.Elem()))
	case reflect.Chan:
		e.uvarint(uint64(t.ChanDir()))
		e.plainType(descOf(t.Elem()))
	case reflect.Map:
		e.plainType(descOf(t.Key()))
		e.plainType(descOf(t.Elem()))
	case reflect.Func:
		e.list(t.NumIn(), t.In)
		e.list(t.NumOut(), t.Out)
		e.bool(t.IsVariadic())
	case reflect.Struct:
		e.uvarint(uint64(t.NumField()))
		for i := range t.NumField() {
			f := t.Field(i)
			e.string(f.Name)
			e.string(f.PkgPath)
			e.string(string(f.Tag))
			e.bool(f.Anonymous)
			e.plainType(descOf(f.Type))
		}
	}
}

func (e *encoder) list(n int, at func(int) reflect.Type) {
	e.uvarint(uint64(n))
	for i := range n {
		e.plainType(descOf(at(i)))
	}
}

// A typeCode is a type that has been read.
type typeCode struct {
	typ  reflect.Type // nil while its definition is being read
	prog *prog
	n    int
}

// typ reads a type in place o, which may be nil; nil for none.
func (d *decoder) typ(o *op) *typeCode {
	i := d.uvarint()
	switch {
	case i == typeNone:
		return nil
	case i == typeSame && o != nil:
		c := o.at(d.gen, d.cur).code
		if c == nil {
			corrupt("no type to be the same as")
		}
		return c
	case i < typeBase:
		corrupt("bad type number")
	}
	c := d.types[i]
	if c == nil {
		c = d.newType(i)
	}
	if c.typ == nil {
		corrupt("type within itself")
	}
	if o != nil {
		o.at(d.gen, d.cur).code = c
	}
	return c
}

// newType reads the definition of type i.
func (d *decoder) newType(i uint64) *typeCode {
	c := &typeCode{}
	d.types[i] = c
	switch d.uvarint() {
	case typeImage:
		off := d.varint()
		if d.fixed32() != guard(guardType, off, "", 0) {
			corrupt("bad type")
		}
		desc, _ := imagePointer(off)
		c.typ = typeOfDesc(desc)
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
	c := d.typ(nil)
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
		return reflect.FuncOf(in, out, d.bool())
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
		f.Anonymous = d.bool()
		f.Type = d.someType().typ
		if size += int(f.Type.Size()); size > d.budget {
			corrupt("struct type too large")
		}
	}
	return fields
}
