package rt

import (
	"cmp"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
	"unsafe"

	"github.com/harkgen/harkgen/rt/snap"
)

// This file turns values into Values. No method of the program's is called.

// A Value describes a value. What is left out is said by Omitted and Cut.
type Value struct {
	Kind    string `json:"kind"`              // of package reflect, or "lock", "timer", "atomic" or "time"
	Type    string `json:"type,omitempty"`    // left out if it is a basic type, of the name Kind
	ID      int    `json:"id,omitempty"`      // of the channel, lock, timer, map or slice, or of what the pointer leads to, if others refer to it
	Text    string `json:"text,omitempty"`    // of what has no parts, as in Go: a number, a quoted string, nil
	Len     int    `json:"len,omitempty"`     // of a string (if it was cut), slice, map, channel
	Cap     int    `json:"cap,omitempty"`     // of a slice, channel
	Elem    *Value `json:"elem,omitempty"`    // of a pointer, interface, atomic
	Parts   []Part `json:"parts,omitempty"`   // fields, elements, captured variables
	Omitted int    `json:"omitted,omitempty"` // parts or bytes that are not there
	Cut     string `json:"cut,omitempty"`     // why there is neither Elem nor Parts: "depth", "size" of the whole description, or "seen" before in the goroutine
}

// A Part is a field, an element or a captured variable.
type Part struct {
	Name  string `json:"name,omitempty"` // of a field or variable
	ID    int    `json:"id,omitempty"`   // of the captured variable, if others refer to it
	Key   *Value `json:"key,omitempty"`  // in a map
	Value *Value `json:"value"`
}

// Bounds on the size of an Inspection.
const (
	maxValues = 500000 // in all
	maxOfOne  = 20000  // of a goroutine, package variable or channel, so that one does not leave the others without
)

type objectKind uint8

const (
	objOther objectKind = iota
	objChan
	objLock
	objTimer
	objAlarm // the timer of an AfterFunc
)

// An object is something that can be referred to from several places.
type object struct {
	addr  unsafe.Pointer
	typ   reflect.Type
	v     reflect.Value // a channel
	kind  objectKind
	refs  int
	id    int // 0 until it is numbered
	index int // in its table
}

func (o *object) number() int {
	if o == nil {
		return 0
	}
	return o.id
}

type objKey struct {
	addr unsafe.Pointer
	typ  reflect.Type // nil: a channel
}

// A reference is one of a value, or of a variable that is captured as the part'th of it.
type reference struct {
	v    *Value
	o    *object
	part int // -1: of v
}

type describer struct {
	shared  map[unsafe.Pointer]string // names of what processes share
	o       *InspectOptions
	met     map[objKey]*object
	objects []*object // in the order in which they were met
	refs    []reference
	left    int // values that may still be made
	quota   int // of which in the goroutine, variable or channel in progress

	followed map[objKey]bool // pointers and maps that have been followed
	again    int             // more than 0: below one that has been before, so what is met has been counted

	// Of the goroutine in progress.
	open  map[objKey]bool // pointers being followed
	shown map[objKey]int  // pointers and maps that have been, with how many levels
}

func newDescriber(o *InspectOptions) describer {
	return describer{o: o, met: map[objKey]*object{}, followed: map[objKey]bool{}, left: maxValues}
}

// begin forgets what has been shown: it is shown again.
func (d *describer) begin() {
	d.open, d.shown, d.quota = map[objKey]bool{}, map[objKey]int{}, maxOfOne
}

// object notes that one more place refers to the object of type t at p.
func (d *describer) object(p unsafe.Pointer, t reflect.Type) *object {
	if t == rlockerType {
		t = reflect.TypeFor[sync.RWMutex]()
	}
	k := objKey{p, t}
	o := d.met[k]
	if o == nil {
		o = &object{addr: p, typ: t}
		d.met[k] = o
		if t == nil || t.Size() > 0 { // else many may share the address
			d.objects = append(d.objects, o)
		}
	}
	if d.again == 0 {
		o.refs++
	}
	return o
}

// follow is called before the parts of k are described, and what it returns after it.
func (d *describer) follow(k objKey) (done func()) {
	if !d.followed[k] {
		d.followed[k] = true
		return func() {}
	}
	d.again++
	return func() { d.again-- }
}

var rlockerType = readLocker.Elem()

