package snap

// This file defines the type table: what a snapshot says of the variables and types that it mentions, so that tools can read that without
// the program, and a load into another build can name what has changed. A load into the same build skips it.
//
//	Go version
//	number of variables; each: name, type
//	number of types; each: name, kind, size, function whose frame it is, and
//	    of a struct: number of fields; each: name, type, offset
//	    of any other: what it is made of
//
// A text is a number: 0 for a new one, which follows, else that of an earlier one, counted from 1. Types and variables are in the order of their names, so
// equal sets make equal bytes.

import (
	"cmp"
	"encoding/binary"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"unsafe"
)

// A Description is what a snapshot says of itself.
type Description struct {
	Format int    // version
	Build  string // see SetBuild
	Go     string // version of Go; this and what follows is empty in format 1
	Vars   []VarDescription
	Types  []TypeDescription // of the objects in the snapshot, and of what is in them
}

// A VarDescription describes a registered package variable.
type VarDescription struct{ Name, Type string }

// A TypeDescription describes a type. Names are with the full package path.
type TypeDescription struct {
	Name     string
	Kind     reflect.Kind
	Size     int    // bytes
	Function string // whose frame it is, see NameFrame; mostly ""
	Under    string // of types other than structs: what it is made of
	Fields   []FieldDescription
}

// A FieldDescription describes a field of a struct.
type FieldDescription struct {
	Name, Type string
	Offset     int // bytes
}

// Frames are named by init functions; they become a map when it is first needed, to keep start-up short.
var (
	frameList []namedFrame
	frames    = map[reflect.Type]string{} // whose frame a type is
)

type namedFrame struct {
	typ      reflect.Type
	function string
}

// NameFrame says that the struct type t is the frame of a function. The fields are its variables.
func NameFrame(t reflect.Type, function string) {
	mu.Lock()
	defer mu.Unlock()
	frameList = append(frameList, namedFrame{t, function})
}

func nameFrames() {
	for _, f := range frameList {
		frames[f.typ] = f.function
	}
	frameList = nil
}

// runtimePath is the package path of harkgen's runtime, whose types are described by a hash only.
var runtimePath = strings.TrimSuffix(reflect.TypeFor[region]().PkgPath(), "/snap")

// use notes that the snapshot mentions the type of p.
func (s *space) use(p *prog) {
	if p.used != s.gen {
		p.used = s.gen
		s.used = append(s.used, p)
	}
}

// tables caches type tables by the set of types and variables that they describe.
var tables = map[uint64][]byte{}

// maxTables bounds the cache; a program has few sets.
const maxTables = 64

// typeTable returns the type table of a snapshot.
func (s *space) typeTable() []byte {
	nameFrames()
	key := uint64(len(frames))<<32 ^ fingerprint()
	for _, p := range s.used {
		h := uint64(uintptr(p.desc)) * 0x9E3779B97F4A7C15
		key += (h ^ h>>29) * 0xBF58476D1CE4E5B9
	}
	t := tables[key]
	if t == nil {
		if len(tables) >= maxTables {
			clear(tables)
		}
		t = appendTable(nil, describeBuild(s.used))
		tables[key] = t
	}
	return t
}

// describeBuild describes the variables and the types of progs, with all that is in them.
func describeBuild(progs []*prog) *Description {
	d := &Description{Go: runtime.Version()}
	seen := map[reflect.Type]bool{}
	for _, v := range registry.vars {
		d.Vars = append(d.Vars, VarDescription{v.name, typeName(v.typ)})
		d.add(v.typ, seen)
	}
	for _, p := range progs {
		d.add(p.typ, seen)
	}
	slices.SortFunc(d.Vars, func(a, b VarDescription) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(d.Types, func(a, b TypeDescription) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Size, b.Size))
	})
	return d
}

// add adds t, if it has a name or is a struct, and the types of what is in it. The runtime's types stand for what is in them.
func (d *Description) add(t reflect.Type, seen map[reflect.Type]bool) {
	if seen[t] {
		return
	}
	seen[t] = true
	if t.Name() != "" && t.PkgPath() != "" || t.Kind() == reflect.Struct {
		d.Types = append(d.Types, describeType(t))
		if t.PkgPath() == runtimePath {
			return
		}
	}
	switch t.Kind() {
	case reflect.Struct:
		for i := range t.NumField() {
			d.add(t.Field(i).Type, seen)
		}
	case reflect.Array, reflect.Chan:
		d.add(t.Elem(), seen)
	case reflect.Map:
		d.add(t.Key(), seen)
		d.add(t.Elem(), seen)
	}
}

func describeType(t reflect.Type) TypeDescription {
	d := TypeDescription{Name: typeName(t), Kind: t.Kind(), Size: int(t.Size()), Function: frames[t]}
	switch {
	case t.PkgPath() == runtimePath && d.Function == "":
		d.Kind, d.Under = reflect.Invalid, structure(t)
	case t.Kind() != reflect.Struct:
		d.Under = underlying(t)
	default:
		for i := range t.NumField() {
			f := t.Field(i)
			d.Fields = append(d.Fields, FieldDescription{f.Name, typeName(f.Type), int(f.Offset)})
		}
	}
	return d
}

// structure is a short text that is equal for types of equal structure.
func structure(t reflect.Type) string {
	h := newHash(uint64(t.Size()))
	h.string(underlying(t))
	return strconv.FormatUint(h.sum()>>32, 36)
}

