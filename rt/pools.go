package rt

import (
	"reflect"
	"sync/atomic"
	"time"
	"unsafe"
)

// This file closes the idle connections of pools: of each *sql.DB. Many drivers have a goroutine for each connection, which would be a foreign one. The pool makes new ones when it
// needs them.

// pooling are pointers to variables that may lead to a *sql.DB.
var pooling []any

// RegisterPools registers a variable that may lead to a *sql.DB. Only init functions call it.
func RegisterPools(ptr any) { pooling = append(pooling, ptr) }

// closing is set while idle connections are being closed.
var closing atomic.Bool

// closePools closes the idle connections, and reports whether there may have been any. Drivers are not waited for very long.
func closePools() bool {
	if len(pooling) == 0 || !closing.CompareAndSwap(false, true) {
		return false
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer closing.Store(false)
		for _, ptr := range pooling {
			p := pools{seen: map[unsafe.Pointer]bool{}, budget: maxPoolValues}
			p.find(reflect.ValueOf(ptr))
		}
	}()
	select {
	case <-done:
	case <-time.After(100 * time.Millisecond):
	}
	return true
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