func (d *describer) refer(v *Value, o *object) { d.refs = append(d.refs, reference{v, o, -1}) }

func (d *describer) channel(v reflect.Value) *object {
	o := d.object(v.UnsafePointer(), nil)
	o.kind, o.v = objChan, v
	return o
}

// field returns a field of a struct that has an address, also if it is not exported.
func field(s reflect.Value, i int) reflect.Value {
	f := s.Type().Field(i)
	return reflect.NewAt(f.Type, unsafe.Add(s.Addr().UnsafePointer(), f.Offset)).Elem()
}

// value describes v with at most so many levels.
func (d *describer) value(v reflect.Value, depth int) *Value {
	t := v.Type()
	out := &Value{Kind: t.Kind().String()}
	if t.String() != out.Kind {
		out.Type = t.String()
	}
	d.left, d.quota = d.left-1, d.quota-1
	if d.left < 0 || d.quota < 0 {
		out.Cut = "size"
		return out
	}
	if !v.CanAddr() {
		c := reflect.New(t).Elem()
		c.Set(v)
		v = c
	}
	if !d.special(out, v, depth) {
		d.plain(out, v, depth)
	}
	return out
}

func (d *describer) plain(out *Value, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Bool:
		out.Text = strconv.FormatBool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		out.Text = strconv.FormatInt(v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		out.Text = strconv.FormatUint(v.Uint(), 10)
	case reflect.Uintptr:
		out.Text = "0x" + strconv.FormatUint(v.Uint(), 16)
	case reflect.Float32, reflect.Float64:
		out.Text = strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits())
	case reflect.Complex64, reflect.Complex128:
		out.Text = strconv.FormatComplex(v.Complex(), 'g', -1, v.Type().Bits())
	case reflect.String:
		d.string(out, v.String())
	case reflect.UnsafePointer:
		out.Text = "0x" + strconv.FormatUint(uint64(v.Pointer()), 16)
	case reflect.Array:
		d.elements(out, v, depth)
	case reflect.Struct:
		d.structure(out, v, depth)
	default:
		if v.IsNil() {
			out.Text = "nil"
			return
		}
		d.reference(out, v, depth)
	}
}

// reference describes what is not nil.
func (d *describer) reference(out *Value, v reflect.Value, depth int) {
	switch v.Kind() {
	case reflect.Interface:
		out.Elem = d.value(v.Elem(), depth)
	case reflect.Pointer:
		d.pointer(out, v, depth)
	case reflect.Slice:
		out.Len, out.Cap = v.Len(), v.Cap()
		if v.Cap() > 0 {
			d.refer(out, d.object(v.UnsafePointer(), v.Type()))
		}
		if v.Type().Elem().Kind() == reflect.Uint8 {
			d.string(out, string(v.Slice(0, min(v.Len(), d.o.String+utf8.UTFMax)).Bytes()))
			out.Len, out.Omitted = v.Len(), out.Omitted+max(0, v.Len()-d.o.String-utf8.UTFMax)
			return
		}
		d.elements(out, v, depth)
	case reflect.Map:
		d.mapping(out, v, depth)
	case reflect.Chan:
		d.refer(out, d.channel(v))
		out.Len, out.Cap = v.Len(), v.Cap()
		if (*hchan)(v.UnsafePointer()).timer != nil {
			out.Len, out.Cap = 0, 0
		}
	case reflect.Func:
		d.function(out, v, depth)
	}
}

// string quotes s, or its beginning.
func (d *describer) string(out *Value, s string) {
	if n := d.o.String; len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		out.Len, out.Omitted = len(s), len(s)-n
		s = s[:n]
	}
	out.Text = strconv.Quote(s)
}

func (d *describer) pointer(out *Value, v reflect.Value, depth int) {
	k := objKey{v.UnsafePointer(), v.Type().Elem()}
	o := d.object(k.addr, k.typ)
	d.refer(out, o)
	if d.open[k] || d.seen(k, depth) {
		out.Cut = "seen"
		o.refs = max(o.refs, 2)
		return
	}
	d.open[k] = true
	done := d.follow(k)
	out.Elem = d.value(v.Elem(), depth)
	done()
	delete(d.open, k)
	if out.Elem.Cut == "" {
		d.shown[k] = depth
	} else if out.Elem.Parts == nil && out.Elem.Elem == nil {
		out.Cut, out.Elem = out.Elem.Cut, nil
	}
}

