package rt

import (
	"reflect"
	"sync/atomic"
	"time"
	"unsafe"
)

// This file closes idle connections. Each is served by foreign goroutines, and a client, or a pool of connections to a database, makes new ones when it
// needs them.

// idlers are pointers to variables that hold what has connections.
var idlers []any

// RegisterIdle registers a variable whose value, or which itself, may have a method CloseIdleConnections, or lead to a *sql.DB. Only init functions
// call it.
func RegisterIdle(ptr any) { idlers = append(idlers, ptr) }

// closing is set while idle connections are being closed.
var closing atomic.Bool

// closeIdle closes the idle connections, and reports whether there may have been any. What it calls may be the user's, and is not waited for very long.
func closeIdle() bool {
	if len(idlers) == 0 || !closing.CompareAndSwap(false, true) {
		return false
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer closing.Store(false)
		for _, ptr := range idlers {
			closeIdleOf(ptr)
		}
	}()
	select {
	case <-done:
	case <-time.After(100 * time.Millisecond):
	}
	return true
}

func closeIdleOf(ptr any) {
	type idler interface{ CloseIdleConnections() }
	if x, ok := ptr.(idler); ok {
		x.CloseIdleConnections()
		return
	}
	v := reflect.ValueOf(ptr).Elem()
	for v.Kind() == reflect.Interface && !v.IsNil() {
		v = v.Elem()
	}
	if v.Kind() == reflect.Pointer && !v.IsNil() || v.Kind() == reflect.Struct {
		if x, ok := v.Interface().(idler); ok {
			x.CloseIdleConnections()
			return
		}
	}
	p := pools{seen: map[unsafe.Pointer]bool{}, budget: maxPoolValues}
	p.find(reflect.ValueOf(ptr))
}

// maxPoolValues is how many values are looked at for a variable.
const maxPoolValues = 1000

// pools finds what is a *sql.DB in the memory of a variable. It does not look into maps, which cannot be read while somebody writes.
type pools struct {
	seen   map[unsafe.Pointer]bool
	budget int
}

func (p *pools) find(v reflect.Value) {
	if p.budget--; p.budget < 0 {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if at := v.UnsafePointer(); at != nil && !p.seen[at] {
			p.seen[at] = true
			p.find(v.Elem())
		}
	case reflect.Interface:
		if !v.IsNil() {
			p.find(v.Elem())
		}
	case reflect.Struct:
		if t := v.Type(); t.PkgPath() == "database/sql" {
			if t.Name() == "DB" && v.CanAddr() {
				closePool(reflect.NewAt(t, unsafe.Pointer(v.UnsafeAddr())))
			}
			return
		}
		for i := range v.NumField() {
			p.find(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		switch v.Type().Elem().Kind() {
		case reflect.Pointer, reflect.Interface, reflect.Struct, reflect.Slice, reflect.Array:
			for i := range v.Len() {
				p.find(v.Index(i))
			}
		}
	}
}

// defaultMaxIdle is what a maximum of 0 in a sql.DB means.
const defaultMaxIdle = 2

// pooled is set once a *sql.DB has been found.
var pooled atomic.Bool

// closePool closes the idle connections of a *sql.DB. It has no method for that, but closes those that are more than the maximum, which is
// as before afterwards. Package sql is not imported, as most programs have no database.
func closePool(db reflect.Value) {
	pooled.Store(true)
	maximum := db.Elem().FieldByName("maxIdleCount")
	x, ok := db.Interface().(interface{ SetMaxIdleConns(int) })
	if !ok || !maximum.IsValid() || !maximum.CanInt() || maximum.Int() < 0 {
		return
	}
	n := int(maximum.Int())
	if n == 0 {
		n = defaultMaxIdle
	}
	x.SetMaxIdleConns(-1)
	x.SetMaxIdleConns(n)
}
