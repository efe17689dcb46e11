package snap

// This file defines the types whose memory is not what it seems: locks with native waiters, caches of this process,
// unsafe pointers with a known meaning, and values that cannot be moved.

import (
	"encoding/binary"
	"reflect"
	"sync"
	"unsafe"
)

// unmovable are the types that stand for something of this operating system process. Their zero values can be moved.
var unmovable = map[string]string{
	"os.File":                "an open file belongs to this process",
	"os.file":                "an open file belongs to this process",
	"os.Process":             "a child process belongs to this process",
	"os.Root":                "an open directory belongs to this process",
	"internal/poll.FD":       "a file descriptor belongs to this process",
	"net.netFD":              "a network connection belongs to this process",
	"net.conn":               "a network connection belongs to this process",
	"database/sql.DB":        "database connections belong to this process",
	"database/sql.Conn":      "database connections belong to this process",
	"database/sql.Tx":        "database connections belong to this process",
	"database/sql.Stmt":      "database connections belong to this process",
	"database/sql.Rows":      "database connections belong to this process",
	"encoding/gob.Encoder":   "it remembers which types it has sent by numbers, which are others in another process",
	"hash/maphash.Seed":      "the same maphash.Seed makes other hashes in another process, so tables that depend on it would be wrong",
	"plugin.Plugin":          "a plugin is loaded into this process",
	"internal/poll.pollDesc": "a file descriptor belongs to this process",
}

// genericName splits "Pointer[main.T]" into the name of the generic type and whether it was one.
func genericName(name string) (string, bool) {
	for i := range len(name) {
		if name[i] == '[' {
			return name[:i], true
		}
	}
	return name, false
}

// addSpecial appends the ops of t if t is one of the special types.
func (c *compiler) addSpecial(t reflect.Type, off uintptr) bool {
	if t.PkgPath() == "" || t.Kind() == reflect.Interface {
		return false
	}
	name, generic := genericName(t.Name())
	name = t.PkgPath() + "." + name
	o := op{off: off, size: t.Size(), typ: t}
	if generic {
		return c.addGeneric(name, o)
	}
	if why, ok := unmovable[name]; ok {
		o.kind, o.why = opBad, why
		c.op(o)
		return true
	}
	switch name {
	case "internal/sync.Mutex":
		o.kind, o.fix, o.lock = opFix, fixMutex, ThingMutex
	case "sync.RWMutex", "sync.rlocker": // RLocker returns the same memory as another type
		o.typ = reflect.TypeFor[sync.RWMutex]()
		o.kind, o.fix, o.lock = opFix, rwFixer(o.typ), ThingRWMutex
	case "sync.WaitGroup":
		o.kind, o.fix, o.lock = opFix, waitGroupFixer(t), ThingWaitGroup
	case "time.Time":
		o.kind, o.fix, o.unfix = opFix, fixTime, unfixTime
		o.size = 2 * 8
		c.op(o)
		f := mustField(t, "loc")
		c.add(f.Type, off+f.Offset)
		return true
	case "sync.notifyList":
		o.kind, o.fix, o.lock = opFix, notifyListFixer(t), ThingCond
	case "sync.copyChecker":
		o.kind = opZero
	case "sync.Pool":
		f := mustField(t, "New")
		c.op(op{off: off, size: f.Offset, typ: t, kind: opZero})
		c.add(f.Type, off+f.Offset)
		return true
	case "sync.Map":
		o.kind = opSyncMap
	case "reflect.Value":
		o.kind = opReflect
	case "time.Timer", "time.Ticker":
		c.add(t.Field(0).Type, off)
		o.kind = opTimer
		o.off, o.size = off+t.Field(1).Offset, t.Field(1).Type.Size()
	default:
		return false
	}
	c.op(o)
	return true
}

// addGeneric is addSpecial for the generic type of this name.
func (c *compiler) addGeneric(name string, o op) bool {
	switch name {
	case "sync/atomic.Pointer": // an unsafe.Pointer with a type
		f := mustField(o.typ, "v")
		ptr := o.typ.Field(0).Type.Elem() // _ [0]*T
		o.off, o.size = o.off+f.Offset, f.Type.Size()
		o.kind, o.typ, o.elem = opPtr, ptr, ptr.Elem()
	case "weak.Pointer":
		o.kind, o.elem = opWeak, o.typ.Field(0).Type.Elem().Elem()
	case "unique.Handle":
		o.kind, o.elem = opHandle, mustField(o.typ, "value").Type.Elem()
	default:
		return false
	}
	c.op(o)
	return true
}