// seen reports whether k has been shown with so many levels.
func (d *describer) seen(k objKey, depth int) bool {
	levels, ok := d.shown[k]
	return ok && levels >= depth && k.typ.Size() > 0
}

// elements describes those of a slice or an array.
func (d *describer) elements(out *Value, v reflect.Value, depth int) {
	n := v.Len()
	if depth <= 0 && n > 0 {
		out.Cut = "depth"
		return
	}
	out.Omitted = max(0, n-d.o.Elems)
	for i := range n - out.Omitted {
		out.Parts = append(out.Parts, Part{Value: d.value(v.Index(i), depth-1)})
	}
}

func (d *describer) structure(out *Value, v reflect.Value, depth int) {
	t := v.Type()
	if depth <= 0 && t.NumField() > 0 {
		out.Cut = "depth"
		return
	}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "_" || hides(t, f.Name) {
			continue
		}
		out.Parts = append(out.Parts, Part{Name: f.Name, Value: d.value(field(v, i), depth-1)})
	}
}

// hides reports whether a field is of no interest: what a context needs to work.
func hides(t reflect.Type, name string) bool {
	return strings.HasSuffix(t.PkgPath(), "context") && t.Name() == "cancelCtx" && (name == "mu" || name == "children")
}

// manyKeys is the size from which on the keys of a map are not sorted.
const manyKeys = 10000

func (d *describer) mapping(out *Value, v reflect.Value, depth int) {
	out.Len = v.Len()
	k := objKey{v.UnsafePointer(), v.Type()}
	o := d.object(k.addr, k.typ)
	d.refer(out, o)
	switch {
	case out.Len > 0 && d.seen(k, depth):
		out.Cut = "seen"
		o.refs = max(o.refs, 2)
		return
	case out.Len > 0 && depth <= 0:
		out.Cut = "depth"
		return
	}
	d.shown[k] = depth
	defer d.follow(k)()
	var keys, elems []reflect.Value
	for it := v.MapRange(); it.Next(); {
		keys, elems = append(keys, it.Key()), append(elems, it.Value())
		if out.Len > manyKeys && len(keys) == d.o.Elems {
			break
		}
	}
	for _, i := range sorted(len(keys), func(i, j int) int { return compareKeys(keys[i], keys[j]) })[:min(len(keys), d.o.Elems)] {
		out.Parts = append(out.Parts, Part{Key: d.value(keys[i], depth-1), Value: d.value(elems[i], depth-1)})
	}
	out.Omitted = out.Len - len(out.Parts)
}

// sorted returns the numbers up to n in the order of compare. It is the only sort here: each type would cost the program another 10 KB.
func sorted(n int, compare func(i, j int) int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, compare)
	return order
}

func compareKeys(a, b reflect.Value) int {
	if a.Kind() == reflect.Interface {
		a, b = a.Elem(), b.Elem()
	}
	switch {
	case a.Kind() != b.Kind():
		return cmp.Compare(a.Kind(), b.Kind())
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	case a.Kind() == reflect.String:
		return cmp.Compare(a.String(), b.String())
	}
	return 0
}

// function names a func value and describes what it has captured. v has an address.
func (d *describer) function(out *Value, v reflect.Value, depth int) {
	env := snap.ClosureEnv(v.Addr().UnsafePointer())
	if !env.IsValid() {
		if f := runtime.FuncForPC(v.Pointer()); f != nil {
			out.Text = f.Name()
		}
		return
	}
	out.Text = titleOf(env.Type())
	if env.IsNil() || env.Elem().NumField() == 0 {
		return
	}
	if depth <= 0 {
		out.Cut = "depth"
		return
	}
	for i := range env.Elem().NumField() {
		f, x := env.Type().Elem().Field(i), field(env.Elem(), i)
		tag := parseTag(f)
		if tag.hidden && !d.o.All {
			continue
		}
		p := Part{Name: tag.name}
		if tag.boxed && x.Kind() == reflect.Pointer && !x.IsNil() {
			d.refs = append(d.refs, reference{out, d.object(x.UnsafePointer(), x.Type().Elem()), len(out.Parts)})
			p.Value = d.value(x.Elem(), depth-1)
		} else {
			p.Value = d.value(x, depth-1)
		}
		out.Parts = append(out.Parts, p)
	}
}
