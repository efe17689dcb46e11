package rt

import (
	"reflect"
	"strings"
	"unique"
	"unsafe"

	"github.com/harkgen/harkgen/rt/snap"
)

// This file passes on to package snap what generated code registers.

// RegisterVar registers a package variable of compiled code: saved and restored.
func RegisterVar(name string, ptr any) { snap.RegisterVar(name, ptr) }

// RegisterExternal registers a variable of code that is not compiled, such as io.EOF: only its identity is kept.
func RegisterExternal(name string, ptr any) { snap.RegisterExternal(name, ptr) }

// RegisterClosure registers the method value fn = (*E)(nil).method, which is how a closure is emitted. After a space, name may have what Go
// calls the closure.
func RegisterClosure[E any](name string, fn any) {
	name, title, _ := strings.Cut(name, " ")
	env := reflect.TypeFor[*E]()
	snap.RegisterClosure(name, fn, env)
	if title != "" {
		titles = append(titles, closureTitle{env, title})
	}
}

// titles are the names of closures for people, to be searched when somebody asks.
var titles []closureTitle

type closureTitle struct {
	env   reflect.Type
	title string
}

// RegisterHandle makes values of type unique.Handle[T] savable.
func RegisterHandle[T comparable]() {
	snap.RegisterHandle(reflect.TypeFor[T](), func(p unsafe.Pointer) unsafe.Pointer {
		h := unique.Make(*(*T)(p))
		return *(*unsafe.Pointer)(unsafe.Pointer(&h))
	})
}

// SetBuild sets the identity of this build.
func SetBuild(id string) { snap.SetBuild(id) }

var instances = map[instance]any{}

// An instance is a lowered instance of a generic method, known by the method and its own type.
type instance struct {
	method string
	typ    reflect.Type
}

// RegisterInstance registers fn, an instance of a generic method, with g and the receiver as first parameters. Only init functions call it.
func RegisterInstance(method string, fn any) { instances[instance{method, reflect.TypeOf(fn)}] = fn }

// Instance returns the instance of a generic method that has type F.
func Instance[F any](method string) (fn F, ok bool) {
	fn, ok = instances[instance{method, reflect.TypeFor[F]()}].(F)
	return fn, ok
}

// Initialiser returns the function that initialises the package path, registered as an instance: the way to it for package main, which may
// not import every internal package.
func Initialiser(path string) func(*G) {
	init, _ := Instance[func(*G)](path)
	return init
}
