package snap

import (
	"reflect"
	"unsafe"
)

// This file says which types of libraries that have a lock may be shared. Their code is not compiled, so it locks in one process only. That does no harm where the lock
// guards nothing but writes to the standard output or error, each of which is one piece for all processes. What else is in such a type is atomic: memory like any other.

// A guarded is such a type.
type guarded struct {
	lock string // field
	own  bool   // it is the lock itself, not a pointer to it
	out  string // field: what it writes to
}

var guardedTypes = map[string]guarded{
	"log.Logger":             {"outMu", true, "out"},
	"log/slog.commonHandler": {"mu", false, "w"},
}

// markLibrary gives the ops of field name of t what the table says. It reports whether it is about t.
func (c *compiler) markLibrary(t reflect.Type, name string, ops []op) bool {
	g, ok := guardedTypes[t.PkgPath()+"."+t.Name()]
	if !ok {
		return false
	}
	for i := range ops {
		ops[i].output = name == g.out || name == g.lock && !g.own
		ops[i].own = ops[i].own || name == g.lock && g.own
	}
	return true
}

// mayWrite panics with an *UnmovableError if what is at slot, in which o says to be an output, writes to anything but the standard output or error.
func (o *op) mayWrite(slot unsafe.Pointer) {
	if o.kind != opIface {
		return
	}
	if t := reflect.NewAt(o.typ, slot).Elem().Elem(); t.IsValid() && t.Type().String() != "*os.File" && t.Type().String() != "io.discard" {
		panic(&UnmovableError{Type: "a type of package " + o.owner, Why: "it writes to a " + t.Type().String() + " under a lock that its package uses in one process only; " +
			"let it write to os.Stdout or os.Stderr, give each goroutine its own, or keep them in one process"})
	}
}

// mayLead panics with an *UnmovableError if o leads to a lock from a type of a library: see mayShare.
func (o *op) mayLead() {
	if o.output {
		return
	}
	for _, t := range lockTypes {
		if o.elem == t {
			o.mayShare()
		}
	}
}