// typeName is the text of t with full package paths.
func typeName(t reflect.Type) string {
	if t.Name() != "" {
		if t.PkgPath() == "" {
			return t.Name()
		}
		return t.PkgPath() + "." + t.Name()
	}
	return underlying(t)
}

// underlying is the text of what t is made of.
func underlying(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Pointer:
		return "*" + typeName(t.Elem())
	case reflect.Slice:
		return "[]" + typeName(t.Elem())
	case reflect.Array:
		return "[" + strconv.Itoa(t.Len()) + "]" + typeName(t.Elem())
	case reflect.Map:
		return "map[" + typeName(t.Key()) + "]" + typeName(t.Elem())
	case reflect.Chan:
		return t.ChanDir().String() + " " + typeName(t.Elem())
	case reflect.Struct:
		var b strings.Builder
		b.WriteString("struct{")
		for i := range t.NumField() {
			if i > 0 {
				b.WriteString("; ")
			}
			b.WriteString(t.Field(i).Name + " " + typeName(t.Field(i).Type))
		}
		return b.String() + "}"
	case reflect.Func:
		return signature(t)
	case reflect.Interface:
		var b strings.Builder
		b.WriteString("interface{")
		methodsOf(t, func(name string, sig reflect.Type) {
			if b.Len() > len("interface{") {
				b.WriteString("; ")
			}
			b.WriteString(name + strings.TrimPrefix(signature(sig), "func"))
		})
		return b.String() + "}"
	}
	return t.Kind().String()
}

func signature(t reflect.Type) string {
	list := func(n int, at func(int) reflect.Type) string {
		var names []string
		for i := range n {
			names = append(names, typeName(at(i)))
		}
		return "(" + strings.Join(names, ", ") + ")"
	}
	s := "func" + list(t.NumIn(), t.In)
	if t.NumOut() > 0 {
		s += " " + list(t.NumOut(), t.Out)
	}
	return s
}

// A tableWriter writes texts once.
type tableWriter struct {
	b     []byte
	texts map[string]uint64
}

func (w *tableWriter) num(n int) { w.b = binary.AppendUvarint(w.b, uint64(n)) }

func (w *tableWriter) text(s string) {
	if i, ok := w.texts[s]; ok {
		w.b = binary.AppendUvarint(w.b, i)
		return
	}
	w.texts[s] = uint64(len(w.texts)) + 1
	w.b = append(w.b, 0)
	w.num(len(s))
	w.b = append(w.b, s...)
}

func appendTable(b []byte, d *Description) []byte {
	w := &tableWriter{b, map[string]uint64{}}
	w.text(d.Go)
	w.num(len(d.Vars))
	for _, v := range d.Vars {
		w.text(v.Name)
		w.text(v.Type)
	}
	w.num(len(d.Types))
	for _, t := range d.Types {
		w.text(t.Name)
		w.num(int(t.Kind))
		w.num(t.Size)
		w.text(t.Function)
		if t.Kind != reflect.Struct {
			w.text(t.Under)
			continue
		}
		w.num(len(t.Fields))
		for _, f := range t.Fields {
			w.text(f.Name)
			w.text(f.Type)
			w.num(f.Offset)
		}
	}
	return w.b
}

// A tableReader reads what a tableWriter wrote.
type tableReader struct {
	*reader
	texts []string
}

func (r *tableReader) text() string {
	i := r.uvarint()
	if i > 0 {
		if i > uint64(len(r.texts)) {
			corrupt("text number out of range")
		}
		return r.texts[i-1]
	}
	s := r.string()
	r.texts = append(r.texts, s)
	return s
}

func (r *tableReader) table(d *Description) {
	d.Go = r.text()
	for range r.count() {
		d.Vars = append(d.Vars, VarDescription{r.text(), r.text()})
	}
	for range r.count() {
		t := TypeDescription{Name: r.text(), Kind: reflect.Kind(r.length()), Size: r.length(), Function: r.text()}
		if t.Kind != reflect.Struct {
			t.Under = r.text()
		} else {
			for range r.count() {
				t.Fields = append(t.Fields, FieldDescription{r.text(), r.text(), r.length()})
			}
		}
		d.Types = append(d.Types, t)
	}
}

// typesByName returns the types of this build by name, as far as they are known at run time.
func typesByName(root reflect.Type) map[string]reflect.Type {
	byName, seen := map[string]reflect.Type{}, map[reflect.Type]bool{}
	var add func(t reflect.Type)
	add = func(t reflect.Type) {
		if seen[t] {
			return
		}
		seen[t] = true
		if _, ok := byName[typeName(t)]; !ok {
			byName[typeName(t)] = t
		}
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
			add(t.Elem())
		case reflect.Map:
			add(t.Key())
			add(t.Elem())
		case reflect.Struct:
			for i := range t.NumField() {
				add(t.Field(i).Type)
			}
		}
	}
	add(root)
	for t := range frames {
		add(t)
	}
	for _, v := range registry.vars {
		add(v.typ)
	}
	for _, c := range registry.closures {
		add(c.env)
	}
	sections, offsets := typelinks()
	for i, section := range sections {
		for _, off := range offsets[i] {
			add(typeOfDesc(unsafe.Add(section, int(off))))
		}
	}
	return byName
}
