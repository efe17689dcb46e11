package rt

import (
	"reflect"
	"sync/atomic"
	"unsafe"

	"github.com/harkgen/harkgen/rt/exchange"
)

// This file defines atomic.Pointer and atomic.Value in programs whose goroutines may be in several processes.
//
// In the exchange such a value is a slot, which leads to what is shared: the same pointer makes the same bytes in every process, so the exchange can compare.
// What a Value holds is compared in the same way, which is Go's == for some types only; others are refused.

// askValue asks for an operation on the slot at a place, with pointers to the values in v: the new one, and the one to compare with. old is where the reply's goes, or nil.
func (g *G) askValue(at sharedWord, op exchange.AtomicOp, old any, v ...any) (done, ok bool) {
	r := g.askAtomic(at, op, op != exchange.AtomicStoreValue, func(a *ask) {
		if len(v) > 0 {
			a.value = v[0]
		}
		if len(v) > 1 {
			a.old = v[1]
		}
	})
	if r == nil {
		return false, false
	}
	if old != nil {
		g.arrive(r, old)
	}
	return true, r.OK
}

// AtomicPointerLoad is x.Load().
func AtomicPointerLoad[T any](g *G, x *atomic.Pointer[T]) (p *T) {
	if at, ok := g.atomicPlace(unsafe.Pointer(x), unsafe.Sizeof(*x)); ok {
		g.askValue(at, exchange.AtomicLoadValue, &p)
		return p
	}
	if g.conceded() {
		return nil
	}
	return x.Load()
}

// AtomicPointerStore is x.Store(p).
func AtomicPointerStore[T any](g *G, x *atomic.Pointer[T], p *T) {
	if at, ok := g.atomicPlace(unsafe.Pointer(x), unsafe.Sizeof(*x)); ok {
		g.askValue(at, exchange.AtomicStoreValue, nil, &p)
		return
	}
	if !g.conceded() {
		x.Store(p)
	}
}

// AtomicPointerSwap is x.Swap(p).
func AtomicPointerSwap[T any](g *G, x *atomic.Pointer[T], p *T) (old *T) {
	if at, ok := g.atomicPlace(unsafe.Pointer(x), unsafe.Sizeof(*x)); ok {
		g.askValue(at, exchange.AtomicSwapValue, &old, &p)
		return old
	}
	if g.conceded() {
		return nil
	}
	return x.Swap(p)
}

// AtomicPointerCompareAndSwap is x.CompareAndSwap(old, p).
func AtomicPointerCompareAndSwap[T any](g *G, x *atomic.Pointer[T], old, p *T) bool {
	if at, ok := g.atomicPlace(unsafe.Pointer(x), unsafe.Sizeof(*x)); ok {
		_, ok := g.askValue(at, exchange.AtomicCompareAndSwapValue, nil, &p, &old)
		return ok
	}
	return !g.conceded() && x.CompareAndSwap(old, p)
}

// AtomicValueLoad is x.Load().
func AtomicValueLoad(g *G, x *atomic.Value) (v any) {
	if at, ok := g.atomicPlace(unsafe.Pointer(x), unsafe.Sizeof(*x)); ok {
		g.askValue(at, exchange.AtomicLoadValue, &v)
		return v
	}
	if g.conceded() {
		return nil
	}
	return x.Load()
}

// AtomicValueStore is x.Store(v).
func AtomicValueStore(g *G, x *atomic.Value, v any) {
	if at, ok := g.atomicPlace(unsafe.Pointer(x), unsafe.Sizeof(*x)); ok && consistent(x, v) {
		g.askValue(at, exchange.AtomicStoreValue, nil, &v)
		return
	}
	if !g.conceded() {
		x.Store(v)
	}
}

// AtomicValueSwap is x.Swap(v).
func AtomicValueSwap(g *G, x *atomic.Value, v any) (old any) {
	if at, ok := g.atomicPlace(unsafe.Pointer(x), unsafe.Sizeof(*x)); ok && consistent(x, v) {
		g.askValue(at, exchange.AtomicSwapValue, &old, &v)
		return old
	}
	if g.conceded() {
		return nil
	}
	return x.Swap(v)
}

// AtomicValueCompareAndSwap is x.CompareAndSwap(old, v).
func AtomicValueCompareAndSwap(g *G, x *atomic.Value, old, v any) bool {
	if at, ok := g.atomicPlace(unsafe.Pointer(x), unsafe.Sizeof(*x)); ok && consistent(x, v) && (old == nil || reflect.TypeOf(old) == reflect.TypeOf(v)) {
		if old != nil && !comparedByBytes(reflect.TypeOf(old).Kind()) {
			fatalShared("CompareAndSwap of an atomic.Value that processes share compares pointers, channels, integers, booleans and strings, not a " +
				reflect.TypeOf(old).String() + "; let it hold a pointer, or use a sync.Mutex")
		}
		_, ok := g.askValue(at, exchange.AtomicCompareAndSwapValue, nil, &v, &old)
		return ok
	}
	return !g.conceded() && x.CompareAndSwap(old, v)
}

// consistent reports whether v may be stored in x, as far as this process knows: what others have stored is of one type for all. If not, Go's own operation
// panics.
func consistent(x *atomic.Value, v any) bool {
	have := x.Load()
	return v != nil && (have == nil || reflect.TypeOf(have) == reflect.TypeOf(v))
}

// comparedByBytes reports whether values of this kind are equal when what is sent of them is.
func comparedByBytes(k reflect.Kind) bool {
	switch k {
	case reflect.Pointer, reflect.Chan, reflect.String, reflect.UnsafePointer:
		return true
	}
	return reflect.Bool <= k && k <= reflect.Uintptr
}