// mustField returns a field of a type of the standard library.
func mustField(t reflect.Type, name string) reflect.StructField {
	f, ok := t.FieldByName(name)
	if !ok {
		panic("snap: this Go version has no field " + t.String() + "." + name)
	}
	return f
}

// isTypeDesc reports whether t is the type of type descriptors.
func isTypeDesc(t reflect.Type) bool {
	return t.PkgPath() == "reflect" && t.Name() == "rtype" || t.PkgPath() == "internal/abi" && t.Name() == "Type"
}

// fixMutex keeps the lock bit of an internal/sync.Mutex {state int32; sema uint32}.
func fixMutex(b []byte) {
	state := binary.NativeEndian.Uint32(b)
	binary.NativeEndian.PutUint32(b, state&1)
	binary.NativeEndian.PutUint32(b[4:], 0)
}

const rwmutexMaxReaders = 1 << 30 // of sync/rwmutex.go

// rwFixer returns a function that drops the native waiters of a sync.RWMutex. In memory, readerCount is
// negative while a writer holds the lock or waits for the readerWait readers that hold it.
func rwFixer(t reflect.Type) func([]byte) {
	var (
		w       = mustField(t, "w").Offset
		wsem    = mustField(t, "writerSem").Offset
		rsem    = mustField(t, "readerSem").Offset
		count   = int32Offset(t, "readerCount")
		waiting = int32Offset(t, "readerWait")
	)
	put := binary.NativeEndian.PutUint32
	return func(b []byte) {
		fixMutex(b[w:])
		put(b[wsem:], 0)
		put(b[rsem:], 0)
		if int32(binary.NativeEndian.Uint32(b[count:])) >= 0 {
			put(b[w:], 0) // between a writer's steps: it has not got the lock
			return
		}
		if holders := binary.NativeEndian.Uint32(b[waiting:]); holders > 0 { // the writer waits: it has not got the lock
			put(b[w:], 0)
			put(b[count:], holders)
		} else { // the writer holds the lock, all readers wait
			maxReaders := int32(-rwmutexMaxReaders)
			put(b[count:], uint32(maxReaders))
		}
		put(b[waiting:], 0)
	}
}

// int32Offset is the offset of the number in a field of type atomic.Int32.
func int32Offset(t reflect.Type, name string) uintptr {
	f := mustField(t, name)
	return f.Offset + mustField(f.Type, "v").Offset
}

// waitGroupFixer returns a function that keeps only the counter, the high half of sync.WaitGroup.state.
func waitGroupFixer(t reflect.Type) func([]byte) {
	f := mustField(t, "state")
	state := f.Offset + mustField(f.Type, "v").Offset
	sema := mustField(t, "sema").Offset
	return func(b []byte) {
		s := binary.NativeEndian.Uint64(b[state:])
		binary.NativeEndian.PutUint64(b[state:], s>>32<<32)
		binary.NativeEndian.PutUint32(b[sema:], 0)
	}
}

// notifyListFixer returns a function that keeps the tickets of a sync.Cond: who waits is known by the number of the ticket.
func notifyListFixer(t reflect.Type) func([]byte) {
	if mustField(t, "wait").Offset != 0 || mustField(t, "notify").Offset != 4 {
		panic("snap: this Go version has another " + t.String())
	}
	return func(b []byte) { clear(b[8:]) }
}

// The flag word of a reflect.Value; checked by checkReflect.
const (
	reflectKindMask = 1<<5 - 1
	reflectIndir    = 1 << 7
)

// reflectValue mirrors reflect.Value.
type reflectValue struct {
	typ  unsafe.Pointer
	ptr  unsafe.Pointer
	flag uintptr
}

func init() {
	x := new(int)
	indirect, direct := reflect.ValueOf(x).Elem(), reflect.ValueOf(x)
	i, d := (*reflectValue)(unsafe.Pointer(&indirect)), (*reflectValue)(unsafe.Pointer(&direct))
	ok := unsafe.Sizeof(indirect) == unsafe.Sizeof(*i) && i.ptr == unsafe.Pointer(x) && d.ptr == i.ptr &&
		i.flag&reflectIndir != 0 && d.flag&reflectIndir == 0 &&
		i.flag&reflectKindMask == uintptr(reflect.Int) && d.flag&reflectKindMask == uintptr(reflect.Pointer) &&
		i.typ == descOf(reflect.TypeFor[int]())
	if !ok {
		panic("snap: unknown layout of reflect.Value")
	}
}
