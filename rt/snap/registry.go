package snap

// This file defines what has been registered: variables, externals and closures.

import (
	"io"
	"os"
	"reflect"
	"runtime"
	"time"
	"unsafe"
)

// A variable is a registered package variable, saved or external.
type variable struct {
	name string
	ptr  unsafe.Pointer
	typ  reflect.Type

	to externalTarget // of externals
}

// An externalTarget is what the value of an external variable leads to.
type externalTarget struct {
	value [2]uintptr // the value for which the rest is right
	ptr   unsafe.Pointer
	prog  *prog // bytes if the type says nothing of the memory
	count int
}

// A closureCode is a registered method value.
type closureCode struct {
	name string
	code uintptr      // word 0 of the closure object
	typ  reflect.Type // of the func value
	env  reflect.Type // of word 1
}

// A closureObject is the memory of a method value with a pointer receiver.
type closureObject struct {
	code uintptr
	env  unsafe.Pointer
}

type registered struct {
	vars, externals []variable
	closures        []closureCode
	varByName       map[string]int
	externalByName  map[string]int
	closureByName   map[string]int
	closureByCode   map[uintptr]int

	hashed int    // how many things hash is about
	hash   uint64 // see fingerprint
}

var registry = registered{
	varByName:      map[string]int{},
	externalByName: map[string]int{},
	closureByName:  map[string]int{},
	closureByCode:  map[uintptr]int{},
	hashed:         -1,
}

type closureProbe struct{ x int }

//go:noinline
func (p *closureProbe) get() int { return p.x }

//go:noinline
func methodValue(p *closureProbe) func() int { return p.get }

func init() {
	p, q := &closureProbe{1}, &closureProbe{2}
	f, g, nilf := methodValue(p), methodValue(q), (*closureProbe)(nil).get
	fo, go_ := *(**closureObject)(unsafe.Pointer(&f)), *(**closureObject)(unsafe.Pointer(&g))
	if fo.code != codeOf(nilf) || go_.code != fo.code || fo.env != unsafe.Pointer(p) || go_.env != unsafe.Pointer(q) {
		panic("snap: this Go compiler (" + runtime.Version() + ") lays out method values in an unknown way")
	}
	made := &closureObject{fo.code, unsafe.Pointer(q)}
	if (*(*func() int)(unsafe.Pointer(&made)))() != 2 {
		panic("snap: cannot make method values with this Go compiler (" + runtime.Version() + ")")
	}
	registry.addExternal("os.Stdin", &os.Stdin)
	registry.addExternal("os.Stdout", &os.Stdout)
	registry.addExternal("os.Stderr", &os.Stderr)
	registry.addExternal("io.EOF", &io.EOF)
	registry.addExternal("time.Local", &time.Local)
	registry.addExternal("time.UTC", &time.UTC)
}

// codeOf returns word 0 of the closure object of the func value fn.
func codeOf(fn any) uintptr { return *(*uintptr)((*eface)(unsafe.Pointer(&fn)).data) }

func newVariable(what, name string, ptr any) variable {
	v := reflect.ValueOf(ptr)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		panic("snap: " + what + "(" + name + "): not a pointer to a variable")
	}
	return variable{name: name, ptr: v.UnsafePointer(), typ: v.Type().Elem()}
}

func add(list *[]variable, byName map[string]int, v variable) {
	if i, ok := byName[v.name]; ok {
		if (*list)[i].ptr != v.ptr {
			panic("snap: " + v.name + " is registered twice")
		}
		return
	}
	byName[v.name] = len(*list)
	*list = append(*list, v)
}

func (r *registered) addVar(name string, ptr any) {
	add(&r.vars, r.varByName, newVariable("RegisterVar", name, ptr))
}

func (r *registered) addExternal(name string, ptr any) {
	add(&r.externals, r.externalByName, newVariable("RegisterExternal", name, ptr))
}

func (r *registered) addClosure(name string, fn any, env reflect.Type) {
	t := reflect.TypeOf(fn)
	if t == nil || t.Kind() != reflect.Func || env == nil || env.Kind() != reflect.Pointer {
		panic("snap: RegisterClosure(" + name + "): want a method value and the pointer type of its receiver")
	}
	c := closureCode{name, codeOf(fn), t, env}
	if i, ok := r.closureByName[name]; ok {
		if r.closures[i] != c {
			panic("snap: closure " + name + " is registered twice")
		}
		return
	}
	r.closureByName[name] = len(r.closures)
	if _, ok := r.closureByCode[c.code]; !ok {
		r.closureByCode[c.code] = len(r.closures)
	}
	r.closures = append(r.closures, c)
	constants[env.Elem()] = true
}

// constants are types whose values in memory of their own do not change once they are made, and have no identity. Guarded by mu, after init.
var constants = map[reflect.Type]bool{}

// Constant says that nobody writes to the t that a pointer leads to, or compares such pointers: each process may have a copy.
func Constant(t reflect.Type) {
	mu.Lock()
	defer mu.Unlock()
	constants[t] = true
}

// word is the value of the variable, of the kinds that lead to an object.
func (v *variable) word() (value [2]uintptr) {
	switch v.typ.Kind() {
	case reflect.Interface:
		value = *(*[2]uintptr)(v.ptr)
	case reflect.Pointer, reflect.Map, reflect.Chan:
		value[0] = *(*uintptr)(v.ptr)
	}
	return value
}

// target returns the object that the value of an external variable leads to, nil if none.
func (v *variable) target() unsafe.Pointer {
	if v.to.prog == nil || v.to.value != v.word() {
		v.lookup()
	}
	return v.to.ptr
}

// lookup sets v.to.
func (v *variable) lookup() {
	e := reflect.NewAt(v.typ, v.ptr).Elem()
	if e.Kind() == reflect.Interface {
		e = e.Elem()
	}
	v.to = externalTarget{value: v.word(), prog: bytesProg(), count: 1}
	switch e.Kind() {
	case reflect.Pointer:
		v.to.ptr = e.UnsafePointer()
		v.to.prog, v.to.count = progOf(e.Type().Elem())
	case reflect.Map, reflect.Chan:
		v.to.ptr = e.UnsafePointer()
	}
}
