package rt

import (
	"reflect"
	"sync/atomic"
	"time"
)

// This file closes idle connections. Each is served by foreign goroutines, and a client makes new ones when it needs them.

// idlers are pointers to variables that hold what has connections.
var idlers []any

// RegisterIdle registers a variable whose value, or which itself, may have a method CloseIdleConnections. Only init functions call it.
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
		}
	}
}
