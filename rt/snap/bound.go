package snap

// This file defines what snap knows about method values of code that is not compiled, such as flag.FlagSet.Usage.
//
// A method value x.m, where x is a *T, is {code, x}, and the code is called "path.(*T).m-fm". So the name tells the type of the second word. T is looked
// up among the types that the program has. Other closures of such code are refused: nothing tells what they hold.

import (
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"unsafe"
)

// A bound is a method value of code that is not compiled.
type bound struct {
	code uintptr
	name string
	prog *prog        // of what the receiver points to
	typ  reflect.Type // of the func value
}

var receivers = map[uintptr]reflect.Type{} // what receiverOf has found, by code; guarded by mu

// boundOf describes the method value of type t with this code; nil if it is none.
func boundOf(code uintptr, t reflect.Type) *bound {
	f := runtime.FuncForPC(code)
	if f == nil || f.Entry() != code {
		return nil
	}
	env, ok := receivers[code]
	if !ok {
		env = receiverOf(f.Name())
		receivers[code] = env
	}
	if env == nil {
		return nil
	}
	p, _ := progOf(env.Elem())
	return &bound{code, f.Name(), p, t}
}

// receiverOf returns the type of the receiver of the method value with this name, if it is a pointer to a type of a package.
func receiverOf(name string) reflect.Type {
	path, rest, ok := strings.Cut(name, ".(*")
	typ, method, ok2 := strings.Cut(rest, ").")
	if !ok || !ok2 || !strings.HasSuffix(method, "-fm") || strings.ContainsAny(method, ".[") || strings.Contains(typ, "[") {
		return nil
	}
	return pointerType(unescape(path), typ)
}

// unescape undoes how the linker writes a package path in a symbol: "gopkg.in/yaml%2ev3".
func unescape(path string) string {
	for i := 0; i+2 < len(path); i++ {
		if path[i] == '%' {
			if c, err := strconv.ParseUint(path[i+1:i+3], 16, 8); err == nil {
				path = path[:i] + string(rune(c)) + path[i+3:]
			}
		}
	}
	return path
}

// pointerType returns the type *path.name of the program, nil if it has none.
func pointerType(path, name string) reflect.Type {
	sections, offsets := typelinks()
	for i, sec := range sections {
		for _, off := range offsets[i] {
			t := typeOfDesc(unsafe.Add(sec, off))
			if t.Kind() == reflect.Pointer && strings.HasSuffix(t.String(), "."+name) && t.Elem().Name() == name && t.Elem().PkgPath() == path {
				return t
			}
		}
	}
	return nil
}

// boundNumber returns the number of b among the method values of this snapshot.
func (s *space) boundNumber(b *bound) int {
	for i, have := range s.bounds {
		if *have == *b {
			return i
		}
	}
	s.bounds = append(s.bounds, b)
	return len(s.bounds) - 1
}

// bound writes the first reference to a method value.
func (e *encoder) bound(b *bound) {
	off := imageOffset(pointerTo(b.code))
	e.fresh(objBound)
	e.varint(off)
	e.string(b.name)
	e.plainType(descOf(b.typ))
	e.fixed32(guard(guardBound, off, b.name+" "+b.typ.String(), 0))
}

func (d *decoder) newBound() *object {
	off, name := d.varint(), d.string()
	t := d.someType().typ
	if d.fixed32() != guard(guardBound, off, name+" "+t.String(), 0) {
		corrupt("bad method value")
	}
	p, _ := imagePointer(off)
	b := boundOf(uintptr(p), t)
	if b == nil || b.name != name {
		corrupt("bad name of a method value")
	}
	d.bounds = append(d.bounds, b)
	n := len(registry.closures) + len(d.bounds) - 1
	return d.push(object{kind: closure, prog: b.prog, n: n, ptr: unsafe.Pointer(&closureObject{code: b.code})})
}

// closureType is the type of the closure with this number in object.n.
func (d *decoder) closureType(n int) reflect.Type {
	if k := n - len(registry.closures); k >= 0 {
		return d.bounds[k].typ
	}
	return registry.closures[n].typ
}
