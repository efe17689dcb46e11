package rt

import (
	"reflect"
	"strconv"
	"sync"
	"time"
	"unsafe"
)

// This file describes values of the standard library that say more than their memory: times, locks, timers, atomics.

// special describes values of the standard library that say more than their memory. v has an address.
func (d *describer) special(out *Value, v reflect.Value, depth int) bool {
	t := v.Type()
	switch {
	case t == reflect.TypeFor[time.Time]():
		out.Kind, out.Text = "time", (*time.Time)(v.Addr().UnsafePointer()).Format(time.RFC3339Nano)
	case t == reflect.TypeFor[time.Duration]():
		out.Text = time.Duration(v.Int()).String()
	case t == reflect.TypeFor[*time.Location]() && !v.IsNil():
		out.Text = strconv.Quote((*time.Location)(v.UnsafePointer()).String())
	case lockType(t) != 0:
		o := d.object(v.Addr().UnsafePointer(), t)
		o.kind = objLock
		d.refer(out, o)
		out.Kind = "lock"
		if out.Text, _ = lockState(t, o.addr); d.shared[o.addr] != "" {
			out.Text = "shared as " + d.shared[o.addr]
		}
	case isTimer(t):
		o := d.object(v.Addr().UnsafePointer(), t)
		if c := (*time.Timer)(o.addr).C; o.kind == objOther && c != nil {
			o.kind = objTimer
			d.channel(reflect.ValueOf(c))
		}
		d.refer(out, o)
		out.Kind = "timer"
	case t.PkgPath() == "sync/atomic" && t.Kind() == reflect.Struct:
		d.atomic(out, v, depth)
	case t == reflect.TypeFor[sync.Map]():
		d.syncMap(out, (*sync.Map)(v.Addr().UnsafePointer()), depth)
	case v.Kind() == reflect.Pointer && t.String() == "*reflect.rtype" && !v.IsNil():
		out.Text = reflect.NewAt(t, v.Addr().UnsafePointer()).Elem().Interface().(reflect.Type).String()
	default:
		return false
	}
	return true
}

// atomic describes what is in an atomic.Int64, Pointer[T] or Value.
func (d *describer) atomic(out *Value, v reflect.Value, depth int) {
	f, ok := v.Type().FieldByName("v")
	if !ok {
		d.plain(out, v, depth)
		return
	}
	x := reflect.NewAt(f.Type, unsafe.Add(v.Addr().UnsafePointer(), f.Offset)).Elem()
	if x.Kind() == reflect.UnsafePointer { // _ [0]*T says what it leads to
		x = reflect.NewAt(v.Type().Field(0).Type.Elem(), x.Addr().UnsafePointer()).Elem()
	}
	inner := d.value(x, depth)
	if v.Type().Name() == "Bool" {
		inner.Text = strconv.FormatBool(x.Uint() != 0)
	}
	out.Kind, out.Elem = "atomic", inner
}

func (d *describer) syncMap(out *Value, m *sync.Map, depth int) {
	out.Kind = "map"
	m.Range(func(k, v any) bool {
		if out.Len++; len(out.Parts) < d.o.Elems && depth > 0 {
			out.Parts = append(out.Parts, Part{Key: d.value(reflect.ValueOf(&k).Elem(), depth-1), Value: d.value(reflect.ValueOf(&v).Elem(), depth-1)})
		}
		return true
	})
	out.Omitted = out.Len - len(out.Parts)
}

func isTimer(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Timer]() || t == reflect.TypeFor[time.Ticker]()
}

type lockKind uint8

const (
	lockMutex lockKind = iota + 1
	lockRW
	lockGroup
	lockCond
	lockOnce
)

// lockType says which lock t is, 0 if it is none.
func lockType(t reflect.Type) lockKind {
	switch t {
	case reflect.TypeFor[sync.Mutex]():
		return lockMutex
	case reflect.TypeFor[sync.RWMutex](), rlockerType:
		return lockRW
	case reflect.TypeFor[sync.WaitGroup]():
		return lockGroup
	case reflect.TypeFor[sync.Cond]():
		return lockCond
	case reflect.TypeFor[sync.Once]():
		return lockOnce
	}
	return 0
}

// lockState describes the lock of type t at p, and says how many have it.
func lockState(t reflect.Type, p unsafe.Pointer) (text string, owners int) {
	switch lockType(t) {
	case lockMutex:
		if mutexLocked((*sync.Mutex)(p)) {
			return "locked", 1
		}
	case lockRW:
		if m := (*sync.RWMutex)(p); writing(m) {
			return "locked", 1
		} else if n := readers(m); n > 0 {
			return "read-locked", n
		}
	case lockGroup:
		return "counter " + strconv.Itoa(int(groupCount((*sync.WaitGroup)(p)))), 0
	case lockCond:
		m := memoryOf((*sync.Cond)(p))
		return strconv.Itoa(int(int32(m.wait.Load()-m.notify.Load()))) + " not signalled", 0
	case lockOnce:
		switch m := onceOf((*sync.Once)(p)); {
		case m.done.Load():
			return "done", 0
		case mutexLocked(&m.m):
			return "in progress", 0
		}
		return "not done", 0
	}
	return "unlocked", 0
}
